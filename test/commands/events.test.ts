import { runInNewContext } from 'node:vm';
import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { debuggerZip } from '../../src/lib/render/events/function.ts';
import { metrics } from '../../src/lib/cloud/services/cloudwatch/state.ts';
import { rules } from '../../src/lib/cloud/services/events/state.ts';
import { iam } from '../../src/lib/cloud/services/iam/state.ts';
import { functions } from '../../src/lib/cloud/services/lambda/state.ts';
import { topics } from '../../src/lib/cloud/services/sns/state.ts';
import { queues } from '../../src/lib/cloud/services/sqs/state.ts';
import type { CloudState } from '../../src/lib/cloud/state.ts';
import type { FaultsInput } from '../../src/lib/cloud/faults.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';

const AT = '--name shop --region cn-north-1';

const start = async () => {
  const cloud = await testCloud(fixture('lab'), { times: { startMs: 5 } });
  const aws = cloud.aws();
  const run = (line: string) => cloud.run(`events ${line}`);
  const changing = async () => (await cloud.calls()).filter((call) => !/^(Describe|Get|List)/.test(call));
  const watch = () => {
    const state = cloud.cloud.snapshot() as CloudState;
    return {
      metrics: metrics.of(state),
      topics: topics.of(state),
      queues: queues.of(state),
      functions: functions.of(state),
      rules: rules.of(state),
    };
  };
  const left = () => {
    const { topics, queues, functions, rules } = watch();
    const { roles } = iam.of(cloud.cloud.snapshot() as CloudState);
    return [roles, topics, queues, functions, rules].flat().map(({ name }) => name);
  };
  return { cloud, aws, run, changing, watch, left };
};

const MADE = [
  'CreateRole',
  'PutRolePolicy',
  'CreateFunction',
  'CreateTopic',
  'CreateQueue',
  'PutRule',
  'PutRule',
  'AddPermission',
  'PutTargets',
  'PutRule',
  'SetTopicAttributes',
  'SetQueueAttributes',
  'PutTargets',
];

