import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cidr, covers, overlaps } from '../../../src/lib/domain/cidr.ts';
import { layOut } from '../../../src/lib/domain/subnets.ts';
import type { CloudState } from '../../../src/lib/cloud/state.ts';
import { planOf } from '../../../src/lib/cloud/services/cloudformation/template.ts';
import {
  BALANCERS,
  DATABASE_ROUTES,
  NAT_COUNTS,
  NATS,
  networkOf,
  WEB_PLACES,
  YES_NO,
  type Network,
} from '../../../src/lib/render/network/network.ts';
import { templateOf, templateText } from '../../../src/lib/render/network/template.ts';
import { cloudFormationProblems } from '../../helpers/cloudformation.ts';

const seed = networkOf('office', {
  Nat: 'instance',
  Web: 'public',
  LoadBalancer: 'elb',
  DatabaseRoute: 'nat',
  KeyName: 'awskey',
  AdminCidr: '198.51.100.0/24',
}) as Network;
const template = templateOf(seed);

/** Every function call of a kind in a document. */
const calls = (value: unknown, name: string): readonly unknown[] => {
  if (Array.isArray(value)) return value.flatMap((item) => calls(item, name));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [...(key === name ? [item] : []), ...calls(item, name)]);
};

test('the template with the answers of the field document, whole', async () => {
  await expect(templateText(seed)).toMatchFileSnapshot('../../golden/network/seed.template.json');
});

test('every property is one that CloudFormation has for its type, with a value of its kind', () => {
  const { looked, problems } = cloudFormationProblems(template.Resources);
  expect(problems).toEqual([]);
  expect(looked).toBeGreaterThan(300);
  const [name, bad] = Object.entries(template.Resources).find(([, { Type }]) => Type === 'AWS::EC2::Subnet')!;
  expect(
    cloudFormationProblems({ [name]: { ...bad, Properties: { CidrBlok: '10.40.1.0/24', MapPublicIpOnLaunch: 'yes' } } })
      .problems,
  ).toEqual([
    `${name}.CidrBlok: there is no such property`,
    `${name}.MapPublicIpOnLaunch: "yes" is no boolean`,
    `${name}: lacks VpcId`,
  ]);
});

/** Each choice that the template decides by; what is left out keeps its default. */
const CHOICES = {
  Nat: NATS,
  NatCount: NAT_COUNTS,
  DatabaseRoute: DATABASE_ROUTES,
  Bastion: YES_NO,
  Web: WEB_PLACES,
  LoadBalancer: BALANCERS,
} as const;

test('in every variant, with its conditions resolved, each resource is one that CloudFormation takes', () => {
  const variants = Object.entries(CHOICES).reduce<readonly Readonly<Record<string, string>>[]>(
    (all, [name, words]) => all.flatMap((one) => words.map((word) => ({ ...one, [name]: word }))),
    [{ KeyName: 'awskey', AdminCidr: '198.51.100.0/24' }],
  );
  expect(variants.length).toBe(144);
  const text = templateText(seed);
  const seen = new Map<string, object>();
  for (const variant of variants) {
    const { resources } = planOf(text, variant, 'office', { region: 'cn-north-1', owner: '1' } as CloudState);
    // A resource is the same in most variants: each form of it is held to the schema once.
    for (const [name, { type, properties }] of resources)
      seen.set(JSON.stringify([name, properties]), { name, resource: { Type: type, Properties: properties } });
  }
  const forms = [...seen.values()] as readonly { name: string; resource: { Type: string; Properties: object } }[];
  expect(forms.length).toBeGreaterThan(50);
  // In one go: the specification is read at each call.
  const named = Object.fromEntries(forms.map(({ name, resource }, index) => [`${name} ${index}`, resource]));
  expect(cloudFormationProblems(named).problems).toEqual([]);
});

test("the field document's six subnets", () => {
  expect(
    Object.entries(seed)
      .filter(([name]) => name.endsWith('Cidr'))
      .map(([, value]) => value),
  ).toEqual(
    expect.arrayContaining([
      '10.40.0.0/16',
      '10.40.1.0/24',
      '10.40.2.0/24',
      '10.40.3.0/24',
      '10.40.4.0/24',
      '10.40.5.0/24',
      '10.40.6.0/24',
    ]),
  );
});

test('fits into a request: CloudFormation takes 51,200 bytes', () => {
  expect(JSON.stringify(template).length).toBeLessThan(40_000);
  expect(templateText(seed).length).toBeLessThan(51_200);
});

