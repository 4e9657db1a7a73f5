import type { SearchDocument, SearchIndex } from '../core/outlets.ts';
import type { Clock } from '../core/ports.ts';
import { pauseAfter } from '../domain/backoff.ts';
import { eventIn } from './history.ts';
import { documentId, MOST_DOCUMENTS } from './search.ts';

export interface Shipped {
  readonly lines: number;
  /** Lines that are no event of ours; they are not sent. */
  readonly damaged: number;
  readonly kept: number;
  readonly refused: number;
  /** Still not taken after the last try. */
  readonly left: number;
}

export interface ShipOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  progress(line: string): void;
}

/** Tries of a document; the waits between them come to half a minute. */
const TRIES = 6;
const BACKOFF = { firstMs: 1_000, mostMs: 60_000 };

/**
 * Every event of the log as a document. Ids follow from the lines, and the monitor's own sink has the same: shipped
 * twice, or by both, it is there once. Of a batch only what the index did not take goes again.
 * @throws the index's own error where a whole request fails to the end
 */
export const shipLines = async (
  index: SearchIndex,
  texts: readonly string[],
  { clock, signal, progress }: ShipOptions,
): Promise<Shipped> => {
  let [lines, damaged, kept, refused, left] = [0, 0, 0, 0, 0];
  const documents = new Map<string, SearchDocument>();
  for (const source of texts.flatMap((text) => text.split('\n'))) {
    if (source.trim() === '') continue;
    lines += 1;
    const event = eventIn(source);
    if (event === undefined) damaged += 1;
    else documents.set(documentId(event, source), { id: documentId(event, source), source });
  }
  const all = [...documents.values()];
  for (let from = 0; from < all.length && !signal.aborted; from += MOST_DOCUMENTS) {
    let waiting = all.slice(from, from + MOST_DOCUMENTS);
    for (let tries = 1; waiting.length > 0; tries += 1) {
      const fates = await index.index(waiting, signal).catch((error: unknown) => {
        if (tries >= TRIES || signal.aborted) throw error;
        return new Map<string, 'again'>();
      });
      kept += waiting.filter(({ id }) => fates.get(id) === 'kept').length;
      refused += waiting.filter(({ id }) => fates.get(id) === 'refused').length;
      waiting = waiting.filter(({ id }) => (fates.get(id) ?? 'again') === 'again');
      if (waiting.length === 0 || tries >= TRIES || signal.aborted) break;
      progress(
        `${waiting.length} of ${Math.min(MOST_DOCUMENTS, all.length - from)} events were not taken; trying again`,
      );
      await clock.sleep(pauseAfter(tries, BACKOFF), signal).catch(() => undefined);
    }
    left += waiting.length;
    if (all.length > MOST_DOCUMENTS) progress(`${Math.min(from + MOST_DOCUMENTS, all.length)} of ${all.length} events`);
  }
  return { lines, damaged, kept, refused, left: signal.aborted ? all.length - kept - refused : left };
};
