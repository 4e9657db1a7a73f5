import { ROUTE_CALL } from '../core/route-call.ts';
import { HybridError, type ExitCode } from '../core/errors.ts';
import type { Instances, RouteTable, RouteTables } from '../core/ports.ts';
import type { Action, ActionResult, InstanceView } from '../domain/failover/types.ts';
import { outcomeOf, readBack, writeRoute } from '../routes/write.ts';
import type { MonitorEvent } from './events.ts';
import type { LeaseKeeper } from './lease.ts';

export interface Acting {
  readonly tables: RouteTables;
  readonly instances: Instances;
  readonly keeper: LeaseKeeper;
  /** Elastic IP by instance, of the gateways that have one in the site file. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Monotonic, ms: the scale of `notAfter`. */
  readonly now: () => number;
  /** Wall time, ms. */
  readonly wall: () => number;
  /** Nothing leaves that changes anything. */
  readonly dryRun: boolean;
  tell(event: MonitorEvent): void;
  /** Begins the gateway's tunnels that are down. @returns whether one came up, so that the stop may be spared. */
  beforeStop?(instance: string): Promise<boolean>;
}

/** What became of an action, and how long its call took. */
export interface Done extends ActionResult {
  readonly ms: number;
  /** Of what failed, or of what was lacking. */
  readonly why?: string;
  /** Of what failed: whose fault it is. */
  readonly exit?: ExitCode;
}

/** EC2's name of the call, for metrics. Actions that call nobody have none. */
const CALL: Partial<Record<Action['kind'], string>> = {
  read: 'DescribeRouteTables',
  inspect: 'DescribeInstances',
  ...ROUTE_CALL,
  stop: 'StopInstances',
  start: 'StartInstances',
  'attach-address': 'AssociateAddress',
  'clear-source-dest-check': 'ModifyInstanceAttribute',
};

const isHarmless = ({ kind }: Action): boolean => ['read', 'inspect', 'record', 'alert', 'release'].includes(kind);

/**
 * Does what was decided. Never rejects. Up to the API's own door it runs within the caller's turn: no file, no sink and
 * no other task stands in front of the call.
 * @param decidedAt `now` of the decision: a clock that went back since makes a lease worthless.
 */
export const act = async (acting: Acting, action: Action, decidedAt: number): Promise<Done> => {
  const { now, wall, tell, dryRun } = acting;
  const { id } = action;
  if (action.kind === 'stop' && !dryRun && (await acting.beforeStop?.(action.instance)) === true)
    return { id, outcome: 'unsent', ms: 0, why: 'its tunnel was begun and came up: the probes decide' };
  const sentAt = now();
  if ('notAfter' in action && (sentAt >= action.notAfter || sentAt < decidedAt))
    return { id, outcome: 'unsent', ms: 0, why: 'the lease ran out before it left' };
  if (dryRun && !isHarmless(action)) return { id, outcome: 'refused', ms: 0, why: 'dry run: nothing is changed' };
  const result = await perform(acting, action).catch(
    (error: unknown): Omit<Done, 'id' | 'ms'> => ({
      outcome: outcomeOf(error),
      why: error instanceof Error ? error.message : String(error),
      ...(error instanceof HybridError ? { exit: error.exit } : {}),
    }),
  );
  const ms = now() - sentAt;
  const call = CALL[action.kind];
  if (call !== undefined) tell({ kind: 'api', at: wall(), action: call, outcome: result.outcome, ms });
  return { id, ms, ...result };
};

const DONE = { outcome: 'done' } as const;

/** A table that somebody has deleted is told, and the others are watched on. */
const readThere = async (
  tables: RouteTables,
  ids: readonly string[],
): Promise<{ readonly tables: readonly RouteTable[]; readonly why?: string }> => {
  const { tables: there, gone } = await readBack(tables, ids);
  return {
    tables: there,
    ...(gone.length === 0 ? {} : { why: `there is no route table ${gone.join(', ')}; the others are watched on` }),
  };
};

const perform = async (
  { tables, instances, keeper, addresses, tell, wall }: Acting,
  action: Action,
): Promise<Omit<Done, 'id' | 'ms'>> => {
  switch (action.kind) {
    case 'read':
      return { ...DONE, ...(await readThere(tables, action.tables)) };
    case 'create':
    case 'replace':
      await writeRoute(tables, action.table, action.destination, { kind: action.kind, target: action.target! });
      return DONE;
    case 'delete':
      await writeRoute(tables, action.table, action.destination, { kind: 'delete' });
      return DONE;
    case 'inspect': {
      const views = await instances.describe(action.instances);
      return {
        ...DONE,
        instances: views.map(({ instance, state, publicIp, sourceDestCheck }): InstanceView => {
          const own = addresses.get(instance);
          return { instance, state, address: own === undefined || own === publicIp, sourceDestCheck };
        }),
      };
    }
    case 'stop':
      await instances.stop(action.instance, { force: action.force });
      return DONE;
    case 'start':
      await instances.start(action.instance);
      return DONE;
    case 'attach-address':
      await instances.attachAddress(action.instance, addresses.get(action.instance)!);
      return DONE;
    case 'clear-source-dest-check':
      await instances.clearSourceDestCheck(action.instance);
      return DONE;
    case 'record':
      return { outcome: await keeper.record(action.epoch, action.journal) };
    case 'release':
      await keeper.release();
      return DONE;
    case 'alert':
      tell({ kind: 'alert', at: wall(), alert: action.alert });
      return DONE;
  }
};
