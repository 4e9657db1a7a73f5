import { usageError } from '../../lib/core/errors.ts';
import { arg, flag, toggle } from '../../lib/core/flags.ts';
import { choice, count, decimal, duration, mail, pair, text } from '../../lib/core/flags/kinds.ts';
import {
  alarmProblem,
  alarmsOf,
  COMPARISONS,
  EC2_ACTIONS,
  MISSING,
  scalingProblem,
  SETS,
  STATISTICS,
  topicProblem,
  type Alarm,
} from '../../lib/domain/alarms.ts';
import { alarmSteps } from '../../lib/procedures/alarms.ts';
import { arn } from '../../lib/domain/kinds.ts';
import { procedureCommand } from '../procedure.ts';
import { loadOwner, OWNER, OWNER_REQUIRES } from './shared.ts';

const word = (like: string) =>
  text({
    placeholder: 'name',
    shape: /^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/,
    what: '1 to 255 plain characters',
    like,
  });
const DIMENSION = pair(
  text({ placeholder: 'name', shape: /^[\x21-\x3c\x3e-\x7e]{1,255}$/, like: 'InstanceId' }),
  text({ placeholder: 'value', shape: /^[\x20-\x7e]{1,255}$/, like: 'i-0a1b2c3d' }),
);
const periods = count({ from: 1, to: 999_999 });

export const create = procedureCommand({
  verb: 'apply',
  path: 'alarm create',
  summary: 'create CloudWatch alarms on any published metric, or a ready set for gateways, tunnels and links',
  details:
    'An alarm acts when it begins: a topic is told (and of its end too), an instance is stopped, terminated, rebooted or recovered, a scaling policy is run; ARNs are those of the partition of the region. ' +
    '--set gateways recovers a gateway from broken hardware after two minutes and reboots one that does not answer after three; --set tunnels rests on what "vpn traffic" publishes, --set links on what "route monitor" does (monitor.records.cloudwatch in the site file). ' +
    'With --mail or --own-topic a topic hybridctl-SITE-alarms is made. Acting on instances needs a role that CloudWatch makes for itself the first time: iam:CreateServiceLinkedRole. Alarms carry the tags of the site and are named hybridctl-SITE-NAME; idempotent: a second run only repairs drift.',
  args: {
    name: arg(
      text({
        placeholder: 'name',
        shape: /^[A-Za-z][A-Za-z0-9-]{0,99}$/,
        what: 'a name of 1 to 100 letters, digits and dashes, beginning with a letter',
        like: 'web-cpu',
      }),
      'name of the alarm; not with --set',
    ),
  },
  flags: {
    ...OWNER,
    set: flag(choice(SETS, 'set'), 'ready alarms of the site file', { many: true }),
    namespace: flag(word('AWS/EC2'), 'of the metric: AWS/EC2, hybridctl, collectd …'),
    metric: flag(word('CPUUtilization'), 'name of the metric'),
    dimension: flag(DIMENSION, 'all dimensions of the metric: one more or less is another metric', { many: true }),
    statistic: flag(choice(STATISTICS), 'over a period', { default: 'Average' }),
    period: flag(duration({ from: '10s', to: '1d' }), '10s, 20s, 30s or a multiple of 60s', { default: '60s' }),
    periods: flag(periods, 'periods that are looked at', { default: '3' }),
    datapoints: flag(periods, 'of them over the threshold (default: all)'),
    comparison: flag(
      choice(Object.keys(COMPARISONS) as (keyof typeof COMPARISONS)[], 'sign'),
      'value against threshold',
      { default: 'ge' },
    ),
    threshold: flag(decimal(), 'the threshold'),
    missing: flag(choice(MISSING, 'how'), 'what a period without a value counts as', { default: 'missing' }),
    description: flag(word('CPU of the web servers'), 'for whoever is told (default: the metric)', {
      placeholder: 'text',
    }),
    topic: flag(arn({ service: 'sns', what: 'an SNS topic' }), 'SNS topic that is told', { many: true }),
    mail: flag(mail(), "e-mail for the alarms, by the site's own topic (must confirm once)", { many: true }),
    ownTopic: toggle("make the site's own topic without a mailbox"),
    scaling: flag(
      arn({
        service: 'autoscaling',
        what: 'a scaling policy',
        like: 'arn:aws-cn:autoscaling:cn-north-1:123456789012:scalingPolicy:UUID:autoScalingGroupName/web:policyName/out',
      }),
      'scaling policy to run',
      { many: true },
    ),
    ec2: flag(choice(EC2_ACTIONS, 'action'), 'done to the instance of the dimension InstanceId'),
  },
  conflicts: [
    ['name', 'set'],
    ['set', 'group'],
  ],
  requires: { name: ['metric', 'namespace', 'threshold'], ...OWNER_REQUIRES },
  oneOf: [['name', 'set']],
  examples: [
    {
      line: 'hybridctl alarm create --set gateways --set tunnels --mail ops@example.com --dry-run',
      why: 'the ready alarms of the site, and who is told',
    },
    {
      line: 'hybridctl alarm create web-cpu --namespace AWS/EC2 --metric CPUUtilization --dimension InstanceId=i-0e1466e8a5dd4892c --threshold 80 --period 5m --topic arn:aws-cn:sns:cn-north-1:123456789012:ops --yes',
      why: 'one alarm on any metric',
    },
    {
      line: 'hybridctl alarm create --group office --region cn-north-1 web-memory --namespace collectd --metric memory.percent.used --dimension Host=web-1 --threshold 90 --own-topic --yes',
      why: 'a metric of collectd, without a site file',
    },
  ],

  refine(options) {
    const { name, metric, namespace, threshold } = options;
    // "requires" says so already; the types do not know it.
    if (name === undefined || metric === undefined || namespace === undefined || threshold === undefined)
      return { ...options, alarm: undefined };
    const alarm: Alarm = {
      name,
      metric,
      namespace,
      description: options.description ?? metric,
      dimensions: Object.fromEntries(options.dimension),
      statistic: options.statistic,
      period: options.period / 1_000,
      periods: options.periods,
      datapoints: options.datapoints ?? options.periods,
      threshold,
      comparison: options.comparison,
      missing: options.missing,
      ec2: options.ec2,
      scaling: options.scaling,
    };
    const problem = alarmProblem(alarm);
    if (problem !== undefined) throw usageError(problem.why, { field: problem.field });
    return { ...options, alarm };
  },

  async procedure({ alarm, topic: topics, mail: mails, ownTopic, ...options }, ports) {
    const sets = SETS.filter((set) => options.set.includes(set));
    const { name, region, site } = await loadOwner(ports, options);
    for (const [field, arns, problemOf] of [
      ['--topic', topics, topicProblem],
      ['--scaling', alarm?.scaling ?? [], scalingProblem],
    ] as const) {
      const problem = arns.map((one) => problemOf(one, region)).find((one) => one !== undefined);
      if (problem !== undefined) throw usageError(problem, { field });
    }
    const alarms = alarm === undefined ? sets.flatMap((set) => alarmsOf(site!, set)) : [alarm];
    if (
      alarms.every(({ ec2 }) => ec2 === undefined) &&
      (alarm?.scaling ?? []).length === 0 &&
      topics.length === 0 &&
      mails.length === 0 &&
      !ownTopic
    )
      ports.progress('warning: these alarms tell nobody and do nothing: give --topic or --mail');
    const steps = alarmSteps({ site: name, region, alarms, topics, mails, ownTopic, gateways: site?.gateways ?? [] });
    return { title: `the alarms of ${name}`, site: name, region, steps };
  },
});
