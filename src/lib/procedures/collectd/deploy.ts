import { failure, usageError } from '../../core/errors.ts';
import type { ReadResult, RunCall, Step } from '../../core/procedure.ts';
import { HOST_NAME, settingIn, withAgentCredentials, withInclude } from '../../domain/collectd/config.ts';
import { heartbeat, type Sender } from '../../domain/collectd/policy.ts';
import { readWhitelist } from '../../domain/collectd/whitelist.ts';
import { renderAgentConf, renderCollectdConf, renderPluginConf } from '../../render/collectd/index.ts';
import { statusStep } from './apache.ts';
import { daemonStep, isRunning, MARK, markCall, newerThan, restartCalls, run, script, stopCalls } from './daemon.ts';
import { filesStep, trialCalls, type HostFile } from './files.ts';
import type { CollectdHost, Where } from './host.ts';
import {
  endpointStep,
  LACKS_PACKAGE,
  PLUGIN_CONFIG,
  PLUGINS,
  pluginStep,
  startedStep,
  WRITER,
  type PluginPackage,
} from './plugin.ts';
import { LONGEST_USER, senderUser, userNameOf } from './role.ts';

export interface Deployment {
  readonly sender: Sender;
  readonly region: string;
  /** Names of collectd's plugins, apache among them or not. */
  readonly reads: readonly string[];
  readonly apache: string | undefined;
  /**
   * Text of the whitelist; absent: the host's own is kept, and where there is none, the heartbeat alone is published.
   */
  readonly whitelist: string | undefined;
  /** Text of an AWS credentials file. */
  readonly credentials: string | undefined;
  /** Site for which a user with a key is made; without it and `credentials`: the instance's role. */
  readonly user: string | undefined;
  /** Host in the dimensions; absent: its own. */
  readonly name: string | undefined;
  readonly flush: number;
  readonly debug: boolean;
  readonly package: PluginPackage | undefined;
  /** Ask CloudWatch whether the heartbeat came. */
  readonly prove: boolean;
}

/** The metric by which a host is proven to publish, and the line that lets it through. */
const HEARTBEAT = 'uptime--uptime-';
const HEARTBEAT_LINE = 'uptime--uptime-.*';

const DROP_IN = '/etc/hybridctl/collectd.conf';
const CREDENTIALS = '/etc/hybridctl/collectd-credentials';
const AGENT_CONF = '/etc/hybridctl/amazon-cloudwatch-agent.json';
const WHITELIST = `${PLUGIN_CONFIG}/whitelist.conf`;
/** What a file of the user's is kept as. */
const BEFORE = '.before-hybridctl';
const AGENT = '/opt/aws/amazon-cloudwatch-agent';
const AGENT_CTL = `${AGENT}/bin/amazon-cloudwatch-agent-ctl`;
const AGENT_COMMON = `${AGENT}/etc/common-config.toml`;

/** What each distribution calls it. Debian's collectd-core is the daemon with all its plugins. */
const PACKAGES = {
  'apt-get': { collectd: ['collectd-core'], python: [], apache: [], agent: [] },
  dnf: {
    collectd: ['collectd'],
    python: ['collectd-python'],
    apache: ['collectd-apache'],
    agent: ['amazon-cloudwatch-agent'],
  },
  yum: {
    collectd: ['collectd'],
    python: ['collectd-python'],
    apache: ['collectd-apache'],
    agent: ['amazon-cloudwatch-agent'],
  },
} as const;

/** $1 is what shows that the sender is there, or nothing; then names of collectd's plugins. */
const HAS =
  'command -v collectd >/dev/null || exit 1; [ -z "$1" ] || [ -e "$1" ] || exit 1; shift; for p; do for d in /usr/lib/collectd /usr/lib64/collectd /usr/lib/*/collectd; do [ ! -e "$d/$p.so" ] || continue 2; done; exit 1; done';

