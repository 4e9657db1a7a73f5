import { EXIT, failure, HybridError, interrupted, type ExitCode } from '../../lib/core/errors.ts';
import type { Outcome } from '../../lib/core/command.ts';
import type { Ports, RouteTable } from '../../lib/core/ports.ts';
import type { Change, LinkTarget } from '../../lib/domain/routes.ts';
import { applyAll, carriedBy, type Applied, type Goal } from './apply.ts';
import { unlessInterrupted, type Managed, type Opened } from './select.ts';
import { following, type RouteView } from './view.ts';

export interface MoveOptions {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly detailedExitcode: boolean;
}

/** One destination of one table on its way to a link. */
export interface Step extends Managed {
  readonly to: LinkTarget;
  readonly goal: Goal;
  readonly change: Change;
  readonly before: RouteTable;
}

/**
 * - `unchanged`: was there already
 * - `planned`: a dry run
 * - `moved`: written and read back
 * - `unverified`: written, but EC2 did not show it (or shows a blackhole) within the deadline
 * - `failed`: not written; `error` says why
 * - `skipped`: interrupted before its turn
 */
export type StepStatus = 'unchanged' | 'planned' | 'moved' | 'unverified' | 'failed' | 'skipped';

export interface StepReport {
  readonly table: string;
  readonly name: string;
  readonly destination: string;
  readonly from: RouteView | null;
  readonly to: { readonly link: string; readonly target: string };
  /** As read back after the change; as read before when there was none. */
  readonly after: RouteView | null;
  readonly change: 'create' | 'replace' | 'delete' | 'none';
  readonly status: StepStatus;
  /** The API's own time for the write, and from its answer until a read showed it; ms. */
  readonly apiMs: number | null;
  readonly verifyMs: number | null;
  readonly error: { readonly message: string; readonly next: string | null } | null;
}

export interface MoveReport {
  readonly site: string;
  readonly region: string;
  readonly dryRun: boolean;
  readonly routes: readonly StepReport[];
}

/** Chooses the link for a route as it stands, or says in a sentence why there is none. */
export type ChooseLink = (managed: Managed, table: RouteTable) => LinkTarget | string;

/**
 * Read, say what will change, ask, change, read again. The same for failover, failback and set; only the choice
 * differs.
 */
export const move = async (
  opened: Opened,
  choose: ChooseLink,
  options: MoveOptions,
  ports: Ports,
): Promise<Outcome<MoveReport>> => {
  const steps = await planSteps(opened, choose, ports);
  const report = (applied: readonly Applied[] = []): MoveReport => ({
    site: opened.site.site,
    region: opened.region,
    dryRun: options.dryRun,
    routes: steps.map((step) =>
      stepReport(
        opened,
        step,
        applied.find((one) => one.step === step),
        options.dryRun,
      ),
    ),
  });
  const pending = steps.filter(({ change }) => change.kind !== 'none');
  if (pending.length === 0) return { result: report() };
  if (options.dryRun) return { result: report(), exit: options.detailedExitcode ? EXIT.changesPending : EXIT.ok };
  sayPlan(opened, pending, ports);
  await confirm(
    `Move ${pending.length === 1 ? 'this route' : `these ${pending.length} routes`} in ${opened.region}?`,
    options,
    ports,
  );
  const applied = await applyAll(opened, pending, ports);
  return { result: report(applied), exit: verdict(applied, ports.signal.aborted) };
};

/** One refusal refuses all: a half-moved site is worse than an unmoved one, and --table narrows it down. */
export const planSteps = async (
  { managed, links, tables }: Opened,
  choose: ChooseLink,
  ports: Ports,
): Promise<readonly Step[]> => {
  const ids = [...new Set(managed.map(({ entry }) => entry.id))];
  const read = await unlessInterrupted(ports.signal, tables.read(ids));
  const refusals: { where: string; why: string; next: string }[] = [];
  const steps = managed.flatMap((one): readonly Step[] => {
    const { entry, destination } = one;
    const before = read[ids.indexOf(entry.id)]!;
    const to = choose(one, before);
    const refuse = (why: string, next: string): readonly Step[] => {
      refusals.push({ where: `${entry.name} ${destination}`, why, next });
      return [];
    };
    if (typeof to === 'string') return refuse(to, 'name a link with --to');
    const goal = carriedBy(one, to, links);
    const change = goal.choose(before);
    return change.kind === 'refuse' ? refuse(change.why, change.next) : [{ ...one, to, goal, change, before }];
  });
  const [first, ...others] = refusals;
  if (first !== undefined)
    throw failure(`${first.why}; nothing was changed`, {
      field: first.where,
      next: first.next,
      more: others.map(({ where, why }) => `${where}: ${why}`),
    });
  return steps;
};

const WHAT = {
  create: 'create a static route',
  replace: 'replace the static route',
  delete: 'delete the static route, the propagated one takes over',
} as const;

export const sayPlan = ({ links }: Opened, pending: readonly Step[], { progress }: Ports): void => {
  for (const { entry, destination, before, to, change } of pending) {
    const from = following(before, { entry, destination }, links).route;
    if (change.kind === 'none' || change.kind === 'refuse') continue;
    progress(
      `${entry.name} ${destination}: ${from?.link ?? from?.target ?? 'no route'} -> ${to.name} (${to.target?.id}); ${WHAT[change.kind]}`,
    );
  }
};

export const confirm = async (question: string, { yes }: Pick<MoveOptions, 'yes'>, { ask }: Ports): Promise<void> => {
  if (!yes && (ask === undefined || !(await ask.confirm(question))))
    throw failure('not confirmed; nothing was changed');
};

export const stepReport = (
  { links }: Opened,
  step: Step,
  applied: Applied | undefined,
  dryRun: boolean,
): StepReport => {
  const from = following(step.before, step, links).route;
  const idle: StepStatus = step.change.kind === 'none' ? 'unchanged' : dryRun ? 'planned' : 'skipped';
  return {
    table: step.entry.id,
    name: step.entry.name,
    destination: step.destination,
    from,
    to: { link: step.to.name, target: step.to.target!.id },
    after: applied?.after === undefined ? from : following(applied.after, step, links).route,
    change: step.change.kind === 'refuse' ? 'none' : step.change.kind,
    status: applied?.status ?? idle,
    apiMs: applied?.apiMs ?? null,
    verifyMs: applied?.verifyMs ?? null,
    error: applied?.error === undefined ? null : { message: applied.error.message, next: applied.error.next ?? null },
  };
};

/** Nothing done at all is an error with its own exit code; anything else is a report. */
const verdict = (applied: readonly Applied[], aborted: boolean): ExitCode => {
  const untouched = applied.every(({ status }) => status === 'failed' || status === 'skipped');
  const first = applied.find(({ error }) => error !== undefined);
  if (untouched && first?.error !== undefined && !aborted) {
    const { exit, message, next, more } = first.error;
    const others = applied
      .filter((one) => one !== first)
      .map(({ step, error }) => `${step.entry.name} ${step.destination}: ${error?.message ?? 'not tried'}`);
    throw new HybridError(exit, message, {
      field: `${first.step.entry.name} ${first.step.destination}`,
      ...(next === undefined ? {} : { next }),
      more: [...more, ...others],
      cause: first.error,
    });
  }
  if (aborted) {
    if (untouched) throw interrupted();
    return EXIT.interrupted;
  }
  return applied.every(({ status }) => status === 'moved') ? EXIT.ok : EXIT.partly;
};
