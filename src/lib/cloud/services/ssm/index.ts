import * as sdk from '@aws-sdk/client-ssm';
import { createHash } from 'node:crypto';
import type { Parameter as ApiParameter, ParameterStringFilter } from '@aws-sdk/client-ssm';
import { arn } from '../../../domain/partition.ts';
import { AWS_JSON_11 } from '../../codec/json.ts';
import { ApiError } from '../../error.ts';
import { imagesOf } from '../ec2/image-list.ts';
import { cloudService, op, type Operations } from '../../service.ts';
import { withoutNamed } from '../../slice.ts';
import type { CloudState } from '../../state.ts';
import { tagList, tagsFrom } from '../../tags.ts';
import { parameters, withParameter, type Parameter } from './state.ts';

const INVALID = 'ValidationException';
const invalid = (message: string): ApiError => new ApiError(INVALID, message);

/** Amazon's own pointers to its newest images. */
const pointerIn = (region: string, name: string): Parameter | undefined => {
  const architecture = /^\/aws\/service\/ami-amazon-linux-latest\/al2023-ami-kernel-default-(x86_64|arm64)$/.exec(
    name,
  )?.[1];
  const [newest] = imagesOf(region)
    .filter(
      (image) =>
        image.alias === 'amazon' && image.architecture === architecture && /^al2023-ami-2023\./.test(image.name),
    )
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  return newest === undefined
    ? undefined
    : { name, type: 'String', value: newest.id, version: 1, changedAt: Date.parse(newest.createdAt), tags: {} };
};

const kept = (state: CloudState, wanted: string): Parameter | undefined =>
  parameters.of(state).find(({ name }) => name === wanted);

const find = (state: CloudState, name: string): Parameter => {
  const found = kept(state, name) ?? pointerIn(state.region, name);
  if (found === undefined) throw new ApiError('ParameterNotFound', `Parameter ${name} not found.`);
  return found;
};

/** What is kept sealed is shown sealed to whoever does not ask for it open. */
const sealed = (value: string): string => createHash('sha256').update(value).digest('base64');

const parameterOf = (
  state: CloudState,
  { name, type, value, version, changedAt }: Parameter,
  open: boolean | undefined,
): ApiParameter => ({
  Name: name,
  Type: type,
  Value: type === 'SecureString' && open !== true ? sealed(value) : value,
  Version: version,
  LastModifiedDate: new Date(changedAt),
  ARN: arn(state.region, 'ssm', state.owner, `parameter${name.startsWith('/') ? '' : '/'}${name}`),
  DataType: 'text',
});

const fits = (parameter: Parameter, { Key = '', Option = 'Equals', Values = [] }: ParameterStringFilter): boolean => {
  const value =
    Key === 'Name'
      ? parameter.name
      : Key === 'Type'
        ? parameter.type
        : Key.startsWith('tag:')
          ? parameter.tags[Key.slice(4)]
          : undefined;
  if (value === undefined) return false;
  return (
    Values.length === 0 ||
    Values.some((wanted) =>
      Option === 'BeginsWith'
        ? value.startsWith(wanted)
        : Option === 'Contains'
          ? value.includes(wanted)
          : value === wanted,
    )
  );
};

const taggable = (state: CloudState, type: string, id: string): Parameter => {
  const parameter = kept(state, id);
  if (parameter === undefined || type !== 'Parameter')
    throw new ApiError('InvalidResourceId', 'The resource ID is not valid.');
  return parameter;
};

const operations = {
  PutParameter: op(sdk.PutParameter$, ({ Name: name, Value: value, Type, Overwrite, Tags }, cloud) => {
    if (!/^[A-Za-z0-9_./-]{1,1011}$/.test(name) || /^\/?(aws|ssm)/i.test(name))
      throw invalid(
        'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive), and holds letters, digits and ./-_ only.',
      );
    if (value.length > 4096)
      throw invalid('Standard tier parameters support a maximum parameter value of 4096 characters.');
    const before = kept(cloud.state, name);
    const type = Type ?? before?.type;
    if (type === undefined) throw invalid('A parameter type is required when you create a parameter.');
    if (before !== undefined && Overwrite !== true)
      throw new ApiError(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    if (Overwrite === true && Tags !== undefined)
      throw invalid("Invalid request: tags and overwrite can't be used together.");
    const version = (before?.version ?? 0) + 1;
    const made = { name, type, value, version, changedAt: cloud.now(), tags: before?.tags ?? tagsFrom(Tags) };
    cloud.change((state) => withParameter(state, made));
    return { Version: version, Tier: 'Standard' };
  }),
  GetParameter: op(sdk.GetParameter$, ({ Name, WithDecryption }, { state }) => ({
    Parameter: parameterOf(state, find(state, Name), WithDecryption),
  })),
  GetParameters: op(sdk.GetParameters$, ({ Names, WithDecryption }, { state }) => {
    const known = Names.filter((name) => kept(state, name) !== undefined);
    return {
      Parameters: known.map((name) => parameterOf(state, find(state, name), WithDecryption)),
      InvalidParameters: Names.filter((name) => !known.includes(name)),
    };
  }),
  DescribeParameters: op(sdk.DescribeParameters$, ({ ParameterFilters: filters = [] }, { state }) => {
    const wrong = filters.find(({ Key = '' }) => !/^(Name|Type|tag:.+)$/.test(Key));
    if (wrong !== undefined) throw new ApiError('InvalidFilterKey', `The filter key ${wrong.Key} is not valid.`);
    return {
      Parameters: parameters
        .of(state)
        .filter((one) => !one.name.startsWith('/aws/') && filters.every((filter) => fits(one, filter)))
        .map(({ name, type, version }) => ({ Name: name, Type: type, Version: version, Tier: 'Standard' as const })),
    };
  }),
  DeleteParameter: op(sdk.DeleteParameter$, ({ Name }, cloud) => {
    const { name } = find(cloud.state, Name);
    cloud.change((state) => parameters.put(state, withoutNamed(parameters.of(state), name)));
    return {};
  }),
  AddTagsToResource: op(sdk.AddTagsToResource$, ({ ResourceType, ResourceId, Tags }, cloud) => {
    const parameter = taggable(cloud.state, ResourceType, ResourceId);
    const tags = { ...parameter.tags, ...tagsFrom(Tags) };
    cloud.change((state) => withParameter(state, { ...parameter, tags }));
    return {};
  }),
  ListTagsForResource: op(sdk.ListTagsForResource$, ({ ResourceType, ResourceId }, { state }) => ({
    TagList: tagList(taggable(state, ResourceType, ResourceId).tags),
  })),
} satisfies Operations<'ssm'>;

export const service = cloudService('ssm', {
  protocol: AWS_JSON_11,
  missing: INVALID,
  operations,
});
