import { join } from 'node:path';
import type { Emit } from '../../lib/core/command.ts';
import { HybridError, usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { LOCAL_CHARON } from '../../lib/domain/sa.ts';
import { openSpool } from '../../lib/monitor/spool.ts';
import type { TrafficSample } from '../../lib/monitor/traffic.ts';
import { trafficPublisher } from '../../lib/monitor/traffic-publish.ts';
import { trafficReader, type Look } from '../../lib/monitor/traffic-read.ts';
import type { Place } from './traffic-place.ts';
import { trafficChart, trafficLine } from './traffic-view.ts';

/** The charon of this machine where there is one; whoever names one wants it to answer. */
export const charonsOf = async ({ files }: Ports, given: readonly string[]): Promise<readonly string[]> =>
  given.length > 0 || (await files.stat(LOCAL_CHARON.slice('unix://'.length)).catch(() => undefined)) === undefined
    ? given
    : [LOCAL_CHARON];

/** @returns a look at everything; a charon that does not answer is told once, and when it answers again. */
export const lookOf = (ports: Ports, sources: Parameters<typeof trafficReader>[1]) => {
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

/** One sample, to whoever listens. */
export const tell = (ports: Ports, emit: Emit, samples: readonly TrafficSample[], graph: boolean): void => {
  emit({ kind: 'traffic', ...samples.at(-1)! });
  const drawn = graph ? trafficChart(samples) : '';
  if (drawn === '') return ports.progress(trafficLine(samples.at(-1)!));
  const text = `${drawn}\n\n${trafficLine(samples.at(-1)!)}`;
  // On a terminal the chart stands still and is drawn over (ECMA-48 CUU and ED).
  const again = ports.live !== undefined && samples.length > 2 ? `\u001b[${text.split('\n').length}A\u001b[J` : '';
  ports.progress(again + text);
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
export const openOutlets = async (
  ports: Ports,
  { cloudwatch, port, profile, intervalMs, stateDir }: OutletOptions,
  { site, region, namespace, host }: Place,
) => {
  const outlets = await ports.outlets();
  const onTrouble = (message: string): void => ports.progress(`warning: ${message}`);
  const page = port === undefined ? undefined : (await import('../../lib/monitor/traffic-prometheus.ts')).trafficPage();
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
