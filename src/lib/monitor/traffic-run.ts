import { join } from 'node:path';
import { HybridError, missing, usageError } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { namespaceOf } from '../domain/alarms.ts';
import { LOCAL_CHARON } from '../domain/sa.ts';
import { loadSite } from '../site/file.ts';
import { openSpool } from './spool.ts';
import { remembered, sampleOf, type TrafficSample } from './traffic.ts';
import { trafficPublisher } from './traffic-publish.ts';
import { trafficReader, type Look } from './traffic-read.ts';
import { trafficMemory } from './traffic-memory.ts';

/** Whose figures they are, and where they go. */
export interface TrafficScope {
  readonly site: string;
  readonly region: string;
  readonly namespace: string;
  readonly host: string;
}

/** As the flags say it. */
export interface ScopeFlags {
  readonly file: string;
  readonly name: string | undefined;
  readonly region: string | undefined;
  readonly namespace: string | undefined;
}

export const trafficScope = async (
  ports: Ports,
  { file, name, region, namespace }: ScopeFlags,
): Promise<TrafficScope> => {
  const host = ((await ports.files.read('/proc/sys/kernel/hostname')) ?? '').trim() || 'unknown';
  if (name !== undefined) return { site: name, region: region ?? '', namespace: namespace ?? 'hybridctl', host };
  const { site } = await loadSite(ports, file);
  return { site: site.site, region: region ?? site.cloud.region, namespace: namespace ?? namespaceOf(site), host };
};

/** The charon of this machine where there is one; whoever names one wants it to answer. */
const charonsOf = async ({ files }: Ports, given: readonly string[]): Promise<readonly string[]> =>
  given.length > 0 || (await files.stat(LOCAL_CHARON.slice('unix://'.length)).catch(() => undefined)) === undefined
    ? given
    : [LOCAL_CHARON];

/** @returns a look at everything; a charon that does not answer is told once, and when it answers again. */
const lookOf = (ports: Ports, sources: Parameters<typeof trafficReader>[1]) => {
  const read = trafficReader(ports, sources);
  const silent = new Set<string>();
  return async (strict: boolean): Promise<Look> => {
    const failing = new Set<string>();
    const look = await read((uri, error) => {
      if (strict) throw error;
      failing.add(uri);
      if (!silent.has(uri))
        ports.progress(`warning: ${error instanceof HybridError ? error.message : `${uri}: ${error.message}`}`);
    });
    for (const uri of silent) if (!failing.has(uri)) ports.progress(`${uri} answers again`);
    silent.clear();
    failing.forEach((uri) => silent.add(uri));
    return look;
  };
};

export interface OutletOptions {
  readonly cloudwatch: boolean;
  readonly port: number | undefined;
  readonly profile: string | undefined;
  readonly intervalMs: number;
  /** Absolute. */
  readonly stateDir: string;
}

/** CloudWatch and Prometheus, as far as they are wanted. */
const openOutlets = async (
  ports: Ports,
  { cloudwatch, port, profile, intervalMs, stateDir }: OutletOptions,
  { site, region, namespace, host }: TrafficScope,
) => {
  const outlets = await ports.outlets();
  const onTrouble = (message: string): void => ports.progress(`warning: ${message}`);
  const page = port === undefined ? undefined : (await import('./traffic-prometheus.ts')).trafficPage();
  const server =
    page === undefined
      ? undefined
      : await outlets.listen(port!, page.page).catch((error: HybridError) => {
          throw usageError(error.message, { field: '--metrics-port', next: 'give another port', cause: error });
        });
  const publisher = !cloudwatch
    ? undefined
    : trafficPublisher(
        await outlets.metricStore({ region, profile }),
        await openSpool(outlets, ports.files, { path: join(stateDir, 'spool', `${site}-traffic.spool`), onTrouble }),
        {
          namespace,
          site,
          host,
          fine: intervalMs < 60_000,
          clock: ports.clock,
          onTrouble,
          run: Buffer.from(ports.random(9)).toString('base64url'),
        },
      );
  return {
    accept(sample: TrafficSample): void {
      page?.accept(sample);
      publisher?.accept(sample);
    },
    async close(): Promise<void> {
      await server?.close();
      await publisher?.close();
    },
  };
};

export interface TrafficOptions extends OutletOptions {
  readonly scope: ScopeFlags;
  /** As the user named them; none: this machine's, where there is one. */
  readonly uris: readonly string[];
  readonly interfaces: readonly string[] | undefined;
  /** Samples until it ends; undefined: until it is stopped. */
  readonly count: number | undefined;
  /** One sample since the run before, then the end. */
  readonly once: boolean;
}

/**
 * Samples until told to stop. Throws where the first look finds nothing, or a charon that was named does not answer.
 * @param onSample is told of each sample when it is on its way to the outlets.
 */
export const runTraffic = async (
  options: TrafficOptions,
  ports: Ports,
  onSample: (sample: TrafficSample) => void,
): Promise<void> => {
  const { intervalMs, once, count } = options;
  const scope = await trafficScope(ports, options.scope);
  const look = lookOf(ports, { uris: await charonsOf(ports, options.uris), interfaces: options.interfaces });
  // The first look is in earnest: a charon that was named and does not answer is reported at once.
  const first = await look(options.uris.length > 0);
  if (first.states.size === 0 && first.interfaces.counters.length === 0)
    throw missing('no tunnel and no tunnel interface on this machine', {
      next: 'run it as root on a gateway, or name an --interface or a --uri',
    });
  const kept = trafficMemory(ports, options.stateDir, scope.site);
  let before = once ? await kept.read() : ((await kept.read()) ?? remembered(undefined, first));
  const outlets = await openOutlets(ports, options, scope);
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
        onSample(sample);
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
};
