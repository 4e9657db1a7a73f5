import { defineCommand } from '../../lib/core/define.ts';
import { usageError } from '../../lib/core/errors.ts';
import { flag, saying, toggle } from '../../lib/core/flags.ts';
import { choice, duration, path, secretFile, text } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { HOST_NAME } from '../../lib/domain/collectd/config.ts';
import type { Sender } from '../../lib/domain/collectd/policy.ts';
import { hostPlanner } from '../../lib/procedures/collectd/host-plan.ts';
import { senderRole } from '../../lib/procedures/collectd/role.ts';
import { runApply } from '../procedure.ts';
import { FLEET, FLEET_APPLY, humanFleet, runFleet } from './shared.ts';

const STATUS_URL = 'http://localhost/server-status?auto';
const READS = ['cpu', 'df', 'interface', 'load', 'memory', 'swap'];

const site = text({
  placeholder: 'site',
  shape: /^[a-z][a-z0-9-]{0,30}$/,
  what: 'a name of at most 31 lowercase letters, digits and "-"',
  like: 'office',
});

export const deploy = defineCommand({
  path: 'collectd deploy',
  summary: 'collectd on hosts, its metrics in CloudWatch, and proof that they arrive',
  details:
    "On every host at once: packages by apt, dnf or yum; the sender (the CloudWatch Agent's collectd section, or the Python plugin of awslabs/collectd-cloudwatch with its endpoint fixed for China); configuration beside the host's own, " +
    'which gets one Include line and is kept as it was; collectd started anew; and the heartbeat metric read back from CloudWatch. A configuration is tried by collectd itself before it takes the place of another, and what fails is put back. ' +
    'The Python plugin is Python 2 and its last change is of 2021: where collectd has Python 3 (Debian 12) a package that it can not import is refused. The package is the archive that GitHub makes of it, as a file or an https address that the host can reach. ' +
    "Region and host name are the instance's own on EC2. Credentials are the instance's role (--role makes one; attaching it to a running instance is yours), a user's key (--user makes one for each host, whose secret goes from IAM's answer into a file of mode 0600 there), or a file of the AWS CLI's form. A second run changes nothing. A host that can not be reached is told and the others go on; exit 5.",
  flags: {
    ...FLEET,
    plugin: flag(
      choice(['auto', 'agent', 'python'], 'sender'),
      'agent, python, or auto: the agent where the host can have it',
      {
        default: 'auto',
      },
    ),
    name: flag(
      text({ placeholder: 'host', shape: HOST_NAME, what: 'a name of letters, digits and "._-"', like: 'web-1' }),
      "host in the metrics' dimensions (default: the instance's id, else the host's name)",
    ),
    read: flag(
      text({
        placeholder: 'plugin',
        shape: /^[a-z][a-z0-9_]{0,40}$/,
        what: 'the name of a collectd plugin',
        like: 'memory',
      }),
      `what collectd reads (default: ${READS.join(', ')}); uptime always, as the heartbeat`,
      { many: true },
    ),
    apache: flag(
      text({
        placeholder: 'url',
        shape: /^http:\/\/[A-Za-z0-9.-]{1,200}(:\d{1,5})?\/[A-Za-z0-9._/-]{1,100}\?auto$/,
        what: 'the address of a status page',
        like: STATUS_URL,
      }),
      `Apache's mod_status too, turned on where it is off (default URL: ${STATUS_URL})`,
      { bare: true },
    ),
    role: flag(site, 'make a role and instance profile hybridctl-SITE-collectd that may publish and nothing else'),
    user: flag(
      site,
      'make a user hybridctl-SITE-collectd-HOST for each host that may publish and nothing else; its one key is on that host alone',
    ),
    whitelist: flag(path(), "the plugin's whitelist (default: the host's own; where there is none, the heartbeat)"),
    credentials: flag(secretFile(), 'AWS credentials for the sender, in place of a role; written with mode 0600'),
    package: flag(path(), 'archive of awslabs/collectd-cloudwatch (.tar.gz), as a file here or an https address', {
      placeholder: 'file|url',
    }),
    sha256: flag(
      text({
        placeholder: 'hex',
        shape: /^[0-9a-f]{64}$/,
        what: 'the 64 hexadecimal digits that sha256sum prints',
        like: `${'0a1b2c3d'.repeat(8)}`,
      }),
      'its SHA-256; another file is not installed',
    ),
    flush: flag(duration({ from: '1s', to: '60s' }), 'between two calls of PutMetricData', { default: '60s' }),
    debug: toggle("the field document's debug mode: the plugin logs what it sends"),
    skipProof: toggle('do not ask CloudWatch whether the heartbeat came'),
    ...FLEET_APPLY,
    region: saying(FLEET_APPLY.region, "where the metrics go (default: the instance's own)"),
  },
  conflicts: [['role', 'user', 'credentials']],
  requires: { role: ['region'], package: ['sha256'], sha256: ['package'] },
  examples: [
    { line: 'sudo hybridctl collectd deploy --dry-run', why: 'what would be done on this host' },
    {
      line: 'hybridctl collectd deploy --host ec2-user@203.0.113.11 --host ec2-user@203.0.113.12 --region cn-north-1 --yes',
      why: 'two instances, by their role',
    },
    {
      line: `hybridctl collectd deploy --host root@10.10.3.7 --plugin python --package collectd-cloudwatch.tar.gz --sha256 ${'0'.repeat(64)} --region cn-north-1 --user office --whitelist whitelist.conf --apache`,
      why: 'a host of the office as a user of its own, as in the field document',
    },
  ],
  refine(options) {
    const { read, apache, flush, skipProof, name, role, plugin, host } = options;
    if (flush % 1_000 !== 0) throw usageError('is in whole seconds: write it like 10s', { field: '--flush' });
    if (name !== undefined && new Set(host).size > 1)
      throw usageError('one name for several hosts would merge their metrics', {
        field: '--name',
        next: 'leave it out: each host then has its instance id or host name',
      });
    if (role !== undefined && plugin === 'auto')
      throw usageError('allows one sender its namespace', {
        field: '--role',
        next: 'add --plugin agent or --plugin python',
      });
    return {
      ...options,
      reads: read.length === 0 ? READS : read,
      apache: apache === true ? STATUS_URL : apache,
      flush: flush / 1_000,
      prove: !skipProof,
    };
  },

  async run(options, ports) {
    const roleSteps =
      options.role === undefined ? [] : senderRole(options.role, options.region!, options.plugin as Sender);
    // A runbook is of one host and has all in it; else the role comes first, once.
    const first = options.emit === undefined && roleSteps.length > 0;
    const cloud = first
      ? (await runApply(ports, { title: 'the role of the hosts', site: options.role!, steps: roleSteps }, options))
          .result.steps
      : [];
    const planOf = await hostPlanner(ports, options, options.region);
    const outcome = await runFleet(ports, options, 'collectd', async (machine, host) => {
      const { plan, region } = await planOf(machine, host);
      return { plan: first ? plan : { ...plan, steps: [...roleSteps, ...plan.steps] }, region };
    });
    return { ...outcome, result: { ...outcome.result, cloud } };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).collectdDeploy),
  data: (result) => result,
  human: humanFleet,
});
