import { describe, expect, it } from 'vitest';
import { awsMetricStore } from '../../src/lib/adapters/aws/metric-store.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';

const SITE = fixture('lab');
const ONE = '--namespace AWS/EC2 --metric CPUUtilization --dimension InstanceId=i-0e1466e8a5dd4892c --threshold 80';
const TOPIC = 'arn:aws-cn:sns:cn-north-1:123456789012:ops';

const start = async () => {
  const cloud = await testCloud(SITE);
  const aws = cloud.aws();
  const run = (line: string) => cloud.run(`alarm ${line}`);
  const changing = async () => (await cloud.calls()).filter((call) => !/^(Describe|Get|List)/.test(call));
  const alarms = async () =>
    (await aws.all('cloudwatch', 'DescribeAlarms', {}, 'MetricAlarms')).map(({ AlarmName, AlarmActions }) => [
      AlarmName!,
      ...AlarmActions!,
    ]);
  return { cloud, aws, run, changing, alarms };
};

describe('alarm create, list and delete', () => {
  it('ready sets: one run makes all, the next nothing, delete --all leaves nothing', async () => {
    const { run, changing, alarms, aws } = await start();
    const line = 'create --set gateways --set tunnels --set links --mail ops@example.com';
    expect((await run(`${line} --dry-run --detailed-exitcode`)).exit).toBe(3);
    expect(await changing()).toEqual([]);
    const made = await run(`${line} --yes`);
    expect([made.exit, made.out]).toEqual([0, expect.stringContaining('15 done')]);
    const told = 'arn:aws-cn:sns:cn-north-1:123456789012:hybridctl-demo-alarms';
    expect(await alarms()).toEqual([
      ['hybridctl-demo-dx-1-path', told],
      ['hybridctl-demo-gw-1-cpu', told],
      ['hybridctl-demo-gw-1-instance', 'arn:aws-cn:automate:cn-north-1:ec2:reboot', told],
      ['hybridctl-demo-gw-1-system', 'arn:aws-cn:automate:cn-north-1:ec2:recover', told],
      ['hybridctl-demo-gw-2-cpu', told],
      ['hybridctl-demo-gw-2-instance', 'arn:aws-cn:automate:cn-north-1:ec2:reboot', told],
      ['hybridctl-demo-gw-2-system', 'arn:aws-cn:automate:cn-north-1:ec2:recover', told],
      ['hybridctl-demo-vpn-a-path', told],
      ['hybridctl-demo-vpn-b-path', told],
      ['hybridctl-demo-vpn1-down', told],
      ['hybridctl-demo-vpn1-silent', told],
      ['hybridctl-demo-vpn2-down', told],
      ['hybridctl-demo-vpn2-silent', told],
    ]);
    const before = await changing();
    const again = await run(`${line} --yes`);
    expect([again.exit, again.out, await changing()]).toEqual([0, expect.stringContaining('nothing to do'), before]);
    expect((await run('delete --all')).exit).toBe(2);
    const gone = await run('delete --all --yes');
    expect([gone.exit, gone.out, await alarms()]).toEqual([0, expect.stringContaining('14 done'), []]);
    expect(
      await aws.ask('sns', 'GetTopicAttributes', { TopicArn: told }).catch((error: { code: string }) => error.code),
    ).toBe('NotFoundException');
    expect((await run('delete --all --yes')).out).toContain('nothing to do');
  });

  it('is judged by what is published, and list says how it stands', async () => {
    const { cloud, run } = await start();
    await run(
      'create vpn1-down --namespace hybridctl --metric TunnelState --dimension Site=demo --dimension Tunnel=vpn1 --statistic Minimum --comparison lt --threshold 1 --periods 1 --own-topic --yes',
    );
    const stateOf = async () =>
      (await run('list --json')).json().alarms.map(({ name, state }: { name: string; state: string }) => [name, state]);
    expect(await stateOf()).toEqual([['vpn1-down', 'INSUFFICIENT_DATA']]);
    const put = (value: number) =>
      awsMetricStore({ region: 'cn-north-1' }).put(
        'hybridctl',
        [
          {
            name: 'TunnelState',
            unit: 'None',
            dimensions: { Tunnel: 'vpn1', Site: 'demo' },
            at: Date.now() - 60_000,
            value,
          },
        ],
        new AbortController().signal,
      );
    await put(1);
    expect(await stateOf()).toEqual([['vpn1-down', 'OK']]);
    await put(0);
    expect(await stateOf()).toEqual([['vpn1-down', 'ALARM']]);
    expect((await run('list')).out).toMatch(
      /vpn1-down +ALARM .* Minimum TunnelState < 1 for 1 x 60 s +demo vpn1 +hybridctl-demo-alarms/,
    );
    expect((await cloud.calls()).filter((call) => call === 'PutMetricData')).toHaveLength(2);
  });

  it('changes what is no longer so, and nothing that is not ours', async () => {
    const { aws, run, changing } = await start();
    await run(`create web ${ONE} --topic ${TOPIC} --ec2 stop --yes`);
    const plan = await run(`create web ${ONE} --threshold 90 --topic ${TOPIC} --ec2 reboot --dry-run`);
    expect(plan.out).toContain('threshold is 80 instead of 90; actions differ');
    const changed = await run(`create web ${ONE} --threshold 90 --topic ${TOPIC} --ec2 reboot --yes`);
    expect([changed.exit, changed.out]).toEqual([0, expect.stringContaining('1 done')]);
    expect(
      (
        await aws.ask('cloudwatch', 'ListTagsForResource', {
          ResourceARN: 'arn:aws-cn:cloudwatch:cn-north-1:123456789012:alarm:hybridctl-demo-web',
        })
      ).Tags,
    ).toContainEqual({ Key: 'hybridctl:site', Value: 'demo' });
    const foreign = {
      Namespace: 'x',
      MetricName: 'y',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanThreshold',
    } as const;
    await aws.ask('cloudwatch', 'PutMetricAlarm', { ...foreign, AlarmName: 'hybridctl-demo-mine' });
    await aws.ask('cloudwatch', 'PutMetricAlarm', {
      ...foreign,
      AlarmName: 'hybridctl-demo-more-alarms',
      Tags: [{ Key: 'hybridctl:site', Value: 'demo-more' }],
    });
    const before = await changing();
    const refused = await run(`create mine ${ONE} --topic ${TOPIC} --yes`);
    expect([refused.exit, refused.err]).toEqual([1, expect.stringContaining("is not hybridctl's")]);
    expect((await run('list --json')).json().alarms.map(({ name }: { name: string }) => name)).toEqual(['web']);
    expect([(await run('delete mine --yes')).exit, await changing()]).toEqual([2, before]);
    await run('delete --all --yes');
    expect(
      (await aws.all('cloudwatch', 'DescribeAlarms', {}, 'MetricAlarms')).map(({ AlarmName }) => AlarmName),
    ).toEqual(['hybridctl-demo-mine', 'hybridctl-demo-more-alarms']);
  });

  it('writes itself down as AWS CLI lines', async () => {
    const { run } = await start();
    await expect((await run('create --set gateways --mail ops@example.com --emit sh')).out).toMatchFileSnapshot(
      '../golden/procedures/alarms.sh',
    );
  });

  it('takes alarms of no site', async () => {
    const { run, alarms } = await start();
    expect((await run(`create web ${ONE} --group office --region cn-north-1 --topic ${TOPIC} --yes`)).exit).toBe(0);
    expect(await alarms()).toEqual([['hybridctl-office-web', TOPIC]]);
    expect((await run('list --group office --region cn-north-1')).out).toContain('web');
    expect((await run('list')).out).toContain('no alarms');
  });
});

