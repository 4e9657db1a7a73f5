import { defineCommand, flag, FLAG, list, text, type Raw } from '../../lib/core/command.ts';
import { EXIT, missing, usageError } from '../../lib/core/errors.ts';
import { LOCAL_CHARON } from '../../lib/domain/sa.ts';
import { remembered, sampleOf, type TrafficSample } from '../../lib/monitor/traffic.ts';
import { absolute } from '../../lib/site/file.ts';
import { STATE_FLAG } from '../route/pin.ts';
import { memory, placeOf, wantedIn, type Wanted } from './traffic-place.ts';
import { charonsOf, lookOf, openOutlets, tell, type OutletOptions } from './traffic-run.ts';
import { trafficChart, trafficTable } from './traffic-view.ts';

interface Options extends OutletOptions {
  readonly wanted: Wanted;
  readonly uris: readonly string[];
  readonly interfaces: readonly string[] | undefined;
  /** Samples until it ends; undefined: until it is stopped. */
  readonly count: number | undefined;
  readonly once: boolean;
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
      wanted: wantedIn(raw),
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
    const { intervalMs, once, count, graph } = options;
    const place = await placeOf(ports, options.wanted);
    const uris = await charonsOf(ports, options.uris);
    const look = lookOf(ports, { uris, interfaces: options.interfaces });
    // The first look is in earnest: a charon that was named and does not answer is said at once.
    const first = await look(options.uris.length > 0);
    if (first.states.size === 0 && first.interfaces.counters.length === 0)
      throw missing('no tunnel and no tunnel interface on this machine', {
        next: 'run it as root on a gateway, or name an --interface or a --uri',
      });
    const kept = memory(ports, options.stateDir, place.site);
    let before = once ? await kept.read() : ((await kept.read()) ?? remembered(undefined, first));
    const outlets = await openOutlets(ports, options, place);
    const samples: TrafficSample[] = [];
    try {
      for (
        let now = first, left = count ?? Number.POSITIVE_INFINITY, next = ports.clock.now() + intervalMs;
        ;
        next += intervalMs
      ) {
        const sample = sampleOf(before, now);
        before = remembered(before, now);
        await kept.write(before);
        if (sample !== undefined && (once || now !== first)) {
          outlets.accept(sample);
          samples.push(sample);
          if (samples.length > DRAWN) samples.shift();
          tell(ports, emit, samples, graph);
          left -= 1;
        }
        if (once || left <= 0) break;
        // A machine that slept has missed looks: they are not made up for.
        next = Math.max(next, ports.clock.now());
        await ports.clock.sleep(next - ports.clock.now(), ports.signal).catch(() => undefined);
        if (ports.signal.aborted) break;
        now = await look(false);
      }
    } finally {
      await outlets.close();
    }
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
