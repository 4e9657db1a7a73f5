import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { gatewayPolicy } from '../../src/lib/domain/gateway-policy.ts';
import { sameDocument, trustOf } from '../../src/lib/domain/iam.ts';
import { siteSchema, type Site } from '../../src/lib/domain/site.ts';
import { allows, type Asked } from '../helpers/iam.ts';

const lab: Site = siteSchema.parse(
  parse(readFileSync(new URL('../../templates/site/lab.yaml', import.meta.url), 'utf8')),
);
const told: Site = {
  ...lab,
  monitor: siteSchema.shape.monitor.parse({
    records: {
      alerts: { topics: ['arn:aws-cn:sns:cn-north-1:123456789012:DCI-Status'], phones: ['+8613800000000'] },
      cloudwatch: { namespace: 'hybridctl' },
    },
  }),
};

test('what a gateway may do, word for word', () => {
  expect(gatewayPolicy(told, '123456789012')).toMatchSnapshot();
});

test('whatever changes something names what it changes; only metrics have no name, and their namespace is fenced', () => {
  for (const { Action, Resource, Condition } of gatewayPolicy(told, '123456789012').Statement) {
    const changes = Action.filter((action) => !/:(Describe|Get|List)/.test(action) && action !== 'kms:Decrypt');
    if (changes.length === 0 || Resource === undefined) continue;
    if (Resource.includes('*'))
      expect([changes, Condition]).toEqual([
        ['cloudwatch:PutMetricData'],
        { StringEquals: { 'cloudwatch:namespace': 'hybridctl' } },
      ]);
    // An ARN with a wildcard at its end is as good as none, unless the site's tag stands beside it.
    else if (Resource.some((arn) => arn.endsWith('/*')))
      expect(Condition).toMatchObject({ StringEquals: { 'aws:ResourceTag/hybridctl:site': 'demo' } });
  }
});

const mine = (resource: string): string => `arn:aws-cn:ec2:cn-north-1:123456789012:${resource}`;
const TABLE = mine('route-table/rtb-0468f52220000000a');
const ours = { 'aws:ResourceTag/hybridctl:site': 'demo' };
const theirs = { 'aws:ResourceTag/hybridctl:site': 'other' };
const KEY = 'arn:aws-cn:ssm:cn-north-1:123456789012:parameter/hybridctl/demo/vpn1/psk';
const sealed = { 'kms:ViaService': 'ssm.cn-north-1.amazonaws.com.cn', 'kms:EncryptionContext:PARAMETER_ARN': KEY };