const packagesStep = (host: CollectdHost, { sender, apache }: Deployment): Step => {
  const plugins = [
    ...(sender === 'python' ? ['python' as const] : []),
    ...(apache === undefined ? [] : ['apache' as const]),
  ];
  const wanted = ['collectd' as const, ...plugins, ...(sender === 'agent' && !host.agent ? ['agent' as const] : [])];
  return {
    key: 'packages',
    title: 'packages',
    async read({ shell }): Promise<ReadResult> {
      const { exitCode } = await shell.run('sh', [
        '-c',
        `PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; ${HAS}`,
        'sh',
        sender === 'agent' ? AGENT_CTL : '',
        ...plugins,
      ]);
      return exitCode === 0 ? { state: 'ready', found: { id: 'collectd', owned: false } } : { state: 'absent' };
    },
    create: () => {
      if (host.manager === undefined)
        throw failure('the host has neither apt-get, dnf nor yum', {
          next: 'install collectd yourself, then run this again',
        });
      const names = wanted.flatMap((what) => PACKAGES[host.manager!][what]);
      if (wanted.includes('agent') && host.manager === 'apt-get')
        throw failure('the CloudWatch Agent is in no Debian repository', {
          next: "install AWS's amazon-cloudwatch-agent.deb, then run this again; or --plugin python",
        });
      if (host.manager === 'apt-get')
        return [
          script(
            'the packages',
            'export DEBIAN_FRONTEND=noninteractive; apt-get -qq update; exec apt-get -qq install -y --no-install-recommends "$@"',
            ...names,
          ),
        ];
      // On Amazon Linux 2 collectd is an "extra" that has to be turned on first.
      return [
        script(
          'the packages',
          'm=$1; shift; if command -v amazon-linux-extras >/dev/null 2>&1; then amazon-linux-extras enable collectd >/dev/null; fi; exec "$m" install -q -y "$@"',
          host.manager,
          ...names,
        ),
      ];
    },
    timeoutMs: 10_000,
  };
};

/** Takes our file beside those that the agent has, or away again, and starts it anew. */
const agentCall = ({ region }: CollectdHost, verb: 'append-config' | 'remove-config'): RunCall =>
  run(AGENT_CTL, '-a', verb, '-m', region === undefined ? 'onPremise' : 'ec2', '-s', '-c', `file:${AGENT_CONF}`);

/** The agent has read our files as they are. @param files of ours that it reads. */
const agentStep = (host: CollectdHost, files: readonly string[]): Step => {
  const mark = '/var/lib/hybridctl/collectd-agent.loaded';
  const load = (): readonly RunCall[] => [agentCall(host, 'append-config'), markCall(mark)];
  return {
    key: 'agent',
    title: 'CloudWatch Agent',
    needs: ['packages', 'files'],
    async read({ shell }): Promise<ReadResult> {
      const [{ stdout }, stale] = await Promise.all([
        shell.run(AGENT_CTL, ['-a', 'status'], { timeoutMs: 30_000 }),
        newerThan({ shell }, mark, files),
      ]);
      const running = /"status": *"running"/.test(stdout);
      const wrong = [
        ...(running ? [] : [{ field: 'agent', is: 'not running' }]),
        ...stale.map((file) => ({ field: file, is: 'newer than what the agent has read' })),
      ];
      const found = { id: 'amazon-cloudwatch-agent', owned: false };
      return wrong.length === 0 ? { state: 'ready', found } : { state: 'differs', found, differences: wrong };
    },
    create: load,
    update: load,
  };
};

/** An agent or plugin sends once in `flush` seconds, and CloudWatch shows it within two minutes. */
const PROOF_MS = 180_000;

