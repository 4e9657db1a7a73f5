import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { gatewayPolicy } from '../../src/lib/domain/gateway-policy.ts';
import { sameDocument, trustOf } from '../../src/lib/domain/iam.ts';
import { siteSchema, type Site } from '../../src/lib/domain/site.ts';

const lab: Site = siteSchema.parse(parse(readFileSync(new URL('../../templates/site/lab.yaml', import.meta.url), 'utf8')));
const told: Site = {
  ...lab,
  monitor: siteSchema.shape.monitor.parse({
    records: { alerts: { topics: ['arn:aws-cn:sns:cn-north-1:123456789012:DCI-Status'], phones: ['+8613800000000'] }, cloudwatch: { namespace: 'hybridctl' } },
  }),
};

test('what a gateway may do, word for word', () => {
  expect(gatewayPolicy(told, '123456789012')).toMatchSnapshot();
});

test('whatever changes something names what it changes; only metrics have no name, and their namespace is fenced', () => {
  for (const { Action, Resource, Condition } of gatewayPolicy(told, '123456789012').Statement) {
    const changes = Action.filter((action) => !/:(Describe|Get|List)/.test(action) && action !== 'kms:Decrypt');
    if (changes.length === 0 || Resource === undefined) continue;
    if (Resource.includes('*')) expect([changes, Condition]).toEqual([['cloudwatch:PutMetricData'], { StringEquals: { 'cloudwatch:namespace': 'hybridctl' } }]);
    // An ARN with a wildcard at its end is as good as none, unless the site's tag stands beside it.
    else if (Resource.some((arn) => arn.endsWith('/*'))) expect(Condition).toMatchObject({ StringEquals: { 'aws:ResourceTag/hybridctl:site': 'demo' } });
  }
});

test('ARNs and principals are of the partition', () => {
  const text = (region: string): string => JSON.stringify([gatewayPolicy({ ...lab, cloud: { ...lab.cloud, region } }, '123456789012'), trustOf('ec2', region)]);
  expect([...new Set(text('cn-north-1').match(/arn:[a-z-]+:|ssm\.[a-z0-9.-]+|ec2\.amazon[a-z.]+/g))]).toEqual(['arn:aws-cn:', 'ssm.cn-north-1.amazonaws.com.cn', 'ec2.amazonaws.com.cn']);
  expect([...new Set(text('eu-west-1').match(/arn:[a-z-]+:|ssm\.[a-z0-9.-]+|ec2\.amazon[a-z.]+/g))]).toEqual(['arn:aws:', 'ssm.eu-west-1.amazonaws.com', 'ec2.amazonaws.com']);
});

test.each([
  ['encoded, as IAM returns it', (text: string) => encodeURIComponent(text), true],
  ['plain', (text: string) => text, true],
  ['spread over lines, keys in another order, one-item lists as text', () => '{\n "Statement": {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com.cn"}}, "Version": "2012-10-17"}', true],
  ['for another service', (text: string) => text.replace('ec2.', 'lambda.'), false],
  ['that denies', (text: string) => text.replace('Allow', 'Deny'), false],
  ['with a statement more', (text: string) => text.replace(']}', ',{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}'), false],
  ['that is none', () => '%', false],
])('a document %s', (_, spoil, same) => {
  const wanted = trustOf('ec2', 'cn-north-1');
  expect(sameDocument(spoil(JSON.stringify(wanted)), wanted)).toBe(same);
});
