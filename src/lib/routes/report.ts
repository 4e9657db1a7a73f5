import { nextLink } from '../domain/routes.ts';
import { EXIT, HybridError, interrupted, type ExitCode } from '../core/errors.ts';
import type { Applied } from './apply.ts';
import type { Guard, LinkCheck } from './move.ts';
import type { RouteStep } from './plan.ts';
import type { Opened } from './select.ts';
import { following, type RouteView } from './view.ts';

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
  /** Whether `to` is a standby link of the table, and whether there is one behind it. */
  readonly standby: 'no' | 'one' | 'last';
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
  /** The links that traffic was to go to. */
  readonly checks: readonly LinkCheck[];
  readonly pins: Guard['pins'];
  readonly notes: readonly string[];
}

export const stepReport = (
  { links }: Opened,
  step: RouteStep,
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
    standby: step.to.name === step.entry.links[0] ? 'no' : nextLink(step.to, step.entry.links, links) ? 'one' : 'last',
    after: applied?.after === undefined ? from : following(applied.after, step, links).route,
    change: step.change.kind === 'refuse' ? 'none' : step.change.kind,
    status: applied?.status ?? idle,
    apiMs: applied?.apiMs ?? null,
    verifyMs: applied?.verifyMs ?? null,
    error: applied?.error === undefined ? null : { message: applied.error.message, next: applied.error.next ?? null },
  };
};

/** Nothing done at all is an error with its own exit code; anything else is a report. */
export const exitOf = (applied: readonly Applied[], aborted: boolean): ExitCode => {
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