/** The heartbeat of this host, as CloudWatch itself shows it, since collectd started. */
const publishedStep = ({ sender, flush }: Deployment, name: string): Step => ({
  key: 'published',
  title: `metrics of ${name} in CloudWatch`,
  needs: ['collectd'],
  async read({ aws, shell }): Promise<ReadResult> {
    const { stdout } = await shell.run('sh', ['-c', 'date +%s; stat -c %Y "$1"', 'sh', MARK]);
    const [now = 0, since = now] = stdout.trim().split('\n').map(Number);
    const metric = heartbeat(sender, name);
    const { MetricDataResults } = await aws.ask('cloudwatch', 'GetMetricData', {
      StartTime: new Date(Math.max(since, now - 3_600) * 1_000),
      EndTime: new Date((now + 60) * 1_000),
      MetricDataQueries: [
        { Id: 'heartbeat', MetricStat: { Metric: metric, Period: Math.max(60, flush), Stat: 'SampleCount' } },
      ],
    });
    const came = (MetricDataResults ?? []).some(({ Values }) => (Values ?? []).length > 0);
    return came
      ? { state: 'ready', found: { id: `${metric.Namespace}/${metric.MetricName}`, owned: false } }
      : {
          state: 'pending',
          why: `${metric.Namespace}/${metric.MetricName} did not come: see collectd's log for the plugin's words, and what the role allows`,
        };
  },
  create: () => [],
  timeoutMs: PROOF_MS,
});

/** What its metrics carry as their host. Through the agent that is collectd's own name for itself. */
export const dimensionOf = ({ sender, name }: Pick<Deployment, 'sender' | 'name'>, host: CollectdHost): string =>
  name ?? (sender === 'agent' ? settingIn(host.main ?? '', 'Hostname') : undefined) ?? host.name;

/** What is on the host already, of what we write. */
interface Before {
  readonly whitelist: string | undefined;
  readonly agentCommon: string | undefined;
}

const filesOf = (host: CollectdHost, deployment: Deployment, name: string, before: Before): readonly HostFile[] => {
  const { sender, region, credentials, user, flush, debug, apache, reads } = deployment;
  const keyed = credentials !== undefined || user !== undefined;
  const conf = { sender, host: name, reads, apache, modules: PLUGINS, socket: !/\bunixsock\b/.test(host.main ?? '') };
  const common = keyed && sender === 'agent' ? withAgentCredentials(before.agentCommon, CREDENTIALS) : '';
  if (common === undefined)
    throw failure(`${AGENT_COMMON} names other credentials`, {
      next: 'take its [credentials] away, or leave --user and --credentials away',
    });
  const own: readonly (HostFile | false)[] = [
    credentials !== undefined && { path: CREDENTIALS, content: credentials, mode: 0o600 },
    sender === 'python' && {
      path: `${PLUGIN_CONFIG}/plugin.conf`,
      content: renderPluginConf({ region, host: name, credentials: keyed ? CREDENTIALS : undefined, flush, debug }),
      mode: 0o644,
    },
    sender === 'python' && {
      path: WHITELIST,
      content: deployment.whitelist ?? before.whitelist ?? `${HEARTBEAT_LINE}\n`,
      mode: 0o644,
    },
    sender === 'agent' && { path: AGENT_CONF, content: renderAgentConf({ region, flush, debug }), mode: 0o644 },
    common !== '' && { path: AGENT_COMMON, content: common, mode: 0o644 },
  ];
  return [
    ...own.filter((file) => file !== false),
    { path: DROP_IN, content: renderCollectdConf(conf), mode: 0o644 },
    // The user's own file as it was before us, kept once.
    ...(host.main === undefined || host.main === withInclude(host.main, DROP_IN)
      ? []
      : [{ path: `${host.config}${BEFORE}`, content: host.main, mode: 0o600 as const }]),
    { path: host.config, content: withInclude(host.main, DROP_IN), mode: 0o644 },
  ];
};

export interface HostPlan {
  readonly steps: readonly Step[];
  /** Files that are put back where it fails. */
  readonly paths: readonly string[];
  readonly again: readonly RunCall[];
}

