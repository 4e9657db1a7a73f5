import type { Files } from '../core/ports.ts';
import { paths } from '../lab/state.ts';
import type { MonitorEvent } from '../monitor/events.ts';
import type { TableNames } from '../monitor/names.ts';
import { say } from '../monitor/say.ts';

/** A line of somebody's, with wall time in ms. */
export interface LogLine {
  readonly at: number;
  readonly text: string;
}

/** An error's message and its further lines. */
export const wordsOf = (error: unknown): readonly string[] =>
  error instanceof Error ? [error.message, ...((error as { more?: readonly string[] }).more ?? [])] : [String(error)];

/** Before the fault only the latest matters: how it came to stand as it did. */
const BEFORE_LINES = 15;

const linesSince = (text: string | undefined, who: string, since: number): readonly LogLine[] =>
  (text ?? '').split('\n').flatMap((line) => {
    const space = line.indexOf(' ');
    const at = Date.parse(line.slice(0, space));
    return at >= since ? [{ at, text: `${who}: ${line.slice(space + 1)}` }] : [];
  });

/**
 * What has been told since a moment: by the lab's own process of BGP's routes and of boxes that stop and start, by each
 * box's tunnel watch of tunnels that die and come back.
 * @param boxes nodes that may have a tunnel watch.
 */
export const labLog = async (
  files: Pick<Files, 'read'>,
  lab: string,
  boxes: readonly string[],
  since: number,
): Promise<readonly LogLine[]> => {
  const watches = await Promise.all(
    boxes.map(async (box) => linesSince(await files.read(paths(lab).watchLog(box)), box, since)),
  );
  return [...linesSince(await files.read(paths(lab).serveLog), 'lab', since), ...watches.flat()];
};

const places = (event: MonitorEvent, names: TableNames): string | undefined =>
  event.kind === 'health'
    ? event.routes.map(({ table, at }) => `${names.get(table) ?? table} ${at ?? 'not settled'}`).join(', ')
    : undefined;

/**
 * All that is told, and of what is only measured whatever helps to understand a failure: calls, and where the routes
 * are believed.
 */
const inDetail = (events: readonly MonitorEvent[], names: TableNames): readonly LogLine[] => {
  let last: string | undefined;
  return events.flatMap((event) => {
    const text =
      event.kind === 'api'
        ? `${event.action}: ${event.outcome}, ${Math.round(event.ms)} ms`
        : (say(event, names) ?? places(event, names));
    if (text === undefined || (event.kind === 'health' && text === last)) return [];
    if (event.kind === 'health') last = text;
    return [{ at: event.at, text }];
  });
};

/**
 * Lines in order of time, with ms since the fault.
 * @param whole also what came before the fault, and the calls: of a case that failed.
 */
export const timelineOf = (
  events: readonly MonitorEvent[],
  lab: readonly LogLine[],
  faultAt: number,
  whole: boolean,
  names: TableNames,
): readonly string[] => {
  const said = whole
    ? inDetail(events, names)
    : events.flatMap((event) => ({ at: event.at, text: say(event, names) ?? '' })).filter(({ text }) => text !== '');
  const all = [...said, ...lab].sort((one, other) => one.at - other.at);
  const after = all.filter(({ at }) => at >= faultAt);
  const before = whole ? all.filter(({ at }) => at < faultAt).slice(-BEFORE_LINES) : [];
  return [...before, ...after].map(({ at, text }) => `${Math.round(at - faultAt)} ms  ${text}`);
};

const STATE = { alive: 'up', dead: 'down', unknown: 'not known' } as const;

/** How the monitor last saw everything. */
export const lastView = (events: readonly MonitorEvent[], names: TableNames): readonly string[] => {
  const health = events.findLast((event) => event.kind === 'health');
  if (health?.kind !== 'health') return ['the monitor never said how things stand'];
  return [
    ...health.links.map(
      ({ link, state, suspicion, rttMs }) =>
        `monitor: ${link} is ${STATE[state]}, suspicion ${suspicion.toFixed(2)}${rttMs === undefined ? '' : `, round trip ${rttMs.toFixed(1)} ms`}`,
    ),
    `monitor: ${places(health, names)!}`,
  ];
};
