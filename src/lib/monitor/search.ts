import { createHash } from 'node:crypto';
import type { SearchIndex } from '../core/outlets.ts';
import type { Clock } from '../core/ports.ts';
import type { Alert } from '../domain/failover/types.ts';
import { alertKey } from './alerts.ts';
import { deliver, type DeliveryTiming } from './deliver.ts';
import { ecsLine, isLogged, type Line, type Writer } from './ecs.ts';
import type { Sink } from './events.ts';
import type { Spool } from './spool.ts';

export interface SearchOptions {
  readonly name: string;
  readonly writer: Writer;
  readonly clock: Clock;
  onTrouble(message: string): void;
  readonly timing?: Partial<DeliveryTiming>;
}

/** Elasticsearch advises bulk requests of some MB at most; 500 events are a quarter of one. */
export const MOST_DOCUMENTS = 500;

/**
 * The id of a line of the event log, the same whoever sends it and however often. An alert told again, by a successor
 * say, has another time but is the same document. @param text the line itself
 */
export const documentId = ({ hybridctl }: Pick<Line, 'hybridctl'>, text: string): string =>
  hybridctl.kind === 'alert' && typeof hybridctl['alert'] === 'object'
    ? `alert-${alertKey(hybridctl['alert'] as unknown as Alert)}`
    : `line-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;

/** Every line of the event log as a document. One that the index refuses for good is given up: the event log has it. */
export const searchSink = (
  index: SearchIndex,
  spool: Spool,
  { name, writer, clock, onTrouble, timing }: SearchOptions,
): Sink => {
  const delivery = deliver(spool, {
    name,
    most: MOST_DOCUMENTS,
    clock,
    onTrouble,
    ...(timing === undefined ? {} : { timing }),
    async send(items, signal) {
      const fates = await index.index(
        items.map(({ id, body }) => ({ id, source: body })),
        signal,
      );
      const refused = items.filter(({ id }) => fates.get(id) === 'refused').length;
      if (refused > 0)
        onTrouble(`${name}: refuses ${refused} of ${items.length} documents; they are in the event log only`);
      return items.flatMap(({ id }) => (fates.get(id) === 'kept' || fates.get(id) === 'refused' ? [id] : []));
    },
  });
  return {
    accept(event) {
      if (!isLogged(event)) return;
      const line = ecsLine(event, writer);
      const text = JSON.stringify(line);
      spool.put(documentId(line, text), text, event.kind === 'alert');
      delivery.poke();
    },
    close: () => delivery.close(),
  };
};
