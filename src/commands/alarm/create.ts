import { defineCommand, flag, FLAG, list, text, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
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
  type AlarmSet,
} from '../../lib/domain/alarms.ts';
import { alarmSteps } from '../../lib/procedures/alarms.ts';
import { mailIn } from '../events/shared.ts';
import {
  APPLY_FLAGS,
  humanProcedure,
  procedureOptions,
  runApply,
  type ProcedureOptions,
  type ProcedureResult,
} from '../procedure.ts';
import { GROUP_FLAG, loadOwner, ownerOf, type Owner } from './shared.ts';

interface Options {
  readonly owner: Owner;
  readonly sets: readonly AlarmSet[];
  readonly alarm: Alarm | undefined;
  readonly topics: readonly string[];
  readonly mails: readonly string[];
  readonly ownTopic: boolean;
  readonly procedure: ProcedureOptions;
}

const oneOf = <T extends string>(raw: Raw, name: string, values: readonly T[]): T =>
  values.find((value) => value === text(raw, name))!;

const numberIn = (raw: Raw, name: string, whole: boolean): number => {
  const given = text(raw, name);
  if (given === undefined) throw usageError('is needed', { field: `--${name}` });
  if (!(whole ? /^[1-9]\d{0,5}$/ : /^-?\d{1,15}(\.\d{1,9})?$/).test(given))
    throw usageError(`${given.slice(0, 30)} is no ${whole ? 'whole number' : 'number'}`, { field: `--${name}` });
  return Number(given);
};

const WORD = /^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/;
const worded = (raw: Raw, name: string, fallback?: string): string => {
  const value = text(raw, name) ?? fallback;
  if (value === undefined)
    throw usageError('is needed', { field: `--${name}`, next: 'give the metric, or a ready set by --set' });
  if (!WORD.test(value)) throw usageError('is not 1 to 255 plain characters', { field: `--${name}` });
  return value;
};

const dimension = (given: string): readonly [string, string] => {
  const [, name, value] = /^([\x21-\x3c\x3e-\x7e]{1,255})=([\x20-\x7e]{1,255})$/.exec(given) ?? [];
  if (name === undefined || value === undefined)
    throw usageError(`${given.replace(/[^\x20-\x7e]/g, '?').slice(0, 80)}: write NAME=VALUE`, { field: '--dimension' });
  return [name, value];
};

const alarmIn = (raw: Raw): Alarm => {
  const name = raw.args[0] as string;
  if (!/^[A-Za-z][A-Za-z0-9-]{0,99}$/.test(name))
    throw usageError('is not 1 to 100 letters, digits and dashes, beginning with a letter', { field: 'name' });
  const metric = worded(raw, 'metric');
  const periods = numberIn(raw, 'periods', true);
  const alarm: Alarm = {
    name,
    metric,
    namespace: worded(raw, 'namespace'),
    description: worded(raw, 'description', metric),
    dimensions: Object.fromEntries(list(raw, 'dimension').map(dimension)),
    statistic: oneOf(raw, 'statistic', STATISTICS),
    period: numberIn(raw, 'period', true),
    periods,
    datapoints: text(raw, 'datapoints') === undefined ? periods : numberIn(raw, 'datapoints', true),
    threshold: numberIn(raw, 'threshold', false),
    comparison: oneOf(raw, 'comparison', Object.keys(COMPARISONS) as Alarm['comparison'][]),
    missing: oneOf(raw, 'missing', MISSING),
    ec2: EC2_ACTIONS.find((action) => action === text(raw, 'ec2')),
    scaling: list(raw, 'scaling'),
  };
  const problem = alarmProblem(alarm);
  if (problem !== undefined) throw usageError(problem.why, { field: problem.field });
  return alarm;
};

