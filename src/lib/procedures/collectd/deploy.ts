import { failure, usageError } from '../../core/errors.ts';
import type { Look, RunCall, Step } from '../../core/procedure.ts';
import { withInclude } from '../../domain/collectd/config.ts';
import { heartbeat, type Sender } from '../../domain/collectd/policy.ts';
import { readWhitelist } from '../../domain/collectd/whitelist.ts';
import { renderAgentConf, renderCollectdConf, renderPluginConf } from '../../render/collectd/index.ts';
import { statusStep } from './apache.ts';
import { daemonStep, isRunning, MARK, restartCalls, run, script, stopCalls } from './daemon.ts';
import { filesStep, trialCalls, type HostFile } from './files.ts';
import type { CollectdHost, Where } from './host.ts';
import { endpointStep, LACKS_PACKAGE, PLUGIN_CONFIG, PLUGINS, pluginStep, startedStep, type PluginPackage } from './plugin.ts';

export interface Deployment {
  readonly sender: Sender;
  readonly region: string;
  /** Names of collectd's plugins, apache among them or not. */
  readonly reads: readonly string[];
  readonly apache: string | undefined;
  /** Text of the whitelist; absent: the host's own is kept, and where there is none, the heartbeat alone is published. */
  readonly whitelist: string | undefined;
  /** Text of an AWS credentials file; absent: the instance's role. */
  readonly credentials: string | undefined;
  readonly name: string;
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
const AGENT_CTL = '/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl';

/** What each distribution calls it. Debian's collectd-core is the daemon with all its plugins. */
const PACKAGES = {
  'apt-get': { collectd: ['collectd-core'], python: [], apache: [], agent: [] },
  'dnf': { collectd: ['collectd'], python: ['collectd-python'], apache: ['collectd-apache'], agent: ['amazon-cloudwatch-agent'] },
  'yum': { collectd: ['collectd'], python: ['collectd-python'], apache: ['collectd-apache'], agent: ['amazon-cloudwatch-agent'] },
} as const;

const HAS_PLUGINS = 'for p; do for d in /usr/lib/collectd /usr/lib64/collectd /usr/lib/*/collectd; do [ ! -e "$d/$p.so" ] || continue 2; done; exit 1; done';

const packagesStep = (host: CollectdHost, { sender, apache }: Deployment): Step => {
  const plugins = [...(sender === 'python' ? ['python' as const] : []), ...(apache === undefined ? [] : ['apache' as const])];
  const wanted = ['collectd' as const, ...plugins, ...(sender === 'agent' && !host.agent ? ['agent' as const] : [])];
  return {
    key: 'packages',
    title: 'packages',
    async look({ shell, files }): Promise<Look> {
      const there = (await shell.which('collectd')) !== undefined && (sender === 'python' || (await files.stat(AGENT_CTL)) !== undefined) && (plugins.length === 0 || (await shell.run('sh', ['-c', HAS_PLUGINS, 'sh', ...plugins])).exitCode === 0);
      return there ? { state: 'ready', found: { id: 'collectd', ours: false } } : { state: 'absent' };
    },
    make: () => {
      if (host.manager === undefined) throw failure('the host has neither apt-get, dnf nor yum', { next: 'install collectd yourself, then run this again' });
      const names = wanted.flatMap((what) => PACKAGES[host.manager!][what]);
      if (wanted.includes('agent') && host.manager === 'apt-get') throw failure('the CloudWatch Agent is in no Debian repository', { next: "install AWS's amazon-cloudwatch-agent.deb, then run this again; or --plugin python" });
      if (host.manager === 'apt-get') return [script('the packages', 'export DEBIAN_FRONTEND=noninteractive; apt-get -qq update; exec apt-get -qq install -y --no-install-recommends "$@"', ...names)];
      // On Amazon Linux 2 collectd is an "extra" that has to be turned on first.
      return [script('the packages', 'm=$1; shift; if command -v amazon-linux-extras >/dev/null 2>&1; then amazon-linux-extras enable collectd >/dev/null; fi; exec "$m" install -q -y "$@"', host.manager, ...names)];
    },
    patienceMs: 10_000,
  };
};

/** The agent takes our file beside those it has, and starts anew. */
const agentStep = (host: CollectdHost): Step => {
  const mark = '/var/lib/hybridctl/collectd-agent.loaded';
  const load = (): readonly RunCall[] => [
    run(AGENT_CTL, '-a', 'append-config', '-m', host.region === undefined ? 'onPremise' : 'ec2', '-s', '-c', `file:${AGENT_CONF}`),
    script('a mark', 'mkdir -p "$(dirname "$1")" && touch "$1"', mark),
  ];
  return {
    key: 'agent',
    title: 'CloudWatch Agent',
    needs: ['packages'],
    async look({ shell }): Promise<Look> {
      const { stdout } = await shell.run(AGENT_CTL, ['-a', 'status'], { timeoutMs: 30_000 });
      const running = /"status": *"running"/.test(stdout);
      const stale = (await shell.run('sh', ['-c', '[ -e "$1" ] && ! [ "$2" -nt "$1" ]', 'sh', mark, AGENT_CONF])).exitCode !== 0;
      const wrong = [...(running ? [] : ['it does not run']), ...(stale ? [`it has not read ${AGENT_CONF} as it is`] : [])];
      const found = { id: 'amazon-cloudwatch-agent', ours: false };
      return wrong.length === 0 ? { state: 'ready', found } : { state: 'differs', found, differences: wrong };
    },
    make: load,
    mend: load,
  };
};

/** An agent or plugin sends once in `flush` seconds, and CloudWatch shows it within two minutes. */
const PROOF_MS = 180_000;

/** The heartbeat of this host, as CloudWatch itself shows it, since collectd started. */
const publishedStep = ({ sender, name, flush }: Deployment): Step => ({
  key: 'published',
  title: `metrics of ${name} in CloudWatch`,
  needs: ['collectd'],
  async look({ aws, shell }): Promise<Look> {
    const { stdout } = await shell.run('sh', ['-c', 'date +%s; stat -c %Y "$1"', 'sh', MARK]);
    const [now = 0, since = now] = stdout.trim().split('\n').map(Number);
    const metric = heartbeat(sender, name);
    const { MetricDataResults } = await aws.ask('cloudwatch', 'GetMetricData', {
      StartTime: new Date(Math.max(since, now - 3_600) * 1_000),
      EndTime: new Date((now + 60) * 1_000),
      MetricDataQueries: [{ Id: 'heartbeat', MetricStat: { Metric: metric, Period: Math.max(60, flush), Stat: 'SampleCount' } }],
    });
    const came = (MetricDataResults ?? []).some(({ Values }) => (Values ?? []).length > 0);
    return came ? { state: 'ready', found: { id: `${metric.Namespace}/${metric.MetricName}`, ours: false } } : { state: 'pending', why: `${metric.Namespace}/${metric.MetricName} did not come: see collectd's log for the plugin's words, and what the role allows` };
  },
  make: () => [],
  patienceMs: PROOF_MS,
});

const filesOf = (host: CollectdHost, deployment: Deployment, hostWhitelist: string | undefined): readonly HostFile[] => {
  const { sender, region, credentials, name, flush, debug, apache, reads } = deployment;
  const conf = { sender, reads, apache, modules: PLUGINS, socket: !/\bunixsock\b/.test(host.main ?? '') };
  const whitelist = deployment.whitelist ?? hostWhitelist ?? `${HEARTBEAT_LINE}\n`;
  const own: readonly (HostFile | false)[] =
    sender === 'python'
      ? [
          credentials !== undefined && { path: CREDENTIALS, content: credentials, mode: 0o600 },
          { path: `${PLUGIN_CONFIG}/plugin.conf`, content: renderPluginConf({ region, host: name, credentials: credentials === undefined ? undefined : CREDENTIALS, flush, debug }), mode: 0o644 },
          { path: WHITELIST, content: whitelist, mode: 0o644 },
        ]
      : [{ path: AGENT_CONF, content: renderAgentConf({ region, flush, debug }), mode: 0o644 }];
  return [
    ...own.filter((file) => file !== false),
    { path: DROP_IN, content: renderCollectdConf(conf), mode: 0o644 },
    // The user's own file as it was before us, kept once.
    ...(host.main === undefined || host.main === withInclude(host.main, DROP_IN) ? [] : [{ path: `${host.config}${BEFORE}`, content: host.main, mode: 0o600 as const }]),
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
  const { sender } = deployment;
  if (sender === 'agent' && deployment.credentials !== undefined) throw usageError('is for the Python plugin', { field: '--credentials', next: "the agent reads its own: see common-config.toml in the agent's documentation" });
  if (sender === 'python' && deployment.package === undefined && (await where.files.stat(`${PLUGINS}/cloudwatch_writer.py`)) === undefined) throw usageError('the plugin is not there', LACKS_PACKAGE);
  const hostWhitelist = await where.files.read(WHITELIST);
  const judge = readWhitelist(deployment.whitelist ?? hostWhitelist ?? HEARTBEAT_LINE).judge;
  if (sender === 'python' && deployment.prove && 'matches' in judge && !judge.matches(HEARTBEAT)) throw usageError(`does not let the heartbeat ${HEARTBEAT} through, by which the host is proven to publish`, { field: '--whitelist', next: '"collectd whitelist add uptime", or --skip-proof' });
  const files = filesOf(host, deployment, hostWhitelist);
  const trial = renderCollectdConf({ sender, reads: deployment.reads, apache: deployment.apache, modules: PLUGINS, socket: false }, true);
  const read = files.map(({ path }) => path).filter((path) => path !== AGENT_CONF && !path.endsWith(BEFORE));
  const steps: readonly (Step | false)[] = [
    packagesStep(host, deployment),
    sender === 'python' && pluginStep(deployment.package),
    sender === 'python' && deployment.region.startsWith('cn-') && endpointStep(),
    deployment.apache !== undefined && statusStep(deployment.apache, host.manager === 'apt-get'),
    filesStep('configuration', files, trialCalls(trial)),
    sender === 'agent' && agentStep(host),
    daemonStep(host, read),
    sender === 'python' && startedStep(),
    deployment.prove && publishedStep(deployment),
  ];
  return { steps: steps.filter((step) => step !== false), paths: files.map(({ path }) => path), again: (await isRunning(where, host)) ? restartCalls(host) : stopCalls(host) };
};

/** The whitelist alone: written, read by a collectd that starts anew, and proven to be read. @throws usage error where there is no plugin. */
export const planWhitelist = async (where: Where, host: CollectdHost, content: string): Promise<HostPlan> => {
  if ((await where.files.stat(`${PLUGINS}/cloudwatch_writer.py`)) === undefined) throw usageError(`there is no plugin in ${PLUGINS}`, { next: 'first: hybridctl collectd deploy --plugin python' });
  const file: HostFile = { path: WHITELIST, content, mode: 0o644 };
  return { steps: [filesStep('whitelist', [file], []), daemonStep(host, [file.path]), startedStep()], paths: [file.path], again: restartCalls(host) };
};