/** @throws usage error for what does not fit together. */
export const planDeploy = async (where: Where, host: CollectdHost, deployment: Deployment): Promise<HostPlan> => {
  const { sender, user } = deployment;
  const name = dimensionOf(deployment, host);
  if (!HOST_NAME.test(name))
    throw usageError(`${JSON.stringify(name.slice(0, 60))}, as the host calls itself, is no name for metrics`, {
      field: '--name',
      next: 'give one of letters, digits and "._-"',
    });
  if (sender === 'agent' && deployment.credentials !== undefined && !/^\s*\[default\]/m.test(deployment.credentials))
    throw usageError('has no profile [default], which the agent asks for', { field: '--credentials' });
  if (user !== undefined && userNameOf(user, name).length > LONGEST_USER)
    throw usageError(`the user ${userNameOf(user, name)} would have a name of more than ${LONGEST_USER} characters`, {
      field: '--name',
      next: 'give the host a shorter one',
    });
  const [writer, whitelist, agentCommon, agentConf, runs] = await Promise.all([
    where.files.stat(WRITER),
    where.files.read(WHITELIST),
    where.files.read(AGENT_COMMON),
    where.files.stat(AGENT_CONF),
    isRunning(where, host),
  ]);
  if (sender === 'python' && deployment.package === undefined && writer === undefined)
    throw usageError('the plugin is not there', LACKS_PACKAGE);
  const judge = readWhitelist(deployment.whitelist ?? whitelist ?? HEARTBEAT_LINE).judge;
  if (sender === 'python' && deployment.prove && 'matches' in judge && !judge.matches(HEARTBEAT))
    throw usageError(`does not let the heartbeat ${HEARTBEAT} through, by which the host is proven to publish`, {
      field: '--whitelist',
      next: '"collectd whitelist add uptime", or --skip-proof',
    });
  const files = filesOf(host, deployment, name, { whitelist, agentCommon });
  const key = user === undefined ? [] : [CREDENTIALS];
  const trial = renderCollectdConf(
    { sender, host: name, reads: deployment.reads, apache: deployment.apache, modules: PLUGINS, socket: false },
    true,
  );
  const paths = [...key, ...files.map(({ path }) => path)];
  const agents = sender === 'agent' ? [AGENT_CONF, AGENT_COMMON, CREDENTIALS] : [];
  const steps: readonly (Step | false)[] = [
    packagesStep(host, deployment),
    sender === 'python' && pluginStep(deployment.package),
    sender === 'python' && deployment.region.startsWith('cn-') && endpointStep(),
    deployment.apache !== undefined && statusStep(deployment.apache, host.manager === 'apt-get'),
    filesStep('configuration', files, trialCalls(trial)),
    ...(user === undefined ? [] : senderUser(user, name, host.machine, sender, CREDENTIALS)),
    sender === 'agent' &&
      agentStep(
        host,
        paths.filter((path) => agents.includes(path)),
      ),
    daemonStep(
      host,
      paths.filter((path) => !agents.includes(path) && !path.endsWith(BEFORE)),
    ),
    sender === 'python' && startedStep(),
    deployment.prove && publishedStep(deployment, name),
  ];
  const agentAgain =
    sender === 'agent' && host.agent
      ? [agentCall(host, agentConf === undefined ? 'remove-config' : 'append-config')]
      : [];
  return {
    steps: steps.filter((step) => step !== false),
    paths,
    again: [...agentAgain, ...(runs ? restartCalls(host) : stopCalls(host))],
  };
};

/**
 * The whitelist alone: written, read by a collectd that starts anew, and proven to be read. @throws usage error where
 * there is no plugin.
 */
export const planWhitelist = async (where: Where, host: CollectdHost, content: string): Promise<HostPlan> => {
  if ((await where.files.stat(WRITER)) === undefined)
    throw usageError(`there is no plugin in ${PLUGINS}`, { next: 'first: hybridctl collectd deploy --plugin python' });
  const file: HostFile = { path: WHITELIST, content, mode: 0o644 };
  return {
    steps: [filesStep('whitelist', [file], []), daemonStep(host, [file.path]), startedStep()],
    paths: [file.path],
    again: restartCalls(host),
  };
};