export const create = defineCommand<Options, ProcedureResult>({
  path: 'alarm create',
  summary: 'make CloudWatch alarms on any published metric, or a ready set for gateways, tunnels and links',
  details:
    'An alarm acts when it begins: a topic is told (and of its end too), an instance is stopped, terminated, rebooted or recovered, a scaling policy is run; ARNs are those of the partition of the region. ' +
    '--set gateways recovers a gateway from broken hardware after two minutes and reboots one that does not answer after three; --set tunnels rests on what "vpn traffic" publishes, --set links on what "route monitor" does (monitor.records.cloudwatch in the site file). ' +
    'With --mail or --own-topic a topic hybridctl-SITE-alarms is made. Acting on instances needs a role that CloudWatch makes for itself the first time: iam:CreateServiceLinkedRole. Alarms carry the tags of the site and are named hybridctl-SITE-NAME; running it again changes what is no longer so.',
  args: [{ name: '[name]', summary: 'name of the alarm; not with --set' }],
  flags: [
    FLAG.site,
    GROUP_FLAG,
    { flags: '--set <set...>', summary: 'ready alarms of the site file', choices: SETS },
    { flags: '--namespace <name>', summary: 'of the metric: AWS/EC2, hybridctl, collectd …' },
    { flags: '--metric <name>', summary: 'name of the metric' },
    {
      flags: '--dimension <name=value...>',
      summary: 'all dimensions of the metric: one more or less is another metric',
    },
    { flags: '--statistic <name>', summary: 'over a period', choices: STATISTICS, default: 'Average' },
    { flags: '--period <seconds>', summary: '10, 20, 30 or a multiple of 60', default: '60' },
    { flags: '--periods <number>', summary: 'periods that are looked at', default: '3' },
    { flags: '--datapoints <number>', summary: 'of them over the threshold (default: all)' },
    {
      flags: '--comparison <sign>',
      summary: 'value against threshold',
      choices: Object.keys(COMPARISONS),
      default: 'ge',
    },
    { flags: '--threshold <number>', summary: 'the threshold' },
    {
      flags: '--missing <how>',
      summary: 'what a period without a value counts as',
      choices: MISSING,
      default: 'missing',
    },
    { flags: '--description <text>', summary: 'for whoever is told (default: the metric)' },
    { flags: '--topic <arn...>', summary: 'SNS topic that is told' },
    { flags: '--mail <address...>', summary: "mailbox that is told by the site's own topic; it has to say yes once" },
    { flags: '--own-topic', summary: "make the site's own topic without a mailbox" },
    { flags: '--scaling <arn...>', summary: 'scaling policy to run' },
    { flags: '--ec2 <action>', summary: 'done to the instance of the dimension InstanceId', choices: EC2_ACTIONS },
    ...APPLY_FLAGS,
  ],
  examples: [
    {
      line: 'hybridctl alarm create --set gateways --set tunnels --mail ops@example.com --dry-run',
      why: 'the ready alarms of the site, and who is told',
    },
    {
      line: 'hybridctl alarm create web-cpu --namespace AWS/EC2 --metric CPUUtilization --dimension InstanceId=i-0e1466e8a5dd4892c --threshold 80 --period 300 --topic arn:aws-cn:sns:cn-north-1:123456789012:ops --yes',
      why: 'one alarm on any metric',
    },
    {
      line: 'hybridctl alarm create --group office --region cn-north-1 web-memory --namespace collectd --metric memory.percent.used --dimension Host=web-1 --threshold 90 --own-topic --yes',
      why: 'a metric of collectd, without a site file',
    },
  ],

  parse(raw) {
    const owner = ownerOf(raw);
    const sets = SETS.filter((set) => list(raw, 'set').includes(set));
    const named = raw.args[0] !== undefined;
    if (named === sets.length > 0)
      throw usageError(
        named ? 'a name is of one alarm, and --set makes several' : 'name the alarm, or a ready set by --set',
        { field: named ? '--set' : 'name' },
      );
    if (sets.length > 0 && owner.group !== undefined)
      throw usageError('ready sets are of a site file', { field: '--group' });
    return {
      owner,
      sets,
      alarm: named ? alarmIn(raw) : undefined,
      topics: list(raw, 'topic'),
      mails: list(raw, 'mail').map(mailIn),
      ownTopic: flag(raw, 'ownTopic'),
      procedure: procedureOptions(raw),
    };
  },

  async run({ owner, sets, alarm, topics, mails, ownTopic, procedure }, ports) {
    const { name, region, site } = await loadOwner(ports, owner);
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
    return runApply(ports, { title: `the alarms of ${name}`, site: name, region, steps }, procedure);
  },
  human: humanProcedure,
});
