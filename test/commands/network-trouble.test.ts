import { expect, test } from 'vitest';
import { clock } from '../../src/lib/adapters/clock.ts';
import type { Clock } from '../../src/lib/core/ports.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';

const at = '--name office --region cn-north-1';
const create = `network create ${at} --bastion no --yes`;
const CHANGING = /^(Create|Delete|Execute)/;
const start = () => testCloud(fixture('lab'));

/** Ctrl-C at the nth wait. */
const interruptedAt = (wait: number): { readonly clock: Clock; readonly signal: AbortSignal } => {
  const controller = new AbortController();
  let waits = 0;
  return {
    signal: controller.signal,
    clock: {
      now: clock.now,
      sleep(ms, signal) {
        waits += 1;
        if (waits === wait) controller.abort();
        return clock.sleep(ms, signal);
      },
    },
  };
};

test('Ctrl-C while the plan is worked out leaves nothing; while it is carried out the cloud goes on, and the same command follows it', {
  timeout: 60_000,
}, async () => {
  const cloud = await start();
  await cloud.fault({ DescribeChangeSet: { stale_ms: 60_000 } });
  const planning = await cloud.run(create, { ports: interruptedAt(1) });
  await cloud.fault({});
  expect(planning.exit).toBe(130);
  expect((await cloud.calls()).filter((call) => CHANGING.test(call))).toEqual([
    'CreateChangeSet',
    'DeleteChangeSet',
    'DeleteStack',
  ]);

  const following = await cloud.run(create, { ports: interruptedAt(2) });
  expect([following.exit, following.err]).toEqual([130, expect.stringContaining('CloudFormation goes on by itself')]);
  const again = await cloud.run(create);
  expect([again.exit, again.out]).toEqual([0, expect.stringContaining('nothing to do')]);
  expect((await cloud.calls()).filter((call) => call === 'ExecuteChangeSet')).toHaveLength(1);

  const going = await cloud.run(`network destroy ${at} --yes`, { ports: interruptedAt(1) });
  expect([going.exit, going.err]).toEqual([130, expect.stringContaining('run the same again to follow it')]);
  expect((await cloud.run(`network destroy ${at} --yes`)).exit).toBe(0);
  expect((await cloud.run(`network status ${at}`)).exit).toBe(1);
});

test('what can not be deleted is told with its reason, exit 5; fixed, the same command ends it', {
  timeout: 60_000,
}, async () => {
  const cloud = await start();
  const role = (await cloud.run(create).then(() => cloud.run(`network status ${at} --json`)))
    .json()
    .resources.find(({ key }: { key: string }) => key === 'WebRole').id;
  const aws = cloud.aws();
  await aws.ask('iam', 'CreateRole', {
    RoleName: role,
    AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}',
  });
  await aws.ask('iam', 'PutRolePolicy', {
    RoleName: role,
    PolicyName: 'theirs',
    PolicyDocument: '{"Version":"2012-10-17","Statement":[]}',
  });
  const failed = await cloud.run(`network destroy ${at} --yes`);
  expect(failed.exit).toBe(5);
  expect(failed.err).toContain('hybridctl-office-network is DELETE_FAILED');
  expect(failed.err).toContain(
    'WebRole (AWS::IAM::Role): DELETE_FAILED: Cannot delete entity, must delete policies first.',
  );
  expect((await cloud.run(`network status ${at}`)).out).toContain('DELETE_FAILED');
  await aws.ask('iam', 'DeleteRolePolicy', { RoleName: role, PolicyName: 'theirs' });
  const again = await cloud.run(create);
  expect([again.exit, again.err.includes('is DELETE_FAILED: removing what is left of it')]).toEqual([0, true]);
});

