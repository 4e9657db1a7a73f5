import { createHash } from 'node:crypto';
import { arn } from '../domain/partition.ts';
import type { Action } from './actions.ts';
import { imagesOf } from './images.ts';
import type { CloudModel } from './model.ts';
import type { Json, Xml } from './protocol.ts';
import { Ec2Error, type CloudState } from './state.ts';

/** Parameter Store as far as keys of tunnels and image ids need it. */
export interface Parameter {
  readonly name: string;
  readonly type: 'String' | 'StringList' | 'SecureString';
  readonly value: string;
  readonly version: number;
  readonly changedAt: number;
  readonly tags: Readonly<Record<string, string>>;
}

const notFound = (name: string): Ec2Error => new Ec2Error('ParameterNotFound', `Parameter ${name} not found.`);
const invalid = (message: string): Ec2Error => new Ec2Error('ValidationException', message);

const wordIn = (json: Json, field: string): string => {
  const value = json[field];
  if (typeof value !== 'string' || value === '')
    throw invalid(`Value null at '${field}' failed to satisfy constraint: Member must not be null`);
  return value;
};

const tagsIn = (json: Json): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ((json['Tags'] ?? []) as readonly { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]),
  );

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

const find = ({ parameters, region }: CloudState, name: string): Parameter => {
  const found = parameters.find((parameter) => parameter.name === name) ?? pointerIn(region, name);
  if (found === undefined) throw notFound(name);
  return found;
};

const put = (cloud: CloudModel, parameter: Parameter): CloudState =>
  cloud.change((state) => ({
    ...state,
    parameters: [...state.parameters.filter(({ name }) => name !== parameter.name), parameter],
  }));

/** What is kept sealed is shown sealed to whoever does not ask for it open. */
const sealed = (value: string): string => Buffer.from(createHash('sha256').update(value).digest()).toString('base64');

const parameterJson = (
  state: CloudState,
  { name, type, value, version, changedAt }: Parameter,
  open: boolean,
): Xml => ({
  Name: name,
  Type: type,
  Value: type === 'SecureString' && !open ? sealed(value) : value,
  Version: version,
  LastModifiedDate: changedAt / 1000,
  ARN: arn(state.region, 'ssm', state.owner, `parameter${name.startsWith('/') ? '' : '/'}${name}`),
  DataType: 'text',
});

type Filter = { readonly Key: string; readonly Option?: string; readonly Values?: readonly string[] };
const fits = (parameter: Parameter, { Key, Option = 'Equals', Values = [] }: Filter): boolean => {
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

export const SSM_ACTIONS: Readonly<Record<string, Action>> = {
  PutParameter: ({ cloud, json }) => {
    const name = wordIn(json, 'Name');
    const value = wordIn(json, 'Value');
    if (!/^[A-Za-z0-9_./-]{1,1011}$/.test(name) || /^\/?(aws|ssm)/i.test(name))
      throw invalid(
        'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive), and holds letters, digits and ./-_ only.',
      );
    if (value.length > 4096)
      throw invalid('Standard tier parameters support a maximum parameter value of 4096 characters.');
    const before = cloud.stateAt(0).parameters.find((parameter) => parameter.name === name);
    const type = (json['Type'] ?? before?.type) as Parameter['type'] | undefined;
    if (type === undefined) throw invalid('A parameter type is required when you create a parameter.');
    if (before !== undefined && json['Overwrite'] !== true)
      throw new Ec2Error(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    if (json['Overwrite'] === true && json['Tags'] !== undefined)
      throw invalid("Invalid request: tags and overwrite can't be used together.");
    const version = (before?.version ?? 0) + 1;
    put(cloud, { name, type, value, version, changedAt: cloud.now(), tags: before?.tags ?? tagsIn(json) });
    return { Version: version, Tier: 'Standard' };
  },
  GetParameter: ({ state, json }) => ({
    Parameter: parameterJson(state, find(state, wordIn(json, 'Name')), json['WithDecryption'] === true),
  }),
  GetParameters: ({ state, json }) => {
    const names = (json['Names'] ?? []) as readonly string[];
    const known = names.filter((name) => state.parameters.some((parameter) => parameter.name === name));
    return {
      Parameters: known.map((name) => parameterJson(state, find(state, name), json['WithDecryption'] === true)),
      InvalidParameters: names.filter((name) => !known.includes(name)),
    };
  },
  DescribeParameters: ({ state, json }) => {
    const filters = (json['ParameterFilters'] ?? []) as readonly Filter[];
    const wrong = filters.find(({ Key }) => !/^(Name|Type|tag:.+)$/.test(Key));
    if (wrong !== undefined) throw new Ec2Error('InvalidFilterKey', `The filter key ${wrong.Key} is not valid.`);
    const found = state.parameters.filter(
      (parameter) => !parameter.name.startsWith('/aws/') && filters.every((filter) => fits(parameter, filter)),
    );
    return {
      Parameters: found.map(({ name, type, version }) => ({
        Name: name,
        Type: type,
        Version: version,
        Tier: 'Standard',
      })),
    };
  },
  DeleteParameter: ({ cloud, json }) => {
    const { name } = find(cloud.stateAt(0), wordIn(json, 'Name'));
    cloud.change((state) => ({
      ...state,
      parameters: state.parameters.filter((parameter) => parameter.name !== name),
    }));
    return {};
  },
  AddTagsToResource: ({ cloud, json }) => {
    const parameter = cloud.stateAt(0).parameters.find(({ name }) => name === wordIn(json, 'ResourceId'));
    if (parameter === undefined || json['ResourceType'] !== 'Parameter')
      throw new Ec2Error('InvalidResourceId', 'The resource ID is not valid.');
    put(cloud, { ...parameter, tags: { ...parameter.tags, ...tagsIn(json) } });
    return {};
  },
  ListTagsForResource: ({ state, json }) => {
    const parameter = state.parameters.find(({ name }) => name === wordIn(json, 'ResourceId'));
    if (parameter === undefined || json['ResourceType'] !== 'Parameter')
      throw new Ec2Error('InvalidResourceId', 'The resource ID is not valid.');
    return { TagList: Object.entries(parameter.tags).map(([Key, Value]) => ({ Key, Value })) };
  },
};
