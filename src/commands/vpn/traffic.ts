import { defineCommand, flag, FLAG, list, text, type Emit, type Raw } from '../../lib/core/command.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { LOCAL_CHARON } from '../../lib/domain/sa.ts';
import { runTraffic, type ScopeFlags, type TrafficOptions } from '../../lib/monitor/traffic-run.ts';
import type { TrafficSample } from '../../lib/monitor/traffic.ts';
import { absolute } from '../../lib/site/file.ts';
import { trafficChart, trafficLine, trafficTable } from '../../lib/status/traffic-text.ts';
import { STATE_FLAG } from '../route/pin.ts';

interface Options extends TrafficOptions {
  readonly graph: boolean;
}

interface Result {
  readonly samples: number;
  readonly last: TrafficSample | null;
  readonly chart: string;
}

/** Samples that are drawn. */
const DRAWN = 60;

const numberIn = (raw: Raw, name: string, most: number): number | undefined => {
  const given = text(raw, name);
  if (given === undefined) return undefined;
  if (!/^\d{1,6}$/.test(given) || Number(given) < 1 || Number(given) > most)
    throw usageError(`${given.slice(0, 20)} is no whole number from 1 to ${most}`, {
      field: `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    });
  return Number(given);
};

const interfaceIn = (given: string): string => {
  if (!/^[A-Za-z0-9][A-Za-z0-9._@-]{0,14}$/.test(given))
    throw usageError(`${given.replace(/[^\x20-\x7e]/g, '?').slice(0, 40)} is no name of an interface`, {
      field: '--interface',
    });
  return given;
};

const scopeIn = (raw: Raw): ScopeFlags => {
  const [name, region, namespace] = [text(raw, 'name'), text(raw, 'region'), text(raw, 'namespace')];
  if (name !== undefined && !/^[A-Za-z][A-Za-z0-9-]{0,30}$/.test(name))
    throw usageError('is not 1 to 31 letters, digits and dashes', { field: '--name' });
  if (name !== undefined && region === undefined && raw.flags['cloudwatch'] !== false)
    throw usageError('is needed with --name', {
      field: '--region',
      next: 'give a region like cn-north-1, or --no-cloudwatch',
    });
  if (namespace !== undefined && !/^(?!AWS\/)[A-Za-z0-9][A-Za-z0-9._/#-]{0,99}$/.test(namespace))
    throw usageError(
      'is not a namespace of your own: letters, digits, ".", "_", "/", "#" and "-", not beginning with AWS/',
      { field: '--namespace' },
    );
  return { file: text(raw, 'site') ?? FLAG.site.default, name, region, namespace };
};

/** The newest sample, to a person and to --json. */
const show = (ports: Ports, emit: Emit, samples: readonly TrafficSample[], graph: boolean): void => {
  emit({ kind: 'traffic', ...samples.at(-1)! });
  const drawn = graph ? trafficChart(samples) : '';
  if (drawn === '') return ports.progress(trafficLine(samples.at(-1)!));
  const text = `${drawn}\n\n${trafficLine(samples.at(-1)!)}`;
  // On a terminal the chart stands still and is drawn over (ECMA-48 CUU and ED).
  const again = ports.live !== undefined && samples.length > 2 ? `\u001b[${text.split('\n').length}A\u001b[J` : '';
  ports.progress(again + text);
};

export const traffic = defineCommand<Options, Result>({
  path: 'vpn traffic',
  summary: 'traffic of tunnels and their interfaces as CloudWatch metrics, for Prometheus, and drawn',
  details:
    'Reads the counters of every tunnel interface and of every ESP pair that charon has, and publishes what passed since the look before: TunnelState, TunnelDataIn and TunnelDataOut (dimensions Site, Tunnel), InterfaceDataIn and InterfaceDataOut (Site, Host, Interface), in bytes. ' +
    'Rekeys, interfaces that were made again and counters that were reset count from nothing. Samples lie on disk until CloudWatch has them, a thousand figures a compressed call. ' +
    'It runs until stopped; --once takes one sample, from the counters that the last run remembered (for cron; the first run only remembers). CloudWatch bills each metric: three a tunnel, two an interface; --no-cloudwatch only shows and serves them.',
  flags: [
    FLAG.site,
    {
      flags: '--name <name>',
      summary: 'in place of a site file: what the dimension Site says; --region is then needed',
    },
    FLAG.region,
    FLAG.profile,
    {
      flags: '--uri <uri...>',
      summary: `vici socket of a charon (default: ${LOCAL_CHARON}, where it is)`,
      env: 'HYBRIDCTL_VICI_URI',
    },
    { flags: '--interface <name...>', summary: 'these interfaces (default: all tunnel interfaces)' },
    { flags: '--interval <seconds>', summary: 'between two samples', default: '60' },
    { flags: '--count <number>', summary: 'end after so many samples' },
    { flags: '--once', summary: 'one sample since the last run, then end' },
    { flags: '--namespace <name>', summary: "CloudWatch namespace (default: the site file's, else hybridctl)" },
    { flags: '--no-cloudwatch', summary: 'publish nothing' },
    { flags: '--metrics-port <port>', summary: 'serve /metrics for Prometheus on 127.0.0.1' },
    { flags: '--graph', summary: 'draw the rates of the last hour of samples' },
    STATE_FLAG,
  ],
  examples: [
    { line: 'sudo hybridctl vpn traffic', why: 'every minute to CloudWatch, until stopped' },
    { line: 'sudo hybridctl vpn traffic --once', why: 'from cron' },
    { line: 'sudo hybridctl vpn traffic --no-cloudwatch --interval 1 --graph', why: 'to look at' },
    {
      line: 'sudo hybridctl vpn traffic --name office --region cn-north-1 --interface tunnel1 --metrics-port 9743',
      why: 'without a site file, one interface, for Prometheus too',
    },
  ],
  streams: true,

  parse(raw, ports) {
    const once = flag(raw, 'once');
    const count = numberIn(raw, 'count', 999_999);
    if (once && count !== undefined)
      throw usageError('takes one sample already', { field: '--once', next: 'leave out --count' });
    const interfaces = list(raw, 'interface').map(interfaceIn);
    return {
      scope: scopeIn(raw),
      profile: text(raw, 'profile'),
      uris: list(raw, 'uri'),
      interfaces: interfaces.length === 0 ? undefined : interfaces,
      intervalMs: numberIn(raw, 'interval', 3_600)! * 1_000,
      count: once ? 1 : count,
      once,
      cloudwatch: raw.flags['cloudwatch'] !== false,
      port: numberIn(raw, 'metricsPort', 65_535),
      graph: flag(raw, 'graph'),
      stateDir: absolute(ports.cwd, text(raw, 'stateDir') ?? STATE_FLAG.default),
    };
  },

  async run(options, ports, emit) {
    const { graph } = options;
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
