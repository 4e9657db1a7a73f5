import { failure, HybridError } from '../../lib/core/errors.ts';
import { RouteRace, type Clock, type Ports, type RouteTable, type RouteTables } from '../../lib/core/ports.ts';
import { effectiveRoute, isTargetOf, planMove, type Change, type LinkTarget } from '../../lib/domain/routes.ts';
import type { Step, StepStatus } from './move.ts';
import type { Managed, Opened } from './select.ts';

/** What a step is to come to. Both read a table as EC2 has just shown it. */
export interface Goal {
  /** The write that leads there; none where it is there. */
  choose(table: RouteTable): Change;
  reached(table: RouteTable): boolean;
}

/** The link carries the destination. */
export const carriedBy = ({ entry, destination }: Managed, to: LinkTarget, links: readonly LinkTarget[]): Goal => ({
  choose: (table) => planMove({ table, destination, to, mode: entry.mode, order: entry.links, links }),
  reached(table) {
    const route = effectiveRoute(table, destination);
    return route !== undefined && route.state === 'active' && isTargetOf(route.target, to);
  },
});

export interface Applied {
  readonly step: Step;
  readonly status: Extract<StepStatus, 'moved' | 'unverified' | 'failed' | 'skipped'>;
  readonly after: RouteTable | undefined;
  readonly apiMs: number | undefined;
  readonly verifyMs: number | undefined;
  readonly error: HybridError | undefined;
}

/** Calls in flight: enough to move 50 routes within a second, few enough to keep the order of priority. */
const WIDTH = 16;
/**
 * EC2's bucket for a mutating call holds 50 and takes 5/s ("Request throttling"): later ones wait their turn here, not
 * in retries.
 */
const BURST = 50;
const REFILL_MS = 200;
/** EC2 reads lag behind writes, seldom by more than seconds ("Eventual consistency in the Amazon EC2 API"). */
const VERIFY_MS = 10_000;
const REREAD_MS = [0, 100, 200, 400, 800];
/**
 * A race may be a stale read, so each round waits longer; after 1.5 s in all it is a fight, and a person should look.
 */
const ROUNDS = REREAD_MS.length;

interface Written {
  readonly step: Step;
  /** undefined: not tried, since interrupted. */
  readonly at: number | undefined;
  readonly apiMs: number | undefined;
  readonly error: HybridError | undefined;
}

/** Writes every step, then reads until each shows. Steps start in the order given. Never throws for a single step. */
export const applyAll = async (opened: Opened, steps: readonly Step[], ports: Ports): Promise<readonly Applied[]> => {
  const written: Written[] = [];
  const started = ports.clock.now();
  await inOrder(steps, async (step, index) => {
    written[index] = await writeInTurn(opened, step, started + Math.max(0, index + 1 - BURST) * REFILL_MS, ports);
  });
  return verify(opened, written, ports);
};

const inOrder = async <T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> => {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      await work(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(WIDTH, items.length) }, worker));
};

const asHybrid = (error: unknown): HybridError =>
  error instanceof HybridError
    ? error
    : failure(error instanceof Error ? error.message : String(error), { cause: error });

const writeInTurn = async (opened: Opened, step: Step, turn: number, { clock, signal }: Ports): Promise<Written> => {
  const wait = turn - clock.now();
  if (wait > 0) await clock.sleep(wait, signal).catch(() => undefined);
  if (signal.aborted) return { step, at: undefined, apiMs: undefined, error: undefined };
  const started = clock.now();
  const error = await writeStep(opened, step, clock).catch(asHybrid);
  const at = clock.now();
  return { step, at, apiMs: at - started, error };
};

/**
 * The table may change between our read and our write: read again and choose the write again, towards the same goal.
 */
