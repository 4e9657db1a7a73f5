import collectdSource from '../../../../templates/collectd/collectd.conf.hbs?raw';
import pluginSource from '../../../../templates/collectd/plugin.conf.hbs?raw';
import statusSource from '../../../../templates/collectd/status.conf.hbs?raw';
import { NAMESPACES, type Sender } from '../../domain/collectd/policy.ts';
import { template } from '../engine.ts';

const collectd = template(collectdSource);
const plugin = template(pluginSource);
const status = template(statusSource);

/** @param path of the URL at which mod_status answers. */
export const renderStatusConf = (path: string): string => status({ path });

/** Where collectd's network plugin and the agent's collectd section meet: both their defaults. */
const AGENT_PORT = 25_826;

export interface CollectdConf {
  readonly sender: Sender;
  /** Host in the metrics: to the agent collectd itself says it, the plugin has it in its own file. */
  readonly host: string;
  /** collectd plugins that read, by name; uptime is the heartbeat and always among them. */
  readonly reads: readonly string[];
  /** URL of mod_status, where apache is read. */
  readonly apache: string | undefined;
  /** Folder of the Python plugin. */
  readonly modules: string;
  /** A socket to ask it by; false where the main file has one. */
  readonly socket: boolean;
}

/**
 * What collectd reads and whom it sends it to. A trial has neither socket nor network: the daemon that runs has those.
 */
export const renderCollectdConf = (
  { sender, host, reads, apache, modules, socket }: CollectdConf,
  trial = false,
): string =>
  collectd({
    host: sender === 'agent' ? host : '',
    reads: [...new Set([...reads, 'uptime'])].filter((name) => name !== 'apache').sort(),
    apache: apache ?? '',
    socket: socket && !trial,
    modules: sender === 'python' ? modules : '',
    agent: sender === 'agent' && !trial ? String(AGENT_PORT) : '',
  });

export interface PluginConf {
  readonly region: string;
  readonly host: string;
  /** Absolute path of a credentials file; absent: the instance's role. */
  readonly credentials: string | undefined;
  /** Seconds between two calls, 1 to 60. */
  readonly flush: number;
  readonly debug: boolean;
}

/** plugin.conf of the Python plugin (modules/configuration/configreader.py). */
export const renderPluginConf = ({ region, host, credentials, flush, debug }: PluginConf): string =>
  plugin({ region, host, credentials: credentials ?? '', flush, debug: debug ? 'True' : 'False' });

/** The agent's configuration with a collectd section; what is not encrypted comes from this host alone. */
export const renderAgentConf = ({ region, flush, debug }: Pick<PluginConf, 'region' | 'flush' | 'debug'>): string =>
  `${JSON.stringify(
    {
      agent: { metrics_collection_interval: flush, region, debug },
      metrics: {
        namespace: NAMESPACES.agent,
        metrics_collected: {
          collectd: {
            service_address: `udp://127.0.0.1:${AGENT_PORT}`,
            name_prefix: 'collectd_',
            collectd_security_level: 'none',
            metrics_aggregation_interval: flush,
          },
        },
      },
    },
    undefined,
    2,
  )}\n`;