describe('events init and destroy', () => {
  it('makes all, the second time nothing, and leaves nothing', async () => {
    const { run, changing, left } = await start();
    expect((await run(`init ${AT} --dry-run --detailed-exitcode`)).exit).toBe(3);
    expect(await changing()).toEqual([]);
    const made = await run(`init ${AT} --yes`);
    expect([made.exit, await changing()]).toEqual([0, MADE]);
    const again = await run(`init ${AT} --yes`);
    expect([again.exit, again.out, await changing()]).toEqual([0, expect.stringContaining('nothing to do'), MADE]);
    expect((await run(`destroy ${AT}`)).exit).toBe(2);
    expect((await run(`destroy ${AT} --yes`)).exit).toBe(0);
    expect([left(), (await changing()).slice(MADE.length)]).toEqual([
      [],
      [
        'RemoveTargets',
        'DeleteRule',
        'RemoveTargets',
        'RemovePermission',
        'DeleteRule',
        'DeleteRule',
        'DeleteQueue',
        'DeleteTopic',
        'DeleteFunction',
        'DeleteRolePolicy',
        'DeleteRole',
      ],
    ]);
    expect((await run(`destroy ${AT} --yes`)).out).toContain('nothing to do');
  });

  it.each([...new Set(MADE)].map((action, index) => [action, index % 2 === 0 ? 'drop-after' : 'error'] as const))(
    'broken off at %s (%s) it is finished by the next run',
    async (action, how) => {
      const { cloud, run, changing, left } = await start();
      await cloud.fault({ [action]: { break: how, times: 1, status: 400, code: 'Refused' } } satisfies FaultsInput);
      const broken = await run(`init ${AT} --yes --keep-on-failure`);
      await cloud.fault({});
      expect(how === 'error' && broken.exit === 0).toBe(false);
      expect((await run(`init ${AT} --yes`)).exit).toBe(0);
      const before = await changing();
      expect([(await run(`init ${AT} --yes`)).exit, await changing()]).toEqual([0, before]);
      expect([(await run(`destroy ${AT} --yes`)).exit, left()]).toEqual([0, []]);
    },
  );

  it('undoes what it made when a later step fails', async () => {
    const { cloud, run, left } = await start();
    await cloud.fault({ SetQueueAttributes: { break: 'error', status: 400, code: 'Refused' } });
    const { exit, err } = await run(`init ${AT} --yes`);
    expect([exit, err, left()]).toEqual([1, expect.stringContaining('undone'), []]);
  });

  it('waits for a role that is not everywhere yet', async () => {
    const { cloud, run } = await start();
    await cloud.fault({ CreateFunction: { stale_ms: 1_200 } });
    expect((await run(`init ${AT} --yes`)).exit).toBe(0);
    expect(await cloud.calls()).toContain('CreateFunction!InvalidParameterValueException');
  });

  it('fixes what was changed, and takes nothing over', async () => {
    const { aws, run, changing, left } = await start();
    await run(`init ${AT} --yes`);
    const names = left().filter((name) => name.startsWith('hybridctl-shop-'));
    await aws.ask('events', 'PutRule', {
      Name: 'hybridctl-shop-myCustomHealthStatusRed',
      EventPattern: '{"source":["x"]}',
      State: 'DISABLED',
    });
    await aws.ask('events', 'RemoveTargets', { Rule: 'hybridctl-shop-myCustomHealthStatusRed', Ids: ['people'] });
    await aws.ask('lambda', 'RemovePermission', {
      FunctionName: 'hybridctl-shop-SampleAppDebugger',
      StatementId: 'hybridctl-yellow',
    });
    const before = await changing();
    const { out, exit } = await run(`init ${AT} --yes`);
    expect([exit, (await changing()).slice(before.length)]).toEqual([0, ['AddPermission', 'PutRule', 'PutTargets']]);
    expect(out).toContain('event pattern differs; rule is disabled');
    expect(names).toHaveLength(7);
    const queue = await aws.ask('sqs', 'CreateQueue', { QueueName: 'hybridctl-other-ReportInspectionQueue' });
    const foreign = await run('init --name other --region cn-north-1 --yes');
    expect([foreign.exit, foreign.err, queue.QueueUrl]).toEqual([
      1,
      expect.stringContaining("is not hybridctl's"),
      expect.stringContaining('.amazonaws.com.cn/'),
    ]);
  });

  it("has the field document's names, mailboxes, and a runbook", async () => {
    const { run, left } = await start();
    await expect((await run(`init ${AT} --mail ops@example.com --names legacy --emit sh`)).out).toMatchFileSnapshot(
      '../golden/procedures/events.sh',
    );
    const made = await run(`init ${AT} --mail ops@example.com --names legacy --yes --json`);
    expect(made.json().steps.find(({ key }: { key: string }) => key === 'mail/ops@example.com').notes).toEqual([
      'the mailbox has yet to say yes: see its mail from SNS',
    ]);
    expect(left()).toEqual([
      'hybridctl-shop-debugger',
      'RedHealthNotifier',
      'ReportInspectionQueue',
      'SampleAppDebugger',
      'myCustomHealthStatusGreen',
      'myCustomHealthStatusYellow',
      'myCustomHealthStatusRed',
    ]);
    expect((await run(`status ${AT} --names legacy`)).out).toContain('1 have yet to say yes');
  });
});