const writeStep = async (
  { tables }: Opened,
  { entry, destination, goal, change: first }: Step,
  clock: Clock,
): Promise<undefined> => {
  let change: Change = first;
  for (let round = 1; change.kind !== 'none'; round += 1) {
    if (change.kind === 'refuse') throw failure(change.why, { next: change.next });
    try {
      await write(tables, entry.id, destination, change);
      return undefined;
    } catch (error) {
      if (!(error instanceof RouteRace)) throw error;
      if (round === ROUNDS)
        throw failure('the route is not as EC2 reads it: somebody else keeps changing it, or reads lag behind', {
          next: 'look with "hybridctl route status" in a minute',
          cause: error,
        });
      await clock.sleep(REREAD_MS[round] ?? 0);
      const [table] = await tables.read([entry.id]);
      change = goal.choose(table!);
    }
  }
  return undefined;
};

const write = (
  tables: RouteTables,
  table: string,
  destination: string,
  change: Exclude<Change, { kind: 'none' | 'refuse' }>,
): Promise<void> => {
  switch (change.kind) {
    case 'create':
      return tables.createRoute(table, destination, change.target);
    case 'replace':
      return tables.replaceRoute(table, destination, change.target);
    case 'delete':
      return tables.deleteRoute(table, destination);
  }
};

/**
 * What EC2 shows decides, not what the write said: a call that timed out may have been applied. A failed write gets one
 * look; a write that went well is looked for until the deadline, since a read may be stale.
 */
const verify = async (
  { tables }: Opened,
  written: readonly Written[],
  { clock, signal }: Ports,
): Promise<readonly Applied[]> => {
  const ids = [...new Set(written.filter(({ at }) => at !== undefined).map(({ step }) => step.entry.id))];
  if (ids.length === 0)
    return written.map(({ step }) => ({
      step,
      status: 'skipped',
      after: undefined,
      apiMs: undefined,
      verifyMs: undefined,
      error: undefined,
    }));
  const seen = new Map<Step, { table: RouteTable; at: number }>();
  const deadline = clock.now() + VERIFY_MS;
  let latest: ReadonlyMap<string, RouteTable> = new Map();
  let trouble: HybridError | undefined;
  for (let look = 0; ; look += 1) {
    await clock.sleep(REREAD_MS[look] ?? REREAD_MS.at(-1)!, signal).catch(() => undefined);
    try {
      latest = new Map((await tables.read(ids)).map((table) => [table.id, table]));
      trouble = undefined;
    } catch (error) {
      trouble = asHybrid(error);
    }
    for (const { step } of written) {
      const table = latest.get(step.entry.id);
      if (!seen.has(step) && trouble === undefined && table !== undefined && step.goal.reached(table))
        seen.set(step, { table, at: clock.now() });
    }
    const open = written.filter(({ step, at, error }) => at !== undefined && error === undefined && !seen.has(step));
    if (open.length === 0 || signal.aborted || clock.now() >= deadline) break;
  }
  return written.map((one) => outcome(one, seen.get(one.step), latest.get(one.step.entry.id), trouble));
};

const outcome = (
  { step, at, apiMs, error }: Written,
  seen: { table: RouteTable; at: number } | undefined,
  latest: RouteTable | undefined,
  trouble: HybridError | undefined,
): Applied => {
  if (at === undefined)
    return { step, status: 'skipped', after: undefined, apiMs, verifyMs: undefined, error: undefined };
  if (seen !== undefined)
    return { step, status: 'moved', after: seen.table, apiMs, verifyMs: seen.at - at, error: undefined };
  if (error !== undefined) return { step, status: 'failed', after: latest, apiMs, verifyMs: undefined, error };
  return {
    step,
    status: 'unverified',
    after: latest,
    apiMs,
    verifyMs: undefined,
    error: trouble ?? unseen(step, latest),
  };
};

const unseen = ({ destination, to }: Step, latest: RouteTable | undefined): HybridError => {
  const route = latest === undefined ? undefined : effectiveRoute(latest, destination);
  if (route?.state === 'blackhole' && isTargetOf(route.target, to))
    return failure(`${to.target?.id} is a blackhole: its instance does not run`, {
      next: 'start the gateway, or move to another link',
    });
  return failure(`written, but EC2 still shows ${route?.target.id ?? 'no route'}`, {
    next: 'run "hybridctl route status" in a moment',
  });
};
