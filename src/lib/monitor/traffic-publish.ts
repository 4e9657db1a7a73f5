import { Undeliverable, type Datum, type MetricStore } from '../core/outlets.ts';
import type { Clock } from '../core/ports.ts';
import { deliver, type DeliveryTiming } from './deliver.ts';
import type { Spool, Spooled } from './spool.ts';
import { figuresOf, packed, type Labels, type Packed, type TrafficSample } from './traffic.ts';

/** Figures of one PutMetricData, and samples that are taken from the spool at once: a minute by the second. */
const [MOST_FIGURES, MOST_SAMPLES] = [1_000, 60];
/** CloudWatch takes nothing older than two weeks; an hour of it is for the way. */
const OLDEST_MS = 14 * 86_400_000 - 3_600_000;
/**
 * No more calls than one a minute, however often it is measured: a call costs money, and CloudWatch is no second faster
 * for it.
 */
const PACE_MS = 60_000;

export interface PublishOptions extends Labels {
  readonly namespace: string;
  /** Begins the ids of this run's samples. */
  readonly run: string;
  readonly clock: Clock;
  onTrouble(message: string): void;
  readonly timing?: Partial<DeliveryTiming>;
}

export interface Publisher {
  accept(sample: TrafficSample): void;
  close(): Promise<void>;
}

interface Call {
  readonly ids: readonly string[];
  readonly figures: readonly Datum[];
}

/** Samples put together so that every call is as full as it may be. */
export const callsOf = (items: readonly Spooled[], labels: Labels): readonly Call[] => {
  const calls: { ids: string[]; figures: Datum[] }[] = [];
  for (const { id, body } of items) {
    const figures = figuresOf(JSON.parse(body) as Packed, labels);
    const last = calls.at(-1);
    if (last !== undefined && last.figures.length + figures.length <= MOST_FIGURES) {
      last.ids.push(id);
      last.figures.push(...figures);
    } else calls.push({ ids: [id], figures: [...figures] });
  }
  return calls;
};

/** Takes samples to CloudWatch: on disk first, in full calls, and again until they are taken. */
export const trafficPublisher = (
  store: MetricStore,
  spool: Spool,
  { namespace, run, clock, onTrouble, timing, ...labels }: PublishOptions,
): Publisher => {
  const name = `CloudWatch metrics (${namespace})`;
  const tooOld = ({ body }: Spooled): boolean => (JSON.parse(body) as Packed).at < clock.now() - OLDEST_MS;
  const delivery = deliver(spool, {
    name,
    most: MOST_SAMPLES,
    clock,
    onTrouble,
    ...(timing === undefined ? {} : { timing }),
    async send(items, signal) {
      const settled = items.filter(tooOld).map(({ id }) => id);
      if (settled.length > 0) onTrouble(`${name}: ${settled.length} samples are older than two weeks and are given up`);
      for (const { ids, figures } of callsOf(
        items.filter(({ id }) => !settled.includes(id)),
        labels,
      )) {
        try {
          await store.put(namespace, figures, signal);
        } catch (error) {
          if (error instanceof Undeliverable)
            onTrouble(`${name}: ${error.message}; ${ids.length} samples are given up`);
          else if (settled.length === 0) throw error;
          else return settled;
        }
        settled.push(...ids);
      }
      return settled;
    },
  });
  let serial = 0;
  let pokedAt: number | undefined;
  return {
    accept(sample) {
      for (const part of packed(sample)) spool.put(`${run}-${serial++}`, JSON.stringify(part));
      if (pokedAt !== undefined && clock.now() - pokedAt < PACE_MS - sample.elapsedMs / 2) return;
      pokedAt = clock.now();
      delivery.poke();
    },
    close: () => delivery.close(),
  };
};