describe('events emit and status', () => {
  it('three runs of 61 Red events leave 183 messages, as in the field document; Yellow calls the function, Green is counted', async () => {
    const { cloud, run, watch } = await start();
    await run(`init ${AT} --yes`);
    for (let time = 0; time < 3; time += 1)
      expect((await run(`emit ${AT} --level Red --count 61 --json`)).json()).toMatchObject({
        sent: 61,
        calls: 7,
        retried: 0,
        failed: [],
      });
    await run(
      `emit ${AT} --level Yellow --count 3 --instance i-0a1b --detail '{"check":"GET /healthz","error":"timed out"}'`,
    );
    await run(`emit ${AT} --level Green --count 12`);
    expect((await cloud.calls()).filter((call) => call === 'PutEvents')).toHaveLength(3 * 7 + 1 + 2);
    const { exit, json } = await run(`status ${AT} --json`);
    expect([exit, json()]).toMatchObject([
      0,
      {
        rules: [
          { level: 'Green', matched: 12, invocations: 0, failed: 0, targets: [] },
          { level: 'Yellow', matched: 3, invocations: 3, failed: 0, targets: ['debugger'] },
          { level: 'Red', matched: 183, invocations: 366, failed: 0, targets: ['people', 'inspection'] },
        ],
        queue: { messages: 183, sent: 183 },
        topic: { published: 183 },
        function: { state: 'Active', invocations: 3, errors: 0 },
      },
    ]);
    expect(JSON.parse(watch().queues[0]!.messages[60]!.body)).toMatchObject({
      source: 'hybridctl.shop',
      account: '123456789012',
      region: 'cn-north-1',
      detail: { status: 'Red', sequence: 61, of: 61, application: 'shop' },
    });
    await expect.poll(() => watch().functions[0]!.logs.length).toBe(3);
    expect(JSON.parse(watch().functions[0]!.logs[0]!)).toMatchObject({
      level: 'warn',
      application: 'shop',
      instance: 'i-0a1b',
      status: 'Yellow',
      check: 'GET /healthz',
      lookAt: 'load of the instance, and of what it calls',
    });
  });

  it('sends again what was refused for now, and nothing twice', async () => {
    const { cloud, run, watch } = await start();
    await run(`init ${AT} --yes`);
    await cloud.fault({ PutEvents: { break: 'entries', times: 3 } });
    const { exit, json } = await run(`emit ${AT} --level Red --count 61 --json`);
    expect([exit, json()]).toMatchObject([0, { sent: 61, failed: [] }]);
    expect(json().retried).toBeGreaterThan(9);
    const sequences = watch().queues[0]!.messages.map(
      ({ body }) => (JSON.parse(body) as { detail: { sequence: number } }).detail.sequence,
    );
    expect([...sequences].sort((a, b) => a - b)).toEqual(Array.from({ length: 61 }, (_, index) => index + 1));
  });

  it('status shows what a closed target costs, and what is not there', async () => {
    const { aws, run } = await start();
    await run(`init ${AT} --yes`);
    await aws.ask('sns', 'SetTopicAttributes', {
      TopicArn: 'arn:aws-cn:sns:cn-north-1:123456789012:hybridctl-shop-RedHealthNotifier',
      AttributeName: 'Policy',
      AttributeValue: '{"Version":"2012-10-17","Statement":[]}',
    });
    await run(`emit ${AT} --level Red`);
    const status = await run(`status ${AT} --json`);
    expect([status.exit, status.json().rules[2]]).toMatchObject([1, { failed: 1, invocations: 2 }]);
    expect((await run('status --name none --region cn-north-1')).exit).toBe(1);
  });

  it.each([
    ['emit --region cn-north-1 --level Red', '--name'],
    ['emit --name shop --level Red', '--region'],
    [`emit ${AT}`, '--level'],
    [`emit ${AT} --level Blue`, '--level'],
    [`emit ${AT} --level Red --count 0`, '--count'],
    [`emit ${AT} --level Red --detail [1]`, '--detail'],
    [`emit ${AT} --level Red --instance "a b"`, '--instance'],
    ['init --name Shop --region cn-north-1 --yes', '--name'],
    [`init ${AT} --mail a@b --yes`, '--mail'],
    [`status ${AT} --since yesterday`, '--since'],
  ])('%s is refused', async (line, field) => {
    const { run, cloud } = await start();
    const { exit, err } = await run(line);
    expect([exit, err, await cloud.calls()]).toEqual([2, expect.stringContaining(field), []]);
  });
});

describe('the function that is shipped', () => {
  it('is the same file everywhere, and refuses what is no report', async () => {
    const files = unzipSync(debuggerZip());
    expect([Object.keys(files), Buffer.from(debuggerZip()).equals(Buffer.from(debuggerZip()))]).toEqual([
      ['index.js'],
      true,
    ]);
    const exports: { handler?: (event: unknown) => Promise<unknown> } = {};
    runInNewContext(strFromU8(files['index.js']!), { exports, console: { log: () => undefined } });
    await expect(exports.handler!({ detail: {} })).rejects.toThrow('no detail.status');
    expect(
      await exports.handler!({ id: '1', detail: { status: 'Yellow', error: 'connection refused' } }),
    ).toMatchObject({ instance: 'unknown', lookAt: expect.stringContaining('security group') });
  });
});
