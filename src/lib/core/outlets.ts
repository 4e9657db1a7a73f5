import type { Feed } from './views.ts';

/**
 * What the monitor writes to and speaks to. Ports like those of ports.ts, together because they are loaded together.
 */

export interface LineLogOptions {
  readonly mode: number;
  /**
   * A full file becomes `path.1`, that one `path.2` …; absent: grows (whoever else rotates it may rename it at any
   * time).
   */
  readonly rotate?: { readonly bytes: number; readonly keep: number };
  /** The line to put in place of a last line that a crash has torn. @param bytes its length */
  readonly repair: (bytes: number) => string;
  /** Told once when writing begins to fail and once when it works again; never from within `append`. */
  readonly onTrouble: (message: string) => void;
}

/** Lines appended to a file, in order. */
export interface LineLog {
  /**
   * Never throws and never waits. A line the disk refuses is kept in memory and tried again. @param durable reaches the
   * disk at once (fsync)
   */
  append(line: string, durable?: boolean): void;
  /** Resolves once everything appended so far is in the file, or has been tried once more and failed. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** One message for people. */
export interface Notice {
  /** The same alert has the same id, however often it is sent. */
  readonly id: string;
  readonly subject: string;
  readonly text: string;
}

/** Where a notice goes: a topic's ARN or a phone number (E.164). */
export type NoticeAddress = { readonly topic: string } | { readonly phone: string };

export interface Notifier {
  /**
   * Resolves once the service has taken it. Rejects with Undeliverable where trying again can't help, else with any
   * error.
   */
  send(to: NoticeAddress, notice: Notice, signal: AbortSignal): Promise<void>;
}

/** One figure at one time. */
export interface Datum {
  readonly name: string;
  readonly unit: 'Bytes' | 'Count' | 'Milliseconds' | 'None';
  readonly dimensions: Readonly<Record<string, string>>;
  /** Wall time, ms. */
  readonly at: number;
  readonly value: number;
  /** Kept by the second, not by the minute. */
  readonly fine?: boolean;
}

export interface MetricStore {
  /** At most 1,000 in one call (PutMetricData). */
  put(namespace: string, data: readonly Datum[], signal: AbortSignal): Promise<void>;
}

export interface SearchDocument {
  readonly id: string;
  /** JSON text of one object. */
  readonly source: string;
}

export interface SearchQuery {
  /** Wall time, ms. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** All of them: one of the fields holds one of the values. */
  readonly all: readonly { readonly fields: readonly string[]; readonly values: readonly string[] }[];
}

export interface SearchIndex {
  /**
   * @returns what the index did with each, by id: `kept`, `again` (overloaded, or a fault of its own) or `refused`
   * (will never fit).
   */
  index(
    documents: readonly SearchDocument[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, 'kept' | 'again' | 'refused'>>;
  /**
   * JSON texts of what fits, the newest first, for as long as they are asked for. It may find more than was asked for,
   * never less.
   */
  search(query: SearchQuery, signal: AbortSignal): AsyncIterable<string>;
}

/** The service said no in a way that trying again can't fix (a topic that is not there, a malformed number). */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable';
}

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

export interface Outlets {
  lineLog(path: string, options: LineLogOptions): LineLog;
  notifier(options: { readonly region: string; readonly profile?: string | undefined }): Promise<Notifier>;
  metricStore(options: { readonly region: string; readonly profile?: string | undefined }): Promise<MetricStore>;
  searchIndex(options: {
    readonly url: string;
    readonly index: string;
    readonly apiKey?: string | undefined;
  }): Promise<SearchIndex>;
  /** HTTP GET on 127.0.0.1. `answer` gives undefined for a path it does not have. Rejects where the port is taken. */
  listen(port: number, answer: (path: string) => Promise<Page | undefined>): Promise<Listening>;
  /**
   * Lines for readers on this machine. @param past what a new reader gets first. @returns undefined where another
   * process offers them at that path. Rejects where the path can't be used.
   */
  feed(path: string, past: () => readonly string[]): Promise<Feed | undefined>;
}
