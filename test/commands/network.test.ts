import { expect, test } from 'vitest';
import { api } from '../../src/lib/core/aws.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';

const at = '--name office --region cn-north-1';
const admin = '--key-name awskey --admin-cidr 198.51.100.0/24';
const MUTATING = /^(Create|Delete|Execute)/;

const withKey = async () => {
  const cloud = await testCloud(fixture('lab'));
  await cloud.aws().send(api('ec2', 'CreateKeyPair', { KeyName: 'awskey' }));
  return cloud;
};

test('planned, made, left alone, changed and removed', { timeout: 60_000 }, async () => {
  const cloud = await withKey();
  const planned = await cloud.run(`network create ${at} ${admin} --dry-run --detailed-exitcode --json`);
  expect(planned.exit).toBe(3);
  expect(planned.json().steps).toContainEqual(
    expect.objectContaining({ key: 'NatGateway1', action: 'make', cost: expect.stringContaining('NAT gateway') }),
  );
  expect((await cloud.run(`network status ${at}`)).exit).toBe(1);

  const made = await cloud.run(`network create ${at} ${admin} --yes`);
  expect(made.exit).toBe(0);
  expect(made.err).toContain('Vpc (AWS::EC2::VPC): CREATE_COMPLETE');
  expect(made.out).toContain('http://');

  const before = (await cloud.calls()).length;
  expect((await cloud.run(`network create ${at} --yes`)).out).toContain('nothing to do');
  expect((await cloud.calls()).slice(before).filter((call) => MUTATING.test(call))).toEqual([]);

  const drift = await cloud.run(`network status ${at} --nat-count 2 --detailed-exitcode --json`);
  expect([drift.exit, drift.json().drift]).toEqual([3, ['NatCount is "1", not "2"']]);
  const page = (await cloud.run(`network create ${at} --nat-count 2 --emit sh`)).out;
  expect([page.includes('"ChangeSetType":"UPDATE"'), page.includes('wait stack-update-complete')]).toEqual([
    true,
    true,
  ]);
  const changed = await cloud.run(`network create ${at} --nat-count 2 --yes --json`);
  expect(changed.json().steps).toContainEqual(expect.objectContaining({ key: 'NatGateway2', action: 'make' }));

  expect((await cloud.run(`network destroy ${at} --yes`)).exit).toBe(0);
  expect((await cloud.run(`network destroy ${at} --yes`)).out).toContain('nothing to do');
});

test('what fails is told with its reason; the ruin is removed and made again', { timeout: 60_000 }, async () => {
  const cloud = await testCloud(fixture('lab'));
  const failed = await cloud.run(`network create ${at} ${admin} --yes`);
  expect(failed.exit).toBe(1);
  expect(failed.err).toContain("BastionHost (AWS::EC2::Instance): CREATE_FAILED: The key pair 'awskey' does not exist");
  await cloud.aws().send(api('ec2', 'CreateKeyPair', { KeyName: 'awskey' }));
  const again = await cloud.run(`network create ${at} ${admin} --yes`);
  expect([again.exit, again.err.includes('is ROLLBACK_COMPLETE: removing what is left of it')]).toEqual([0, true]);
});

test('without a yes nothing is made, not even a plan; a bastion needs a key and whom to let in', async () => {
  const cloud = await testCloud(fixture('lab'));
  expect(await cloud.run(`network create ${at} ${admin}`)).toMatchObject({ exit: 2, out: '' });
  expect((await cloud.run(`network create ${at} --yes`)).err).toContain('missing --key-name: the bastion needs it');
  expect((await cloud.calls()).filter((call) => MUTATING.test(call))).toEqual([]);
});

test('a runbook with the waits between its calls', async () => {
  const cloud = await testCloud(fixture('lab'));
  const { exit, out } = await cloud.run(`network create ${at} ${admin} --emit sh`);
  expect(exit).toBe(0);
  expect(
    out
      .split('\n')
      .map((line) => line.split(' ').slice(0, 4).join(' '))
      .filter((line) => line.startsWith('aws') || line.includes('=$(')),
  ).toHaveLength(5);
});