test('reads that lag behind: not a stack that is not there yet, nor one that was', { timeout: 60_000 }, async () => {
  const cloud = await start();
  const reads = Object.fromEntries(
    ['DescribeChangeSet', 'DescribeStacks', 'DescribeStackEvents', 'DescribeStackResources'].map((action) => [
      action,
      { stale_ms: 400 },
    ]),
  );
  await cloud.fault(reads);
  const made = await cloud.run(`${create} --json`);
  expect([made.exit, made.json().values.VpcId]).toEqual([0, expect.stringMatching(/^vpc-/)]);
  expect((await cloud.run(`network destroy ${at} --yes`)).exit).toBe(0);
  await cloud.fault({});
  expect((await cloud.run(`network status ${at}`)).exit).toBe(1);
});

test.each([
  ['CreateChangeSet', 'cloudformation:CreateChangeSet'],
  ['ExecuteChangeSet', 'cloudformation:ExecuteChangeSet'],
  ['DescribeStackEvents', 'cloudformation:DescribeStackEvents'],
  ['DescribeStacks', 'cloudformation:DescribeStacks'],
])('without the permission for %s, which is named, exit 4', { timeout: 60_000 }, async (action, named) => {
  const cloud = await start();
  await cloud.fault({ [action]: { break: 'error', code: 'AccessDenied', message: 'no', status: 403 } });
  expect(await cloud.run(create)).toMatchObject({ exit: 4, err: expect.stringContaining(named) });
  await cloud.fault({});
  // Whatever it left, the next run takes up.
  expect((await cloud.run(create)).exit).toBe(0);
});

test('throttled it goes on more slowly, and where it is for ever says so', { timeout: 60_000 }, async () => {
  const cloud = await start();
  const throttled = { break: 'error', code: 'Throttling', message: 'Rate exceeded', status: 400 } as const;
  await cloud.fault({
    CreateChangeSet: { ...throttled, times: 1 },
    DescribeStackEvents: { ...throttled, times: 1 },
    ExecuteChangeSet: { ...throttled, times: 1 },
  });
  expect((await cloud.run(create)).exit).toBe(0);
  await cloud.fault({ DescribeStacks: throttled });
  expect(await cloud.run(create)).toMatchObject({
    exit: 1,
    err: expect.stringContaining('CloudFormation throttles cloudformation:DescribeStacks'),
  });
});

test('an answer that was lost is asked for again, and nothing is made twice', { timeout: 60_000 }, async () => {
  const cloud = await start();
  await cloud.fault({
    CreateChangeSet: { break: 'drop-after', times: 1 },
    ExecuteChangeSet: { break: 'drop-after', times: 1 },
  });
  const first = await cloud.run(create);
  await cloud.fault({});
  if (first.exit !== 0) expect((await cloud.run(create)).exit).toBe(0);
  expect((await cloud.run(create)).out).toContain('nothing to do');
});

test('where the region has no pointer to the newest image, its id is taken, and stays', {
  timeout: 60_000,
}, async () => {
  const cloud = await start();
  await cloud.fault({ GetParameter: { break: 'error', code: 'ParameterNotFound', status: 400 } });
  expect((await cloud.run(create)).exit).toBe(0);
  const { stack } = (await cloud.run(`network status ${at} --json`)).json();
  expect(stack.parameters.ImageId).toMatch(/^ami-/);
  await cloud.fault({});
  expect((await cloud.run(create)).out).toContain('nothing to do');
  const drift = await cloud.run(`network status ${at} --image /golden/al2023 --json`);
  expect(drift.json().drift[0]).toContain('ImageId is "ami-');
});

test('where the region has no image at all, the flag that names one is told', async () => {
  const cloud = await start();
  await cloud.fault({ GetParameter: { break: 'error', code: 'ParameterNotFound', status: 400 } });
  const none = async () => ({ ...cloud.aws(), all: async () => [] }) as never;
  expect(
    await cloud.run('network create --name branch --region cn-north-1 --bastion no --yes', { ports: { aws: none } }),
  ).toMatchObject({ exit: 1, err: expect.stringContaining('--image: no image of Amazon Linux 2023') });
});
