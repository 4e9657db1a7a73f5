import type { Line } from './ecs.ts';

export interface PastMove {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly table: string;
  readonly destination: string;
  readonly from: string;
  readonly to: string;
  readonly outcome: string;
  readonly because: string;
  /** All ms; null where the event has none. */
  readonly detectMs: number | null;
  readonly apiMs: number | null;
  readonly verifyMs: number | null;
}

export interface PastStep {
  readonly at: string;
  readonly what: string;
  readonly because: string;
  /** Of an alert that repeats a move: `table|destination from to`, as `moveKey` writes it. */
  readonly repeats?: string;
}

/** What makes a move and the alert of it the same. */
const moveKey = (subject: string, from: string, to: string): string => `${subject} ${from} ${to}`;

/** Steps that the moves do not tell already. */
export const otherSteps = ({ moves, steps }: Pick<Incident, 'moves' | 'steps'>): readonly PastStep[] => {
  const told = new Set(moves.map(({ table, destination, from, to }) => moveKey(`${table}|${destination}`, from, to)));
  return steps.filter(({ repeats }) => repeats === undefined || !told.has(repeats));
};

/** All that has one correlation id. */
export interface Incident {
  readonly incident: string;
  readonly began: string;
  readonly ended: string;
  readonly links: readonly string[];
  readonly moves: readonly PastMove[];
  /** Verdicts, alerts, healings and faults, in order. */
  readonly steps: readonly PastStep[];
}

export interface Selection {
  /** Wall time, ms: incidents that ended before it are left out. */
  readonly since?: number | undefined;
  readonly link?: string | undefined;
  readonly table?: string | undefined;
  readonly incident?: string | undefined;
}

export interface History {
  readonly incidents: readonly Incident[];
  /** Lines read, and those among them that are no event. */
  readonly lines: number;
  readonly damaged: number;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @returns undefined for anything that is no line of ours. Only what is read below is judged. */
export const eventIn = (line: string): Line | undefined => {
  try {
    const read: unknown = JSON.parse(line);
    if (!isObject(read) || typeof read['@timestamp'] !== 'string' || Number.isNaN(Date.parse(read['@timestamp'])))
      return undefined;
    if (
      !isObject(read['event']) ||
      typeof read['event']['action'] !== 'string' ||
      !isObject(read['hybridctl']) ||
      typeof read['hybridctl']['kind'] !== 'string'
    )
      return undefined;
    // Parsers of dates are lenient: what is shown is our own writing of it.
    return { ...read, '@timestamp': new Date(read['@timestamp']).toISOString() } as unknown as Line;
  } catch {
    return undefined;
  }
};

/** What the log says reaches a terminal: nothing in it may steer that. */
const textOf = (value: unknown): string =>
  typeof value === 'string' ? value.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ') : '?';
const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

const moveOf = ({ '@timestamp': at, hybridctl: own }: Line): PastMove => ({
  at,
  table: textOf(own['table']),
  destination: textOf(own['destination']),
  from: textOf(own['from']),
  to: textOf(own['to']),
  outcome: textOf(own['outcome']),
  because: textOf(own['because']),
  detectMs: numberOf(own['detectMs']),
  apiMs: numberOf(own['apiMs']),
  verifyMs: numberOf(own['verifyMs']),
});

const incidentOf = (incident: string, lines: readonly Line[]): Incident => {
  // A journal's alert may be told late, by a successor: order is that of what happened, as far as the clocks agree.
  const ordered = [...lines].sort((one, other) => Date.parse(one['@timestamp']) - Date.parse(other['@timestamp']));
  const moves = ordered.filter(({ hybridctl }) => hybridctl.kind === 'move').map(moveOf);
  const told = ordered.flatMap(({ hybridctl }) => (hybridctl.kind === 'verdict' ? [textOf(hybridctl['link'])] : []));
  return {
    incident,
    began: ordered[0]!['@timestamp'],
    ended: ordered.at(-1)!['@timestamp'],
    links: [...new Set([...told, ...moves.flatMap(({ from, to }) => [from, to])])].sort(),
    moves,
    steps: ordered
      .filter(({ hybridctl }) => hybridctl.kind !== 'move')
      .map(({ '@timestamp': at, message, event, hybridctl: { alert } }) => ({
        at,
        what: textOf(message),
        because: event['reason'] === undefined ? '' : textOf(event['reason']),
        ...(isObject(alert) && alert['kind'] === 'moved'
          ? { repeats: moveKey(textOf(alert['subject']), textOf(alert['from']), textOf(alert['to'])) }
          : {}),
      })),
  };
};

/**
 * Incidents of an event log, oldest first.
 * @param texts the files of the log, oldest first; lines that are no events of ours are counted and passed over
 */
export const historyOf = (texts: readonly string[], { since, link, table, incident }: Selection = {}): History => {
  const groups = new Map<string, Line[]>();
  let lines = 0;
  let damaged = 0;
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    if (line.trim() === '') continue;
    lines += 1;
    const event = eventIn(line);
    if (event === undefined) {
      damaged += 1;
      continue;
    }
    const id = isObject(event.trace) && typeof event.trace.id === 'string' ? textOf(event.trace.id) : undefined;
    if (id === undefined) continue;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [event]);
    else group.push(event);
  }
  const incidents = [...groups]
    .map(([id, events]) => incidentOf(id, events))
    .filter(
      (one) =>
        (incident === undefined || one.incident === incident) &&
        (since === undefined || Date.parse(one.ended) >= since) &&
        (link === undefined || one.links.includes(link)) &&
        (table === undefined || one.moves.some((move) => move.table === table)),
    )
    .sort((one, other) => Date.parse(one.began) - Date.parse(other.began));
  return { incidents, lines, damaged };
};

/** An incident as --json tells it: tables by id and name. @param nameOf a table's name, where it is known. */
export const incidentData = (incident: Incident, nameOf: (table: string) => string | undefined) => ({
  ...incident,
  moves: incident.moves.map((move) => ({ ...move, table: { id: move.table, name: nameOf(move.table) ?? null } })),
});
