import { EXIT, type ExitCode } from '../core/errors.ts';
import { FOREIGN, NO_ROUTE, type Action, type Policy, type Standing } from '../domain/failover/types.ts';
import { effectiveRoute, sharesTarget } from '../domain/routes.ts';
import type { PathVerdict } from '../domain/health/types.ts';
import type { Done } from './act.ts';
import type { Teller } from './tell.ts';

/** Why the route tables could not be read, and the exit code that says whose fault that is. */
export interface ReadTrouble {
  readonly why: string;
  readonly exit: ExitCode;
}

/** How everything stood when a monitor ended. */
export interface Ended {
  readonly verdicts: ReadonlyMap<string, PathVerdict>;
  readonly standings: readonly Standing[];
  /** Of the last read; undefined: it was answered. */
  readonly readTrouble: ReadTrouble | undefined;
  /** By the route's key: the link that the last write was to bring it to. */
  readonly wanted: ReadonlyMap<string, string>;
  /** Keys of the routes whose packets EC2 itself drops. */
  readonly dropped: ReadonlySet<string>;
  /** The lease was ours: only then is what was due done. */
  readonly led: boolean;
}

/** Follows what was decided and read, for the end. */
export const openTrack = (policy: Policy, telling: Pick<Teller, 'error' | 'over'>) => {
  let readTrouble: ReadTrouble | undefined;
  const wanted = new Map<string, string>();
  const dropped = new Set<string>();
  return {
    began(action: Action): void {
      if ('key' in action) wanted.set(action.key, action.to);
    },
    done(action: Action, { outcome, why, exit, tables = [] }: Done): void {
      if (action.kind === 'read')
        readTrouble = outcome === 'done' ? undefined : { why: why ?? outcome, exit: exit ?? EXIT.failed };
      // The cloud's own word that it drops a destination: our probes, which go round the tables, need not notice.
      for (const { key, table: id, destination } of policy.routes) {
        const table = tables.find((one) => one.id === id);
        if (table === undefined) continue;
        const carrying = effectiveRoute(table, destination);
        const what = `carry ${destination} in ${id}`;
        if (carrying?.state === 'blackhole') {
          dropped.add(key);
          telling.error(what, `EC2 drops it: ${carrying.target.id} is gone or does not run`);
        } else {
          dropped.delete(key);
          telling.over(what);
        }
      }
    },
    ended: (last: Pick<Ended, 'verdicts' | 'standings' | 'led'>): Ended => ({ ...last, readTrouble, wanted, dropped }),
  };
};

/** What one look came to, route by route. */
export interface Judgement {
  /** Keys of the routes that nothing is known to carry. */
  readonly lost: readonly string[];
  /** Keys of the routes that should be elsewhere. */
  readonly due: readonly string[];
  /** One line: all is well only where it says `done`. */
  readonly because: string;
}

const plural = (count: number): string => (count === 1 ? '1 route' : `${count} routes`);

const sameTarget = (policy: Policy, one: string, other: string | undefined): boolean => {
  const [a, b] = [one, other].map((name) => policy.links.find((link) => link.name === name));
  return a !== undefined && b !== undefined && sharesTarget(a, b);
};

/** A route is carried when it is known where it is, and a link alive is there. */
const isCarried = (at: string | undefined, verdicts: ReadonlyMap<string, PathVerdict>, policy: Policy): boolean => {
  if (at === undefined || at === NO_ROUTE || at === FOREIGN) return false;
  const there = policy.links.find(({ name }) => name === at);
  return policy.links.some(
    (link) =>
      there !== undefined &&
      (link === there || sharesTarget(link, there)) &&
      verdicts.get(link.name)?.state === 'alive',
  );
};

export const judgeOnce = (ended: Ended, policy: Policy): Judgement => {
  const { verdicts, standings, readTrouble, wanted, dropped, led } = ended;
  const placeOf = (key: string): string | undefined => standings.find((one) => one.key === key)?.at;
  const keys = policy.routes.map(({ key }) => key);
  const lost = keys.filter((key) => dropped.has(key) || !isCarried(placeOf(key), verdicts, policy));
  const due = keys.filter((key) => wanted.has(key) && wanted.get(key) !== placeOf(key));
  const standby = policy.routes.filter(({ key, order }) => {
    const best = order.find((name) => verdicts.get(name)?.state === 'alive');
    return best !== undefined && best !== placeOf(key) && !sameTarget(policy, best, placeOf(key));
  });
  const unseen = [...verdicts.values()].filter(({ state }) => state === 'unknown').map(({ link }) => link);
  const because =
    readTrouble !== undefined
      ? `could not read the route tables (${readTrouble.why})`
      : due.length > 0
        ? `${plural(due.length)} should move`
        : lost.length > 0
          ? `${plural(lost.length)} not known to be carried`
          : unseen.length > 0
            ? `every route is carried, but not every link could be checked: ${unseen.join(', ')}`
            : !led
              ? 'every route is carried; another monitor holds the lease, so this one only watched'
              : standby.length > 0
                ? `every route is carried; ${plural(standby.length)} on a standby link until a hold-down or a pin ends`
                : 'done: all links checked, all routes on their best link';
  return { lost, due, because };
};

/**
 * 4 without credentials, 3 for what is due where that was asked for, 1 for what is not known to be carried, 0 only when
 * every route is carried.
 */
export const exitOfOnce = (
  { lost, due }: Judgement,
  readTrouble: ReadTrouble | undefined,
  { detailedExitcode }: { readonly detailedExitcode: boolean },
): ExitCode => {
  if (readTrouble !== undefined) return readTrouble.exit === EXIT.missing ? EXIT.missing : EXIT.failed;
  if (detailedExitcode && due.length > 0) return EXIT.changesPending;
  return lost.length > 0 ? EXIT.failed : EXIT.ok;
};
