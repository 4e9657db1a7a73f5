import { bytes, duration } from '../domain/amount.ts';

/** How far an upload is. Times are ms on any clock, sizes in bytes. */
export interface Progress {
  readonly total: number;
  /** There already, from an earlier run. */
  readonly kept: number;
  /** Sent by this one. */
  readonly sent: number;
}

export interface MeterOptions {
  now(): number;
  /** A whole line, for a log. */
  line(text: string): void;
  /** A line that the next replaces; absent off a terminal. */
  readonly live?: ((text: string) => void) | undefined;
}

/** The rate is that of the last ten seconds: an hour's mean hides that the line went bad. */
const WINDOW_MS = 10_000;
const LIVE_MS = 100;
/** Off a terminal a log gets a line every tenth of the way, and at least every half minute. */
const LINE_MS = 30_000;
const CELLS = 24;

const bar = (share: number): string => '='.repeat(Math.floor(share * CELLS)).padEnd(CELLS, '.');

/** Bytes a second, over the samples of the window. undefined: nothing to go by. */
export const rateOf = (samples: readonly { readonly at: number; readonly sent: number }[]): number | undefined => {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at <= first.at || last.sent <= first.sent) return undefined;
  return ((last.sent - first.sent) / (last.at - first.at)) * 1_000;
};

export const progressLine = ({ total, kept, sent }: Progress, rate: number | undefined): string => {
  const done = kept + sent;
  const share = total === 0 ? 1 : done / total;
  const left =
    rate === undefined
      ? ''
      : `  ${bytes(Math.round(rate))}/s${done < total ? `  ${duration((total - done) / rate)} left` : ''}`;
  return `[${bar(share)}] ${String(Math.floor(share * 100)).padStart(3)} %  ${bytes(done)} of ${bytes(total)}${left}`;
};

/** Tells of an upload under way, no more often than one can read. */
export const createMeter = ({ now, line, live }: MeterOptions): ((progress: Progress) => void) => {
  const samples: { at: number; sent: number }[] = [{ at: now(), sent: 0 }];
  let told = { at: now(), tenth: 0 };
  return (progress) => {
    const at = now();
    samples.push({ at, sent: progress.sent });
    while (samples.length > 2 && samples[1]!.at < at - WINDOW_MS) samples.shift();
    const tenth = Math.floor(((progress.kept + progress.sent) / Math.max(1, progress.total)) * 10);
    const due =
      live === undefined ? tenth > told.tenth || at - told.at >= LINE_MS : at - told.at >= LIVE_MS || tenth === 10;
    if (!due) return;
    told = { at, tenth };
    (live ?? line)(progressLine(progress, rateOf(samples)));
  };
};