test('no name is given twice: parameters, conditions and resources share one space', () => {
  const names = [template.Parameters, template.Conditions, template.Resources, template.Mappings as object].flatMap(
    (part) => Object.keys(part),
  );
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

test('every name that is used is there', () => {
  const known = new Set([...Object.keys(template.Parameters), ...Object.keys(template.Resources)]);
  const used = [
    ...calls(template, 'Ref'),
    ...calls(template, 'Fn::GetAtt').map((pair) => (pair as string[])[0]),
    ...Object.values(template.Resources).flatMap(({ DependsOn }) => DependsOn ?? []),
  ];
  expect(used.filter((name) => !String(name).startsWith('AWS::') && !known.has(String(name)))).toEqual([]);
  const conditions = [
    ...calls(template.Resources, 'Fn::If').map((parts) => (parts as string[])[0]),
    ...calls(template.Resources, 'Condition'),
    ...calls(template.Conditions, 'Condition'),
  ];
  expect(conditions.filter((name) => !(String(name) in template.Conditions))).toEqual([]);
});

test('no permission that changes something is for everything, and nobody is trusted blindly', () => {
  const { Policies, AssumeRolePolicyDocument } = template.Resources['WebRole']!.Properties as any;
  const open = Policies[0].PolicyDocument.Statement.filter(
    ({ Resource }: { Resource: unknown }) => Resource === '*',
  ).flatMap(({ Action }: { Action: string[] }) => Action);
  // The message channels of Session Manager have no ARN.
  expect(open.every((action: string) => action.startsWith('ssmmessages:'))).toBe(true);
  expect(JSON.stringify(AssumeRolePolicyDocument)).toContain('Ec2Principal');
  expect(template.Mappings).toEqual({
    Partitions: {
      aws: { Ec2Principal: 'ec2.amazonaws.com' },
      'aws-cn': { Ec2Principal: 'ec2.amazonaws.com.cn' },
      'aws-us-gov': { Ec2Principal: 'ec2.amazonaws.com' },
    },
  });
});

test('SSH comes from the administrators or the bastion, never from anywhere', () => {
  const rules = calls(template.Resources, 'SecurityGroupIngress').flat(3) as any[];
  const ssh = JSON.stringify(rules.filter((rule) => JSON.stringify(rule).includes('"FromPort":22')));
  expect(ssh).toContain('AdminCidr');
  expect(ssh).not.toContain('0.0.0.0/0","Description":"SSH');
});

test('volumes are encrypted and metadata asks for a session', () => {
  expect(calls(template.Resources, 'Encrypted')).toEqual([true, true, true, true]);
  expect(calls(template.Resources, 'HttpTokens')).toEqual(['required']);
});

test('subnets lie in the VPC, have the sizes asked for and do not overlap', () => {
  const prefix = fc.integer({ min: 16, max: 28 });
  fc.assert(
    fc.property(
      fc.integer({ min: 16, max: 25 }),
      fc.array(prefix, { minLength: 6, maxLength: 6 }),
      (size, prefixes) => {
        const vpc = cidr(`10.128.0.0/${size}`);
        const placed = layOut(vpc, prefixes);
        if (typeof placed === 'string') return;
        const subnets = placed.map(cidr);
        expect(subnets.map((one) => one.prefix)).toEqual(prefixes);
        expect(subnets.every((one) => covers(vpc, one))).toBe(true);
        expect(subnets.some((one, at) => subnets.some((other, index) => index > at && overlaps(one, other)))).toBe(
          false,
        );
      },
    ),
  );
});

test.each([
  [
    '10.0.0.0/16',
    [24, 24, 24, 24, 24, 24],
    ['10.0.1.0/24', '10.0.2.0/24', '10.0.3.0/24', '10.0.4.0/24', '10.0.5.0/24', '10.0.6.0/24'],
  ],
  [
    '10.0.0.0/25',
    [28, 28, 28, 28, 28, 28],
    ['10.0.0.16/28', '10.0.0.32/28', '10.0.0.48/28', '10.0.0.64/28', '10.0.0.80/28', '10.0.0.96/28'],
  ],
  [
    '10.0.0.0/24',
    [25, 28, 28, 28, 28, 28],
    ['10.0.0.0/25', '10.0.0.128/28', '10.0.0.144/28', '10.0.0.160/28', '10.0.0.176/28', '10.0.0.192/28'],
  ],
  ['10.0.0.0/24', [25, 25, 28], 'has no room for /25, /25, /28'],
  ['10.0.0.0/24', [23], 'has no room for a subnet of /23: /24 to /28 can be had'],
])('%s with %j', (vpc, prefixes, expected) => {
  expect(layOut(cidr(vpc), prefixes)).toEqual(expected);
});

test('what is not said stays as the stack has it', () => {
  expect(networkOf('office', { NatCount: '2' }, { ...seed, NatInstanceType: 't3.small' })).toEqual({
    ...seed,
    NatInstanceType: 't3.small',
    NatCount: '2',
  });
});
