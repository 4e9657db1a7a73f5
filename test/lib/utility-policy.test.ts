import { describe, expect, it } from 'vitest';
import { utilityPolicy } from '../../src/lib/domain/utility-policy.ts';
import { fixture, siteOf } from '../helpers/cloud.ts';

const TEXT = fixture('lab').replace(
  'links: [dx-1, vpn-a, vpn-b] }',
  'destinations: [10.10.0.0/16, pl-0123456789abcdef0], links: [dx-1, vpn-a, vpn-b], mode: override }',
);
const RECORDS =
  'monitor: { records: { cloudwatch: {}, alerts: { topics: ["arn:aws-cn:sns:cn-north-1:123456789012:DCI"], phones: ["+8613800000000"] } } }\n';
const policy = (text: string, sessions = false) =>
  utilityPolicy(siteOf(text), { account: '123456789012', object: 'tools/h.tgz', sessions }).Statement;

/**
 * What an identity policy without denials allows, by the rules of "Policy evaluation logic" (IAM guide); conditions are
 * not judged.
 */
const allows = (statements: ReturnType<typeof policy>, action: string, resource: string): boolean => {
  const fits = (pattern: string) =>
    new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(resource);
  return statements.some(
    ({ Action, Resource, NotResource }) =>
      Action.includes(action) && (Resource?.some(fits) ?? !NotResource!.some(fits)),
  );
};
const ec2 = (resource: string) => `arn:aws-cn:ec2:cn-north-1:123456789012:${resource}`;

describe('what the utility instance may do', () => {
  it.each([
    [true, 'ec2:CreateRoute', ec2('route-table/rtb-0468f52220000000a')],
    [true, 'ec2:DeleteRoute', ec2('route-table/rtb-0468f52220000000a')],
    [true, 'ec2:ReplaceRoute', ec2('prefix-list/pl-0123456789abcdef0')],
    // A table of the site that is not in override mode, one of nobody's, and the same id in another account.
    [false, 'ec2:CreateRoute', ec2('route-table/rtb-04b8f522f0000000b')],
    [false, 'ec2:DeleteRoute', ec2('route-table/rtb-0ffffffffffffffff')],
    [false, 'ec2:ReplaceRoute', ec2('route-table/rtb-0468f52220000000a').replace('123456789012', '210987654321')],
    [false, 'ec2:StopInstances', ec2('instance/i-0e1466e8a5dd4892c')],
    [true, 's3:GetObject', 'arn:aws-cn:s3:::tools/h.tgz'],
    [false, 's3:GetObject', 'arn:aws-cn:s3:::tools/other.tgz'],
    [true, 'sns:Publish', 'arn:aws-cn:sns:cn-north-1:123456789012:DCI'],
    [false, 'sns:Publish', 'arn:aws-cn:sns:cn-north-1:123456789012:Other'],
    [false, 'ssmmessages:CreateDataChannel', '*'],
  ])('%s: %s on %s', (expected, action, resource) => {
    expect(allows(policy(TEXT + RECORDS), action, resource)).toBe(expected);
  });

  it('changes nothing everywhere, but for the channels of a session and metrics of its own namespace', () => {
    const everywhere = policy(TEXT + RECORDS, true).filter(({ Resource }) => Resource?.includes('*') === true);
    expect(
      everywhere.flatMap(({ Action, Condition }) =>
        Action.filter((action) => !/:(Describe|Get|List)/.test(action) && Condition === undefined),
      ),
    ).toEqual([
      'ssmmessages:CreateControlChannel',
      'ssmmessages:CreateDataChannel',
      'ssmmessages:OpenControlChannel',
      'ssmmessages:OpenDataChannel',
    ]);
  });
});
