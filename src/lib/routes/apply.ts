import { failure, HybridError } from '../core/errors.ts';
import type { Clock, Ports, RouteTable, RouteTables } from '../core/ports.ts';
import { CALLS_IN_FLIGHT } from '../domain/failover/buckets.ts';
import { effectiveRoute, isTargetOf, type Change } from '../domain/routes.ts';
import type { RouteStep } from './plan.ts';
import type { StepStatus } from './report.ts';
import { throttle, type Throttle } from './throttle.ts';
import { outcomeOf, readBack, writeRoute, type ReadBack } from './write.ts';

/** What a write needs of a step: a procedure has no links to choose from. */
export type RouteTask = Pick<RouteStep, 'destination' | 'goal' | 'change'> & {
  readonly entry: { readonly id: string };
  readonly to?: RouteStep['to'];
};

export interface Applied<S extends RouteTask = RouteStep> {
  readonly step: S;
  readonly status: Extract<StepStatus, 'moved' | 'unverified' | 'failed' | 'skipped'>;
  readonly after: RouteTable | undefined;
  readonly apiMs: number | undefined;
  readonly verifyMs: number | undefined;
  readonly error: HybridError | undefined;
}

type ApplyPorts = Pick<Ports, 'clock' | 'signal'>;

/** EC2 reads lag behind writes, seldom by more than seconds ("Eventual consistency in the Amazon EC2 API"). */
const VERIFY_MS = 10_000;
const REREAD_MS = [0, 100, 200, 400, 800];
/**
 * A race may be a stale read, so each round waits longer; after 1.5 s in all it is a fight, and a person should look.
 */
const ROUNDS = REREAD_MS.length;

interface Written<S> {
  readonly step: S;
  /** undefined: not tried, since interrupted. */
  readonly at: number | undefined;
  readonly apiMs: number | undefined;
  readonly error: HybridError | undefined;
}

/** Writes every step, then reads until each shows. Steps start in the order given. Never throws for a single step. */
export const applyAll = async <S extends RouteTask>(
  tables: RouteTables,
  steps: readonly S[],
  ports: ApplyPorts,
  turns: Throttle = throttle(ports.clock),
): Promise<readonly Applied<S>[]> => {
  const written: Written<S>[] = [];
  await inOrder(steps, async (step, index) => {
    written[index] = await writeInTurn(tables, step, turns, ports);
  });
  return verify(tables, written, ports);
};

const inOrder = async <T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> => {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      await work(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CALLS_IN_FLIGHT, items.length) }, worker));
};

const asHybrid = (error: unknown): HybridError =>
  error instanceof HybridError
    ? error
    : failure(error instanceof Error ? error.message : String(error), { cause: error });

const writeInTurn = async <S extends RouteTask>(
  tables: RouteTables,
  step: S,
  turns: Throttle,
  { clock, signal }: ApplyPorts,
): Promise<Written<S>> => {
  const { kind } = step.change;
  const hasTurn = kind === 'none' || kind === 'refuse' ? !signal.aborted : await turns.turn(kind, signal);
  if (!hasTurn) return { step, at: undefined, apiMs: undefined, error: undefined };
  const started = clock.now();
  const error = await writeStep(tables, step, turns, clock).catch(asHybrid);
  const at = clock.now();
  return { step, at, apiMs: at - started, error };
};

/**
 * The table may change between our read and our write: read again and choose the write again, towards the same goal.
 * The first call has had its turn; each further one waits for its own, also after Ctrl-C: what was begun is finished.
 */
const writeStep = async (
  tables: RouteTables,
  { entry, destination, goal, change: first }: RouteTask,
  turns: Throttle,
  clock: Clock,
): Promise<undefined> => {
  let change: Change = first;
  for (let round = 1; change.kind !== 'none'; round += 1) {
    if (change.kind === 'refuse') throw failure(change.why, { next: change.next });
    if (round > 1) await turns.turn(change.kind);
    try {
      await writeRoute(tables, entry.id, destination, change);
      return undefined;
    } catch (error) {
      const outcome = outcomeOf(error);
      if (outcome === 'throttled' && round < ROUNDS) {
        turns.drained(change.kind);
        continue;
      }
      if (outcome !== 'race') throw error;
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

/**
 * What EC2 shows decides, not what the write said: a call that timed out may have been applied. A failed write gets one
 * look; a write that went well is looked for until the deadline, since a read may be stale.
 */
const verify = async <S extends RouteTask>(
  tables: RouteTables,
  written: readonly Written<S>[],
  { clock, signal }: ApplyPorts,
): Promise<readonly Applied<S>[]> => {
  const ids = [...new Set(written.filter(({ at }) => at !== undefined).map(({ step }) => step.entry.id))];
  const seen = new Map<S, { table: RouteTable; at: number }>();
  const deadline = clock.now() + VERIFY_MS;
  let latest: ReadBack = { tables: [], gone: [] };
  let trouble: HybridError | undefined;
  const find = (id: string): RouteTable | undefined => latest.tables.find((table) => table.id === id);
  for (let look = 0; ids.length > 0; look += 1) {
    await clock.sleep(REREAD_MS[look] ?? REREAD_MS.at(-1)!, signal).catch(() => undefined);
    try {
      latest = await readBack(tables, ids);
      trouble = undefined;
    } catch (error) {
      trouble = asHybrid(error);
    }
    for (const { step } of written) {
      const table = find(step.entry.id);
      if (!seen.has(step) && trouble === undefined && table !== undefined && step.goal.reached(table))
        seen.set(step, { table, at: clock.now() });
    }
    const open = written.filter(({ step, at, error }) => at !== undefined && error === undefined && !seen.has(step));
    if (open.length === 0 || signal.aborted || clock.now() >= deadline) break;
  }
  return written.map((one) => outcome(one, seen.get(one.step), find(one.step.entry.id), trouble));
};

const outcome = <S extends RouteTask>(
  { step, at, apiMs, error }: Written<S>,
  seen: { table: RouteTable; at: number } | undefined,
  latest: RouteTable | undefined,
  trouble: HybridError | undefined,
): Applied<S> => {
  const known = { step, after: latest, apiMs, verifyMs: undefined, error };
  if (at === undefined) return { ...known, status: 'skipped', after: undefined };
  if (seen !== undefined)
    return { ...known, status: 'moved', after: seen.table, verifyMs: seen.at - at, error: undefined };
  if (error !== undefined) return { ...known, status: 'failed' };
  return { ...known, status: 'unverified', error: trouble ?? unseen(step, latest) };
};

const unseen = ({ destination, to, entry }: RouteTask, latest: RouteTable | undefined): HybridError => {
  if (latest === undefined)
    return failure(`written, but EC2 does not show route table ${entry.id} any more`, {
      next: 'look whether somebody has deleted it',
    });
  const route = effectiveRoute(latest, destination);
  if (route?.state === 'blackhole' && to !== undefined && isTargetOf(route.target, to))
    return failure(`${to.target?.id} is a blackhole: its instance does not run`, {
      next: 'start the gateway, or move to another link',
    });
  return failure(`written, but EC2 still shows ${route?.target.id ?? 'no route'}`, {
    next: 'run "hybridctl route status" in a moment',
  });
};
