import { failure } from '../lib/core/errors.ts';
import { startWatcher, type Watcher } from '../lib/drill/watcher.ts';
import { openLab } from '../lib/lab/state.ts';
import { measureGap, type Gap, type StreamResult } from '../lib/lab/stream.ts';
import { until } from '../lib/lab/wait.ts';
import type { MoveEvent } from '../lib/monitor/events.ts';
import { LAB, type Tools } from './steps.ts';

/** A fault that nobody announced, and what the monitor made of it. Times in ms. */
export interface Automatic {
  readonly fault: string;
  readonly from: string;
  readonly to: string;
  readonly detectMs: number;
  readonly apiMs: number;
  readonly sent: number;
  readonly roundTripGapMs: number;
  readonly thereGapMs: number;
  readonly backGapMs: number;
  /** Of the round trip, longest first. */
  readonly gaps: readonly Gap[];
  /** From the first packet to the last. */
  readonly streamMs: number;
  readonly back: { readonly afterMs: number; readonly sent: number; readonly roundTripGapMs: number };
}

const LINK = 'dx-1';
/** Ordinary loss is learnt over some 60 replies, and reads of the tables have to agree for 5 s. */
const LEARN_MS = 7_000;
const BEFORE_MS = 500;
/** What is behind the fault in the plot: the office's half may take a second. */
const AFTER_MS = 1_500;
const READY_MS = 60_000;
const MOVED_MS = 30_000;
/** A link that came back has to stay for 30 s before traffic returns to it. */
const RETURN_MS = 90_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
const moveOf = ({ events }: Watcher, from: number, to: (link: string) => boolean): MoveEvent | undefined =>
  events
    .slice(from)
    .find((event): event is MoveEvent => event.kind === 'move' && event.outcome === 'done' && to(event.to));

const seesEveryLink = ({ events }: Watcher, links: readonly string[]): boolean =>
  links.every((link) =>
    events.some((event) => event.kind === 'verdict' && event.link === link && event.to === 'alive'),
  );

/** The monitor runs, Direct Connect dies both ways as a cut fibre does, traffic moves, and comes back once it is well. */
export const automatic = async (tools: Tools): Promise<Automatic> => {
  const { cli, shell, files } = tools;
  const lab = await openLab(files, LAB);
  const stream = (during: () => Promise<void>, periodMs = 1): Promise<StreamResult> =>
    measureGap(shell, lab.topology, { from: 'app-1', to: 'host', durationMs: 0, periodMs, during });
  const watcher = await startWatcher(lab, { profile: 'fast', path: process.env['PATH'] });
  const moved = async (what: string, withinMs: number, from: number, to: (link: string) => boolean) => {
    await until(async () => moveOf(watcher, from, to) !== undefined, { what, withinMs, everyMs: 20 });
    return moveOf(watcher, from, to)!;
  };
  try {
    await until(
      async () =>
        seesEveryLink(
          watcher,
          lab.topology.site.links.map(({ name }) => name),
        ),
      {
        what: 'the monitor did not see every link',
        withinMs: READY_MS,
      },
    );
    await pause(LEARN_MS);
    let away: MoveEvent | undefined;
    const gone = await stream(async () => {
      await pause(BEFORE_MS);
      const from = watcher.events.length;
      await cli(['lab', 'cut', LINK, '--kind', 'blackhole', '--name', LAB]);
      away = await moved('the monitor did not move the route', MOVED_MS, from, (link) => link !== LINK);
      await pause(AFTER_MS);
    });
    let home: MoveEvent | undefined;
    let healedAt = 0;
    const back = await stream(async () => {
      const from = watcher.events.length;
      await cli(['lab', 'heal', '--all', '--name', LAB]);
      healedAt = Date.now();
      home = await moved('the route did not return', RETURN_MS, from, (link) => link === LINK);
      await pause(BEFORE_MS);
    }, 2);
    if (gone.roundTrip.silentAtEndMs > AFTER_MS) throw failure('no packet came back after the route had moved');
    return {
      fault: `${LINK} is dead both ways`,
      from: away!.from,
      to: away!.to,
      detectMs: away!.detectMs ?? 0,
      apiMs: away!.apiMs ?? 0,
      sent: gone.sent,
      roundTripGapMs: gone.roundTrip.longestGapMs,
      thereGapMs: gone.longestGapMs,
      backGapMs: gone.backGapMs,
      gaps: gone.roundTrip.gaps,
      streamMs: gone.sent,
      back: { afterMs: home!.at - healedAt, sent: back.sent, roundTripGapMs: back.roundTrip.longestGapMs },
    };
  } finally {
    await watcher.stop();
  }
};
