import { arn, partitionOf } from '../../../domain/partition.ts';
import { ApiError } from '../../error.ts';
import { idOf, type CloudState } from '../../state.ts';

/** A template that was read, and what its functions come to. */
export interface Plan {
  /** Properties by logical name, in the order they are made; resources whose condition is false are not in it. */
  readonly resources: ReadonlyMap<string, { readonly type: string; readonly properties: unknown }>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface Change {
  readonly action: 'Add' | 'Modify' | 'Remove';
  readonly name: string;
  readonly type: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a template is whatever its author wrote; what is read of it is checked here.
type Node = Readonly<Record<string, any>>;
export const invalid = (message: string): ApiError => new ApiError('ValidationError', message);

/** Prefix of the ids of each kind; a kind that is not here is unknown. */
const KINDS: Readonly<Record<string, string>> = {
  'AWS::EC2::VPC': 'vpc',
  'AWS::EC2::InternetGateway': 'igw',
  'AWS::EC2::VPCGatewayAttachment': 'attach',
  'AWS::EC2::Subnet': 'subnet',
  'AWS::EC2::RouteTable': 'rtb',
  'AWS::EC2::Route': 'route',
  'AWS::EC2::SubnetRouteTableAssociation': 'rtbassoc',
  'AWS::EC2::EIP': 'eip',
  'AWS::EC2::NatGateway': 'nat',
  'AWS::EC2::LaunchTemplate': 'lt',
  'AWS::EC2::SecurityGroup': 'sg',
  'AWS::EC2::Instance': 'i',
  'AWS::IAM::Role': 'role',
  'AWS::IAM::InstanceProfile': 'profile',
  'AWS::ElasticLoadBalancing::LoadBalancer': 'elb',
  'AWS::ElasticLoadBalancingV2::LoadBalancer': 'alb',
  'AWS::ElasticLoadBalancingV2::TargetGroup': 'tg',
  'AWS::ElasticLoadBalancingV2::Listener': 'listener',
};

export const physicalId = (stack: string, logical: string, type: string): string => idOf(KINDS[type]!, stack, logical);

const parse = (text: string): Node => {
  try {
    return JSON.parse(text) as Node;
  } catch {
    throw invalid('Template format error: JSON not well-formed.');
  }
};

/**
 * Reads a template and refuses what CloudFormation would: unknown kinds, references to nothing, missing and wrong
 * parameters.
 */
export const planOf = (
  text: string,
  given: Readonly<Record<string, string>>,
  stack: string,
  { region, owner }: CloudState,
): Plan => {
  const { Resources = {}, Parameters = {}, Conditions = {}, Mappings = {}, Rules = {}, Outputs = {} } = parse(text);
  const stray = Object.keys(given).filter((name) => !(name in Parameters));
  if (stray.length > 0) throw invalid(`Parameters: [${stray.join(', ')}] do not exist in the template`);
  const parameters: Record<string, string> = {};
  for (const [name, { Default, AllowedValues, AllowedPattern }] of Object.entries<Node>(Parameters)) {
    const value: string | undefined = given[name] ?? Default;
    if (value === undefined) throw invalid(`Parameters: [${name}] must have values`);
    if (
      (AllowedValues !== undefined && !AllowedValues.includes(value)) ||
      (AllowedPattern !== undefined && !new RegExp(`^(?:${AllowedPattern})$`).test(value))
    )
      throw invalid(`Parameter ${name} failed to satisfy constraint`);
    parameters[name] = value;
  }
  const pseudo: Readonly<Record<string, unknown>> = {
    'AWS::Partition': partitionOf(region).id,
    'AWS::Region': region,
    'AWS::AccountId': owner,
    'AWS::URLSuffix': partitionOf(region).suffix,
    'AWS::NoValue': undefined,
  };
  const idFor = (name: string): string => {
    const type = Resources[name]?.Type;
    if (KINDS[type] === undefined)
      throw invalid(
        `Template format error: Unresolved resource dependencies [${name}] in the Resources block of the template`,
      );
    return physicalId(stack, name, type);
  };
  const holds = (name: string): boolean => {
    if (!(name in Conditions)) throw invalid(`Template format error: Unresolved condition dependency ${name}`);
    return Boolean(value(Conditions[name]));
  };
  const ref = (name: string): unknown =>
    name in pseudo ? pseudo[name] : name in parameters ? parameters[name] : idFor(name);
  // biome-ignore lint/suspicious/noExplicitAny: each function knows the shape of its own argument.
  const FUNCTIONS: Readonly<Record<string, (argument: any) => unknown>> = {
    Ref: ref,
    Condition: holds,
    'Fn::GetAtt': ([name, attribute]) =>
      /(Arn)$/.test(attribute)
        ? arn(region, 'lab', owner, idFor(name))
        : attribute === 'DNSName'
          ? `${idFor(name)}.${region}.elb.${pseudo['AWS::URLSuffix']}`
          : idFor(name),
    'Fn::Sub': (words: string) => words.replace(/\$\{([\w:]+)\}/g, (_, name: string) => String(ref(name))),
    'Fn::Join': ([by, items]) => (value(items) as unknown[]).join(by),
    'Fn::Select': ([at, items]) => (value(items) as unknown[])[at],
    'Fn::GetAZs': () => ['a', 'b'].map((letter) => region + letter),
    'Fn::Base64': (words) => Buffer.from(String(value(words))).toString('base64'),
    'Fn::FindInMap': ([map, key, name]) => Mappings[map]?.[String(value(key))]?.[name],
    'Fn::If': ([condition, then, otherwise]) => value(holds(condition) ? then : otherwise),
    'Fn::Equals': ([a, b]) => value(a) === value(b),
    'Fn::Not': ([a]) => !value(a),
    'Fn::And': (items: unknown[]) => items.every((item) => value(item)),
    'Fn::Or': (items: unknown[]) => items.some((item) => value(item)),
  };
  const value = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(value).filter((item) => item !== undefined);
    if (typeof node !== 'object' || node === null) return node;
    const [[name, argument] = ['', undefined], ...rest] = Object.entries(node);
    if (rest.length === 0 && Object.hasOwn(FUNCTIONS, name)) return FUNCTIONS[name]!(argument);
    if (name.startsWith('Fn::')) throw invalid(`Template format error: ${name} is not supported`);
    return Object.fromEntries(
      Object.entries(node)
        .map(([key, item]) => [key, value(item)])
        .filter(([, item]) => item !== undefined),
    );
  };
  for (const { RuleCondition, Assertions } of Object.values<Node>(Rules)) {
    if (value(RuleCondition))
      for (const { Assert, AssertDescription } of Assertions)
        if (!value(Assert)) throw invalid(`Template constraint error: ${AssertDescription}`);
  }
  const there = ([, { Condition }]: [string, Node]): boolean => Condition === undefined || holds(Condition);
  return {
    parameters,
    resources: new Map(
      Object.entries<Node>(Resources)
        .map((entry) => {
          if (KINDS[entry[1]['Type']] === undefined)
            throw invalid(`Template format error: Unrecognized resource types: [${entry[1]['Type']}]`);
          return entry;
        })
        .filter(there)
        .map(([name, { Type, Properties }]) => [name, { type: Type, properties: value(Properties) }]),
    ),
    outputs: Object.fromEntries(
      Object.entries<Node>(Outputs)
        .filter(there)
        .map(([name, output]) => [name, String(value(output['Value']))]),
    ),
  };
};

/** What a change set would do to come from one plan to another. */
export const changesOf = (before: Plan | undefined, after: Plan): readonly Change[] => [
  ...[...after.resources].flatMap(([name, { type, properties }]): readonly Change[] => {
    const old = before?.resources.get(name);
    if (old === undefined) return [{ action: 'Add', name, type }];
    return JSON.stringify(old.properties) === JSON.stringify(properties) ? [] : [{ action: 'Modify', name, type }];
  }),
  ...[...(before?.resources ?? [])].flatMap(([name, { type }]) =>
    after.resources.has(name) ? [] : [{ action: 'Remove' as const, name, type }],
  ),
];
