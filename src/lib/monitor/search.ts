import type { SearchIndex } from '../core/outlets.ts';
import type { Clock } from '../core/ports.ts';
import { alertKey } from './alerts.ts';
import { deliver, type DeliveryTiming } from './deliver.ts';
import { ecsLine, isLogged, type Writer } from './ecs.ts';
import type { Sink } from './events.ts';
import type { Spool } from './spool.ts';

export interface SearchOptions {
  readonly name: string;
  readonly writer: Writer;
  /** Begins the ids of this run's documents: no two runs may share it. */
  readonly run: string;
  readonly clock: Clock;
  onTrouble(message: string): void;
  readonly timing?: Partial<DeliveryTiming>;
}

/** Elasticsearch advises bulk requests of some MB at most; 500 events are a quarter of one. */
const MOST = 500;

/** Every line of the event log as a document. One that the index refuses for good is given up: the event log has it. */
export const searchSink = (index: SearchIndex, spool: Spool, { name, writer, run, clock, onTrouble, timing }: SearchOptions): Sink => {
  let serial = 0;
  const delivery = deliver(spool, {
    name,
    most: MOST,
    clock,
    onTrouble,
    ...(timing === undefined ? {} : { timing }),
    async send(items, signal) {
      const fates = await index.index(items.map(({ id, body }) => ({ id, source: body })), signal);
      const refused = items.filter(({ id }) => fates.get(id) === 'refused').length;
      if (refused > 0) onTrouble(`${name}: refuses ${refused} of ${items.length} documents; they are in the event log only`);
      return items.flatMap(({ id }) => (fates.get(id) === 'kept' || fates.get(id) === 'refused' ? [id] : []));
    },
  });
  return {
    accept(event) {
      if (!isLogged(event)) return;
      serial += 1;
      // An alert told again has its own id, so it is one document.
      spool.put(event.kind === 'alert' ? `alert-${alertKey(event.alert)}` : `${run}-${serial}`, JSON.stringify(ecsLine(event, writer)), event.kind === 'alert');
      delivery.poke();
    },
    close: () => delivery.close(),
  };
};
