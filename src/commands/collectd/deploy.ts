import { defineCommand, flag, FLAG, list, text, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { HOST_NAME } from '../../lib/domain/collectd/config.ts';
import type { Sender } from '../../lib/domain/collectd/policy.ts';
import type { Fleet, FleetResult } from '../../lib/procedures/collectd/fleet.ts';
import { hostPlanner, type DeployChoice } from '../../lib/procedures/collectd/host-plan.ts';
import { senderRole } from '../../lib/procedures/collectd/role.ts';
import { APPLY_FLAGS, procedureOptions, runApply, type ProcedureOptions } from '../procedure.ts';
import { FLEET_FLAGS, fleetOf, humanFleet, runFleet } from './shared.ts';

interface Options extends DeployChoice {
  readonly fleet: Fleet;
  readonly procedure: ProcedureOptions;
  /** Site for whose hosts a role is made. */
  readonly role: string | undefined;
}

const SENDERS = ['auto', 'agent', 'python'] as const;
const STATUS_URL = 'http://localhost/server-status?auto';
const READS = ['cpu', 'df', 'interface', 'load', 'memory', 'swap'];
const SITE = /^[a-z][a-z0-9-]{0,30}$/;

const refuse = (field: string, value: string | undefined, shape: RegExp, next: string): void => {
  if (value !== undefined && !shape.test(value)) throw usageError(`${value.slice(0, 60)} is none`, { field, next });
};

const optionsOf = (raw: Raw): Options => {
  const apache = raw.flags['apache'] === true ? STATUS_URL : text(raw, 'apache');
  const reads = list(raw, 'read');
  const flush = Number(text(raw, 'flush'));
  const fleet = fleetOf(raw);
  const options = {
    fleet,
    procedure: procedureOptions(raw),
    plugin: SENDERS.find((one) => one === text(raw, 'plugin'))!,
    name: text(raw, 'name'),
    reads: reads.length === 0 ? READS : reads,
    apache,
    whitelist: text(raw, 'whitelist'),
    credentials: text(raw, 'credentials'),
    package: text(raw, 'package'),
    sha256: text(raw, 'sha256'),
    flush,
    debug: flag(raw, 'debug'),
    prove: !flag(raw, 'skipProof'),
    role: text(raw, 'role'),
    user: text(raw, 'user'),
  };
  refuse(
    '--apache',
    apache,
    /^http:\/\/[A-Za-z0-9.-]{1,200}(:\d{1,5})?\/[A-Za-z0-9._/-]{1,100}\?auto$/,
    `give a URL like ${STATUS_URL}`,
  );
  for (const name of reads)
    refuse('--read', name, /^[a-z][a-z0-9_]{0,40}$/, 'give names of collectd plugins, like memory');
  refuse('--name', options.name, HOST_NAME, 'give letters, digits and "._-"');
  refuse('--sha256', options.sha256, /^[0-9a-f]{64}$/, 'give the 64 hexadecimal digits that sha256sum prints');
  if (!Number.isInteger(flush) || flush < 1 || flush > 60)
    throw usageError('is no number of seconds from 1 to 60', { field: '--flush' });
  if (options.name !== undefined && fleet.hosts.length > 1)
    throw usageError('one name for several hosts would make one metric of theirs', {
      field: '--name',
      next: 'leave it away: each has its instance id or host name',
    });
  for (const name of ['role', 'user'] as const)
    refuse(`--${name}`, options[name], SITE, 'give a name of small letters, digits and "-"');
  const keys = (['role', 'user', 'credentials'] as const).filter((name) => options[name] !== undefined);
  if (keys.length > 1)
    throw usageError(`goes without --${keys[1]}`, { field: `--${keys[0]}`, next: 'a host publishes as one of them' });
  if (options.role !== undefined && options.plugin === 'auto')
    throw usageError('allows one sender its namespace', {
      field: '--role',
      next: 'say --plugin agent or --plugin python',
    });
  if (options.role !== undefined && options.procedure.region === undefined)
    throw usageError('is needed', { field: '--region', next: 'give the region whose partition the role is for' });
  if ((options.package === undefined) !== (options.sha256 === undefined))
    throw usageError('goes with the other', {
      field: options.package === undefined ? '--package' : '--sha256',
      next: 'give --package and --sha256',
    });
  return options;
};

export const deploy = defineCommand<Options, FleetResult>({
  path: 'collectd deploy',
  summary: 'collectd on hosts, its metrics in CloudWatch, and proof that they arrive',
  details:
    "On every host at once: packages by apt, dnf or yum; the sender (the CloudWatch Agent's collectd section, or the Python plugin of awslabs/collectd-cloudwatch with its endpoint mended for China); configuration beside the host's own, " +
    'which gets one Include line and is kept as it was; collectd started anew; and the heartbeat metric read back from CloudWatch. A configuration is tried by collectd itself before it takes the place of another, and what fails is put back. ' +
    'The Python plugin is Python 2 and its last change is of 2021: where collectd has Python 3 (Debian 12) a package that it can not import is refused. The package is the archive that GitHub makes of it, as a file or an https address that the host can reach. ' +
    "Region and host name are the instance's own on EC2. Credentials are the instance's role (--role makes one; attaching it to a running instance is yours), a user's key (--user makes one for each host, whose secret goes from IAM's answer into a file of mode 0600 there), or a file of the AWS CLI's form. A second run changes nothing. A host that can not be reached is told and the others go on; exit 5.",
  flags: [
    ...FLEET_FLAGS,
    {
      flags: '--plugin <sender>',
      summary: 'agent, python, or auto: the agent where the host can have it',
      choices: SENDERS,
      default: 'auto',
    },
    {
      flags: '--name <host>',
      summary: "host in the metrics' dimensions (default: the instance's id, else the host's name)",
    },
    {
      flags: '--read <plugin...>',
      summary: `what collectd reads (default: ${READS.join(' ')}); uptime always, as the heartbeat`,
    },
    {
      flags: '--apache [url]',
      summary: `Apache's mod_status too, turned on where it is off (default URL: ${STATUS_URL})`,
    },
    {
      flags: '--role <site>',
      summary: 'make a role and instance profile hybridctl-SITE-collectd that may publish and nothing else',
    },
    {
      flags: '--user <site>',
      summary:
        'make a user hybridctl-SITE-collectd-HOST for each host that may publish and nothing else; its one key is on that host alone',
    },
    {
      flags: '--whitelist <file>',
      summary: "the plugin's whitelist (default: the host's own; where there is none, the heartbeat)",
    },
    {
      flags: '--credentials <file>',
      summary: 'AWS credentials for the sender, in place of a role; written with mode 0600',
    },
    {
      flags: '--package <file|url>',
      summary: 'archive of awslabs/collectd-cloudwatch (.tar.gz), as a file here or an https address',
    },
    { flags: '--sha256 <hex>', summary: 'its SHA-256; another file is not installed' },
    { flags: '--flush <seconds>', summary: 'between two calls of PutMetricData', default: '60' },
    { flags: '--debug', summary: "the field document's debug mode: the plugin logs what it sends" },
    { flags: '--skip-proof', summary: 'do not ask CloudWatch whether the heartbeat came' },
    ...APPLY_FLAGS.filter(({ flags }) => !/^--(adopt|keep-on-failure)\b/.test(flags)).map((one) =>
      one === FLAG.region ? { ...one, summary: "where the metrics go (default: the instance's own)" } : one,
    ),
  ],
  examples: [
    { line: 'sudo hybridctl collectd deploy --dry-run', why: 'what would be done on this host' },
    {
      line: 'hybridctl collectd deploy --host ec2-user@203.0.113.11 ec2-user@203.0.113.12 --region cn-north-1 --yes',
      why: 'two instances, by their role',
    },
    {
      line: `hybridctl collectd deploy --host root@10.10.3.7 --plugin python --package collectd-cloudwatch.tar.gz --sha256 ${'0'.repeat(64)} --region cn-north-1 --user office --whitelist whitelist.conf --apache`,
      why: 'a host of the office as a user of its own, as in the field document',
    },
  ],
  parse: optionsOf,

  async run(options, ports) {
    const { fleet, procedure } = options;
    const roleSteps =
      options.role === undefined ? [] : senderRole(options.role, procedure.region!, options.plugin as Sender);
    // A runbook is of one host and has all in it; else the role comes first, once.
    const first = procedure.emit === undefined && roleSteps.length > 0;
    const cloud = first
      ? (await runApply(ports, { title: 'the role of the hosts', site: options.role!, steps: roleSteps }, procedure))
          .result.steps
      : [];
    const planOf = await hostPlanner(ports, options, procedure.region);
    const outcome = await runFleet(ports, fleet, procedure, 'collectd', async (machine, host) => {
      const { plan, region } = await planOf(machine, host);
      return { plan: first ? plan : { ...plan, steps: [...roleSteps, ...plan.steps] }, region };
    });
    return { ...outcome, result: { ...outcome.result, cloud } };
  },
  human: humanFleet,
});