test.each<[may: boolean, what: string, asked: Asked]>([
  ...['CreateRoute', 'DeleteRoute', 'ReplaceRoute'].flatMap((call): [boolean, string, Asked][] => [
    [true, `${call} in a table of the site`, { action: `ec2:${call}`, resource: TABLE }],
    [false, `${call} in another table`, { action: `ec2:${call}`, resource: mine('route-table/rtb-0ffffffffffffffff') }],
    [
      false,
      `${call} in another table that wears the site's tag`,
      { action: `ec2:${call}`, resource: mine('route-table/rtb-0ffffffffffffffff'), context: ours },
    ],
    [
      false,
      `${call} in another account`,
      { action: `ec2:${call}`, resource: TABLE.replace('123456789012', '210987654321') },
    ],
    [
      false,
      `${call} in another region`,
      { action: `ec2:${call}`, resource: TABLE.replace('cn-north-1', 'cn-northwest-1') },
    ],
  ]),
  ...['StartInstances', 'StopInstances'].flatMap((call): [boolean, string, Asked][] => [
    [
      true,
      `${call} of a gateway of the site`,
      { action: `ec2:${call}`, resource: mine('instance/i-1'), context: ours },
    ],
    [
      false,
      `${call} of another site's gateway`,
      { action: `ec2:${call}`, resource: mine('instance/i-2'), context: theirs },
    ],
    [false, `${call} of an instance without tags`, { action: `ec2:${call}`, resource: mine('instance/i-3') }],
  ]),
  [
    true,
    "a gateway's source/dest check",
    {
      action: 'ec2:ModifyInstanceAttribute',
      resource: mine('instance/i-1'),
      context: { ...ours, 'ec2:Attribute': 'SourceDestCheck' },
    },
  ],
  [
    false,
    "a gateway's user data, by which root is had at the next boot",
    {
      action: 'ec2:ModifyInstanceAttribute',
      resource: mine('instance/i-1'),
      context: { ...ours, 'ec2:Attribute': 'UserData' },
    },
  ],
  [
    false,
    "another instance's source/dest check",
    {
      action: 'ec2:ModifyInstanceAttribute',
      resource: mine('instance/i-2'),
      context: { ...theirs, 'ec2:Attribute': 'SourceDestCheck' },
    },
  ],
  [
    true,
    'the Elastic IP of the site',
    { action: 'ec2:AssociateAddress', resource: mine('elastic-ip/eipalloc-1'), context: ours },
  ],
  [false, 'an Elastic IP of others', { action: 'ec2:AssociateAddress', resource: mine('elastic-ip/eipalloc-2') }],
  [true, 'the key of a tunnel', { action: 'ssm:GetParameter', resource: KEY }],
  [false, "another site's key", { action: 'ssm:GetParameter', resource: KEY.replace('demo', 'other') }],
  [false, 'a key by another name that begins alike', { action: 'ssm:GetParameter', resource: `${KEY}2` }],
  [false, 'a change of the key', { action: 'ssm:PutParameter', resource: KEY }],
  [
    true,
    'what seals it',
    { action: 'kms:Decrypt', resource: 'arn:aws-cn:kms:cn-north-1:123456789012:key/1', context: sealed },
  ],
  [
    false,
    'the seal of something else',
    {
      action: 'kms:Decrypt',
      resource: 'arn:aws-cn:kms:cn-north-1:123456789012:key/1',
      context: { ...sealed, 'kms:EncryptionContext:PARAMETER_ARN': KEY.replace('vpn1', 'root') },
    },
  ],
  [
    false,
    'the seal, not by way of Parameter Store',
    {
      action: 'kms:Decrypt',
      resource: 'arn:aws-cn:kms:cn-north-1:123456789012:key/1',
      context: { 'kms:EncryptionContext:PARAMETER_ARN': KEY },
    },
  ],
  ...['ec2:TerminateInstances', 'ec2:RunInstances', 'ec2:CreateTags', 'ec2:ReleaseAddress'].map(
    (action): [boolean, string, Asked] => [false, action, { action, resource: mine('instance/i-1'), context: ours }],
  ),
  [
    false,
    'a role of its own',
    { action: 'iam:PassRole', resource: 'arn:aws-cn:iam::123456789012:role/hybridctl-demo-gateways' },
  ],
])('%s: %s', (may, _what, asked) => {
  expect(allows(gatewayPolicy(told, '123456789012'), asked)).toBe(may);
});

test('ARNs and principals are of the partition', () => {
  const text = (region: string): string =>
    JSON.stringify([
      gatewayPolicy({ ...lab, cloud: { ...lab.cloud, region } }, '123456789012'),
      trustOf('ec2', region),
    ]);
  expect([...new Set(text('cn-north-1').match(/arn:[a-z-]+:|ssm\.[a-z0-9.-]+|ec2\.amazon[a-z.]+/g))]).toEqual([
    'arn:aws-cn:',
    'ssm.cn-north-1.amazonaws.com.cn',
    'ec2.amazonaws.com.cn',
  ]);
  expect([...new Set(text('eu-west-1').match(/arn:[a-z-]+:|ssm\.[a-z0-9.-]+|ec2\.amazon[a-z.]+/g))]).toEqual([
    'arn:aws:',
    'ssm.eu-west-1.amazonaws.com',
    'ec2.amazonaws.com',
  ]);
});

test.each([
  ['encoded, as IAM returns it', (text: string) => encodeURIComponent(text), true],
  ['plain', (text: string) => text, true],
  [
    'spread over lines, keys in another order, one-item lists as text',
    () =>
      '{\n "Statement": {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com.cn"}}, "Version": "2012-10-17"}',
    true,
  ],
  ['for another service', (text: string) => text.replace('ec2.', 'lambda.'), false],
  ['that denies', (text: string) => text.replace('Allow', 'Deny'), false],
  [
    'with a statement more',
    (text: string) => text.replace(']}', ',{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}'),
    false,
  ],
  ['that is none', () => '%', false],
])('a document %s', (_, spoil, same) => {
  const wanted = trustOf('ec2', 'cn-north-1');
  expect(sameDocument(spoil(JSON.stringify(wanted)), wanted)).toBe(same);
});
