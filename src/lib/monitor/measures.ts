import { Undeliverable, type Datum, type MetricStore } from '../core/outlets.ts';
import type { Clock } from '../core/ports.ts';
import { deliver, type DeliveryTiming } from './deliver.ts';
import type { HealthEvent, MonitorEvent, Sink } from './events.ts';
import type { Spool } from './spool.ts';

/** CloudWatch keeps custom figures by the minute, and bills by the figure. */
const WINDOW_MS = 60_000;
/** Most figures of one PutMetricData. */
const MOST = 1_000;

export interface MeasuresOptions {
  readonly namespace: string;
  readonly site: string;
  /** Begins the ids of this run's minutes: a second run may begin within the same minute. */
  readonly run: string;
  readonly clock: Clock;
  onTrouble(message: string): void;
  readonly timing?: Partial<DeliveryTiming>;
}

interface LinkSum {
  samples: number;
  alive: number;
  rttMs: number;
  rtts: number;
}

/**
 * Figures by the minute: PathHealth (share of the minute in which the link was alive), RoundTrip, and for each move
 * Failovers and DetectTime. A minute is complete when the next one's first event comes, or at the end.
 */
export const measureSink = (
  store: MetricStore,
  spool: Spool,
  { namespace, site, run, clock, onTrouble, timing }: MeasuresOptions,
): Sink => {
  const name = `CloudWatch metrics (${namespace})`;
  const delivery = deliver(spool, {
    name,
    most: 1,
    clock,
    onTrouble,
    ...(timing === undefined ? {} : { timing }),
    async send([item], signal) {
      try {
        await store.put(namespace, JSON.parse(item!.body) as readonly Datum[], signal);
      } catch (error) {
        if (!(error instanceof Undeliverable)) throw error;
        onTrouble(`${name}: ${error.message}; one minute's figures are given up`);
      }
      return [item!.id];
    },
  });

  let serial = 0;
  let minute: number | undefined;
  let links = new Map<string, LinkSum>();
  let data: Datum[] = [];

  const addHealth = (event: HealthEvent): void => {
    for (const { link, state, rttMs } of event.links) {
      const sum = links.get(link) ?? { samples: 0, alive: 0, rttMs: 0, rtts: 0 };
      sum.samples += 1;
      sum.alive += state === 'alive' ? 1 : 0;
      if (rttMs !== undefined) {
        sum.rttMs += rttMs;
        sum.rtts += 1;
      }
      links.set(link, sum);
    }
  };

  const finish = (): void => {
    if (minute === undefined) return;
    const at = minute;
    const all = [
      ...[...links].flatMap(([link, { samples, alive, rttMs, rtts }]): Datum[] => [
        { name: 'PathHealth', unit: 'None', dimensions: { Site: site, Link: link }, at, value: alive / samples },
        ...(rtts === 0
          ? []
          : [
              {
                name: 'RoundTrip',
                unit: 'Milliseconds',
                dimensions: { Site: site, Link: link },
                at,
                value: rttMs / rtts,
              } as const,
            ]),
      ]),
      ...data,
    ];
    for (let from = 0; from < all.length; from += MOST)
      spool.put(`${run}-${serial++}`, JSON.stringify(all.slice(from, from + MOST)));
    if (all.length > 0) delivery.poke();
    links = new Map();
    data = [];
  };

  const take = (event: MonitorEvent): void => {
    if (event.kind !== 'health' && event.kind !== 'move') return;
    const now = Math.floor(event.at / WINDOW_MS) * WINDOW_MS;
    if (minute !== now) {
      finish();
      minute = now;
    }
    if (event.kind === 'health') return addHealth(event);
    if (event.outcome !== 'done') return;
    const dimensions = { Site: site, RouteTable: event.table };
    data.push({ name: 'Failovers', unit: 'Count', dimensions, at: event.at, value: 1 });
    if (event.detectMs !== undefined)
      data.push({ name: 'DetectTime', unit: 'Milliseconds', dimensions, at: event.at, value: event.detectMs });
  };

  return {
    accept: take,
    close: () => {
      finish();
      return delivery.close();
    },
  };
};
