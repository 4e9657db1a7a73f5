import type { Emit, Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT, missingFlag } from '../../lib/core/errors.ts';
import { flag, saying, toggle } from '../../lib/core/flags.ts';
import { count, duration, text } from '../../lib/core/flags/kinds.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { siteName } from '../../lib/domain/kinds.ts';
import { LOCAL_CHARON } from '../../lib/domain/sa.ts';
import { runTraffic } from '../../lib/monitor/traffic-run.ts';
import type { TrafficSample } from '../../lib/monitor/traffic.ts';
import { absolute } from '../../lib/site/file.ts';
import { trafficChart, trafficLine, trafficTable } from '../../lib/status/traffic-text.ts';
import { FLAG, viciUri } from '../flags.ts';

interface Result {
  readonly samples: number;
  readonly last: TrafficSample | null;
  readonly chart: string;
}

/** Samples that are drawn. */
const DRAWN = 60;

const namespace = text({
  placeholder: 'name',
  shape: /^(?!AWS\/)[A-Za-z0-9][A-Za-z0-9._/#-]{0,99}$/,
  what: 'a namespace of your own (letters, digits, ".", "_", "/", "#" and "-", not beginning with AWS/)',
  like: 'Office/VPN',
});

const networkInterface = text({
  placeholder: 'name',
  shape: /^[A-Za-z0-9][A-Za-z0-9._@-]{0,14}$/,
  what: 'the name of an interface',
  like: 'tunnel1',
});

/** The newest sample, to a person and to --json. */
const show = (ports: Ports, emit: Emit, samples: readonly TrafficSample[], graph: boolean): void => {
  const { at, ...sample } = samples.at(-1)!;
  emit({ kind: 'traffic', at: new Date(at).toISOString(), ...sample });
  const drawn = graph ? trafficChart(samples) : '';
  if (drawn === '') return ports.progress(trafficLine(samples.at(-1)!));
  const text = `${drawn}\n\n${trafficLine(samples.at(-1)!)}`;
  if (ports.live === undefined) return ports.progress(text);
  // On a terminal the chart stands still and is drawn over.
  ports.live(text, samples.length > 2 ? text.split('\n').length - 1 : 0);
};

export const traffic = defineCommand({
  path: 'vpn traffic',
  summary: 'publish the traffic of tunnels to CloudWatch or Prometheus, or draw it',
  details:
    'Reads the counters of every tunnel interface and of every ESP pair that charon has, and publishes what passed since the look before: TunnelState, TunnelDataIn and TunnelDataOut (dimensions Site, Tunnel), InterfaceDataIn and InterfaceDataOut (Site, Host, Interface), in bytes. ' +
    'Rekeys, interfaces that were made again and counters that were reset count from nothing. Samples lie on disk until CloudWatch has them, a thousand figures a compressed call. ' +
    'It runs until stopped; --once takes one sample, from the counters that the last run remembered (for cron; the first run only remembers). CloudWatch bills each metric: three a tunnel, two an interface; --no-cloudwatch only shows and serves them.',
  flags: {
    site: FLAG.site,
    name: flag(siteName(), 'in place of a site file: what the dimension Site says; --region is then needed'),
    region: FLAG.region,
    profile: FLAG.profile,
    uri: flag(viciUri, `VICI socket of a charon (default: ${LOCAL_CHARON}, where it is)`, {
      many: true,
      env: 'HYBRIDCTL_VICI_URI',
    }),
    interface: flag(networkInterface, 'this interface (default: all tunnel interfaces)', { many: true }),
    interval: flag(duration({ from: '1s', to: '1h' }), 'between two samples', { default: '60s' }),
    count: flag(count({ from: 1, to: 999_999 }), 'end after so many samples'),
    once: toggle('one sample since the last run, then end'),
    namespace: flag(namespace, "CloudWatch namespace (default: the site file's, else hybridctl)"),
    noCloudwatch: toggle('publish nothing'),
    metricsPort: flag(
      count({ from: 1, to: 65_535, placeholder: 'port' }),
      'serve /metrics for Prometheus on 127.0.0.1',
    ),
    graph: toggle('draw the rates of the last hour of samples'),
    stateDir: saying(FLAG.stateDir, 'what the last run remembered, and samples that CloudWatch does not have yet'),
  },
  conflicts: [['once', 'count']],
  examples: [
    { line: 'sudo hybridctl vpn traffic', why: 'every minute to CloudWatch, until stopped' },
    { line: 'sudo hybridctl vpn traffic --once', why: 'from cron' },
    { line: 'sudo hybridctl vpn traffic --no-cloudwatch --interval 1s --graph', why: 'to look at' },
    {
      line: 'sudo hybridctl vpn traffic --name office --region cn-north-1 --interface tunnel1 --metrics-port 9743',
      why: 'without a site file, one interface, for Prometheus too',
    },
  ],
  streams: true,

  refine(options, { cwd }) {
    const { site: file, name, region, namespace: space, noCloudwatch, once } = options;
    if (name !== undefined && region === undefined && !noCloudwatch)
      throw missingFlag('--region', 'with --name add --region, like --region cn-north-1, or --no-cloudwatch');
    return {
      scope: { file, name, region, namespace: space },
      profile: options.profile,
      uris: options.uri,
      interfaces: options.interface.length === 0 ? undefined : options.interface,
      intervalMs: options.interval,
      count: once ? 1 : options.count,
      once,
      cloudwatch: !noCloudwatch,
      port: options.metricsPort,
      graph: options.graph,
      stateDir: absolute(cwd, options.stateDir),
    };
  },

  async run({ graph, ...options }, ports, emit): Promise<Outcome<Result>> {
    const samples: TrafficSample[] = [];
    await runTraffic(options, ports, (sample) => {
      samples.push(sample);
      if (samples.length > DRAWN) samples.shift();
      show(ports, emit, samples, graph);
    });
    return {
      result: { samples: samples.length, last: samples.at(-1) ?? null, chart: graph ? trafficChart(samples) : '' },
      exit: ports.signal.reason === 'SIGINT' ? EXIT.interrupted : EXIT.ok,
    };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).vpnTraffic),
  human: ({ last, chart, samples }, style) =>
    last === null
      ? 'first look: what passes from now on is told by the next'
      : [
          trafficTable(last, style),
          ...(chart === '' ? [] : ['', chart]),
          '',
          `${samples} ${samples === 1 ? 'sample' : 'samples'}`,
        ].join('\n'),
});