describe('alarm create refuses', () => {
  it.each([
    ['create', 'name'],
    ['create web --set gateways', '--set'],
    ['create --set gateways --group a --region cn-north-1', '--group'],
    ['create web --threshold 1', '--metric'],
    [`create web --group office ${ONE}`, '--region'],
    [`create web ${ONE} --threshold x`, '--threshold'],
    [`create web ${ONE} --period 90s`, '--period'],
    [`create web ${ONE} --period 30s`, '--period'],
    [`create web ${ONE} --periods 2000`, '--periods'],
    [`create web ${ONE} --datapoints 4`, '--datapoints'],
    [`create web ${ONE} --period 60`, '60 has no unit: write 60s'],
    [`create web ${ONE} --ec2 recover`, '--ec2'],
    ['create web --namespace x --metric y --threshold 1 --ec2 stop', '--ec2'],
    [`create web ${ONE} --dimension nonsense`, '--dimension'],
    [`create web ${ONE} --topic arn:aws:sns:us-east-1:123456789012:ops`, '--topic'],
    [`create web ${ONE} --topic arn:aws-cn:sns:cn-northwest-1:123456789012:ops`, '--topic'],
    [`create web ${ONE} --scaling ${TOPIC}`, '--scaling'],
    [`create web ${ONE} --mail nobody`, '--mail'],
    ['create "a b"', 'name'],
    ['delete', 'names'],
    ['delete x --all', '--all'],
  ])('%s', async (line, field) => {
    const { run, changing } = await start();
    const { exit, err } = await run(`${line} --yes`);
    expect([exit, err, await changing()]).toEqual([2, expect.stringContaining(field), []]);
  });
});
