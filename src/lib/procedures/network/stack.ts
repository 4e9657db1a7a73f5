import type { Aws, Output } from '../../core/aws.ts';
import { failure, unlessAbsent } from '../../core/errors.ts';
import { isOurs, KEY_TAG, SITE_TAG, type Tag } from '../../domain/tags.ts';
import type { Network } from '../../render/network/network.ts';
import { templateOf } from '../../render/network/template.ts';

/** A stack as CloudFormation shows it. */
export interface Stack {
  /** Its ARN: it names this stack alone, also after another one took its name. */
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly reason: string | null;
  readonly parameters: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly ours: boolean;
}

/** The key of the stack among the things of a site. */
const KEY = 'network';

export const stackName = (site: string): string => `hybridctl-${site}-network`;
export const stackTags = (site: string): Tag[] => [
  { Key: SITE_TAG, Value: site },
  { Key: KEY_TAG, Value: KEY },
];

type StackAnswer = NonNullable<Output<'cloudformation', 'DescribeStacks'>['Stacks']>[number];

const stackOf = (
  site: string,
  { StackId, StackName, StackStatus, StackStatusReason, Parameters = [], Outputs = [], Tags }: StackAnswer,
): Stack => ({
  id: StackId!,
  name: StackName!,
  status: StackStatus!,
  reason: StackStatusReason ?? null,
  parameters: Object.fromEntries(
    Parameters.map(({ ParameterKey, ParameterValue }) => [ParameterKey!, ParameterValue ?? '']),
  ),
  outputs: Object.fromEntries(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue ?? ''])),
  ours: isOurs(Tags, site, KEY),
});

/** @param which name, or id where a deleted stack is to be seen too. @returns undefined where there is none. */
export const readStack = async (aws: Aws, site: string, which: string): Promise<Stack | undefined> => {
  const [stack] =
    (await unlessAbsent(aws.all('cloudformation', 'DescribeStacks', { StackName: which }, 'Stacks'))) ?? [];
  return stack === undefined ? undefined : stackOf(site, stack);
};

/** The network's stack. @throws failure where one of that name is not ours: nothing of it is touched. */
export const findStack = async (aws: Aws, site: string): Promise<Stack | undefined> => {
  const stack = await readStack(aws, site, stackName(site));
  if (stack === undefined || stack.status === 'DELETE_COMPLETE') return undefined;
  if (!stack.ours)
    throw failure(`the stack ${stack.name} in ${aws.region} was not made by hybridctl for ${site}`, {
      next: 'give another --name',
    });
  return stack;
};

export const isBusy = ({ status }: Stack): boolean =>
  status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS';

/**
 * Holds nothing, and takes no update: only a change set that was never carried out, or a creation that was rolled back.
 * Source: "Stack status codes" in the CloudFormation user guide.
 */
export const isRuin = ({ status }: Stack): boolean =>
  status === 'REVIEW_IN_PROGRESS' ||
  status === 'ROLLBACK_COMPLETE' ||
  status === 'ROLLBACK_FAILED' ||
  status === 'DELETE_FAILED';

/** The template the stack was made from; undefined where it is none of ours any more. */
const readTemplate = async (aws: Aws, { id }: Stack): Promise<unknown> => {
  const { TemplateBody } = await aws.ask('cloudformation', 'GetTemplate', { StackName: id, TemplateStage: 'Original' });
  if (typeof TemplateBody !== 'string') return TemplateBody;
  try {
    return JSON.parse(TemplateBody) as unknown;
  } catch {
    return undefined;
  }
};

/** Keys in one order, so that the same template is the same text. */
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, canonical(item)]),
  );
};
const sameDocument = (a: unknown, b: unknown): boolean => JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));

/** What differs, `NatCount is 1, not 2`. */
const parameterDrift = (network: Network, { parameters }: Stack): readonly string[] =>
  Object.entries(network).flatMap(([name, value]) =>
    parameters[name] === value
      ? []
      : [`${name} is ${parameters[name] === undefined ? 'not there' : `"${parameters[name]}"`}, not "${value}"`],
  );

/**
 * How a stack at rest differs from the network that is wanted: parameter by parameter, and whether its template is ours
 * of today.
 */
export const driftOf = async (aws: Aws, network: Network, stack: Stack): Promise<readonly string[]> => {
  if (stack.status === 'REVIEW_IN_PROGRESS') return ['only planned'];
  return [
    ...parameterDrift(network, stack),
    ...(sameDocument(withoutDefaults(await readTemplate(aws, stack)), withoutDefaults(templateOf(network)))
      ? []
      : ['the template is not the one of this version']),
  ];
};

/**
 * Defaults and types say nothing of a stack: each parameter has its value, and an endpoint may show an image's id for
 * the pointer that was given.
 */
const withoutDefaults = (template: unknown): unknown => {
  const { Parameters, ...rest } = (template ?? {}) as { Parameters?: Readonly<Record<string, object>> };
  return {
    ...rest,
    Parameters: Object.fromEntries(
      Object.entries(Parameters ?? {}).map(([name, parameter]) => [
        name,
        { ...parameter, Default: undefined, Type: undefined },
      ]),
    ),
  };
};

export interface StackResource {
  readonly key: string;
  readonly type: string;
  readonly id: string | null;
  readonly status: string;
  readonly reason: string | null;
}

/** At most 100 are told by CloudFormation; the template has half as many. */
export const resourcesOf = async (aws: Aws, { id }: Stack): Promise<readonly StackResource[]> => {
  const { StackResources = [] } = await aws.ask('cloudformation', 'DescribeStackResources', { StackName: id });
  // An endpoint may list what a condition left out, without a name: that is nothing.
  return StackResources.filter(({ LogicalResourceId }) => Boolean(LogicalResourceId)).map(
    ({ LogicalResourceId, ResourceType, PhysicalResourceId, ResourceStatus, ResourceStatusReason }) => ({
      key: LogicalResourceId!,
      type: ResourceType!,
      id: PhysicalResourceId ?? null,
      status: ResourceStatus ?? 'unknown',
      reason: ResourceStatusReason ?? null,
    }),
  );
};
