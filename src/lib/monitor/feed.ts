import { join } from 'node:path';
import type { Feed } from '../core/views.ts';
import type { MonitorEvent, Sink } from './events.ts';

/** The socket of a site's monitor, beside its lease and pins. */
export const feedPath = (stateDir: string, site: string): string => join(stateDir, `${site}.feed`);

/** Ten minutes of how all stood, at one a second: what a page shows from its first moment on. */
const KEPT_HEALTH = 600;
/** A bad day's worth; the event log has the rest. */
const KEPT_EVENTS = 400;
/** UTF-16 units, of the health events kept: a site of a hundred links has big ones. */
const KEPT_CHARS = 4 * 2 ** 20;

interface Kept {
  readonly serial: number;
  readonly line: string;
}

/** The newest lines, so many and so much of them. */
const recent = (most: number, chars = Number.POSITIVE_INFINITY) => {
  const kept: Kept[] = [];
  let size = 0;
  return {
    kept,
    add(one: Kept): void {
      kept.push(one);
      size += one.line.length;
      while (kept.length > most || size > chars) size -= kept.shift()!.line.length;
    },
  };
};

export interface FeedOptions {
  /** As `Outlets.feed`, for one path. */
  offer(past: () => readonly string[]): Promise<Feed | undefined>;
  onTrouble(message: string): void;
}

/**
 * Every event as a line of JSON, with the event log's own fields, to whoever listens on this machine; who
 * comes late gets the last ten minutes first. Calls of the API are left out. One monitor of a site offers it: where
 * another one does, ours is offered once we hold the lease, since a successor's begins when the other is gone.
 */
export const feedSink = async ({ offer, onTrouble }: FeedOptions): Promise<Sink> => {
  const health = recent(KEPT_HEALTH, KEPT_CHARS);
  const events = recent(KEPT_EVENTS);
  let start: Kept | undefined;
  let serial = 0;
  let feed: Feed | undefined;
  let offering: Promise<void> | undefined;

  const past = (): readonly string[] =>
    [...new Set([...(start === undefined ? [] : [start]), ...events.kept, ...health.kept])]
      .sort((one, other) => one.serial - other.serial)
      .map(({ line }) => line);
  const begin = (): Promise<void> =>
    (offering ??= offer(past)
      .then(
        (offered) => void (feed = offered),
        (error: Error) => onTrouble(`"hybridctl status" can't see this monitor: ${error.message}`),
      )
      .finally(() => (offering = undefined)));
  await begin();

  return {
    accept(event: MonitorEvent) {
      if (event.kind === 'api') return;
      const one: Kept = { serial: serial++, line: JSON.stringify(event) };
      if (event.kind === 'start') start = one;
      (event.kind === 'health' ? health : events).add(one);
      if (feed !== undefined) feed.tell(one.line);
      else if (event.kind === 'lease' && event.held) void begin();
    },
    async close() {
      await offering;
      await feed?.close();
    },
  };
};
