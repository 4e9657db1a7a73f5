import type { Outcome } from '../core/command.ts';
import { EXIT } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { applyAll, type Applied } from './apply.ts';
import { planLines, readAndPlan, type carriedBy, type ChooseLink, type RouteStep } from './plan.ts';
import { exitOf, stepReport, type MoveReport } from './report.ts';
import type { Opened } from './select.ts';

/** What was seen of a link before traffic is sent to it. */
export interface LinkCheck {
  readonly link: string;
  /** `skipped`: not looked at, since nobody wanted it. */
  readonly state: 'alive' | 'dead' | 'unknown' | 'skipped';
  readonly why: string;
}

/** What speaks for a move, and what has to be done around its writes. */
export interface Guard {
  readonly checks: readonly LinkCheck[];
  /** Pins as they are after the move, of the tables whose pin changes; null: unpinned. */
  readonly pins: readonly { readonly table: string; readonly link: string | null }[];
  /** What the user should know before they say yes. */
  readonly notes: readonly string[];
  around(write: () => Promise<readonly Applied[]>): Promise<readonly Applied[]>;
}

export interface MoveOptions {
  readonly dryRun: boolean;
  readonly detailedExitcode: boolean;
  /** Default: `carriedBy`. */
  readonly goalOf?: typeof carriedBy;
  /** Asks whoever is there. Throws where the answer is no. */
  confirm(question: string): Promise<void>;
  /** Looks at what the plan rests on. Throws where it should not be done. @param pending the steps that would write. */
  inspect(steps: readonly RouteStep[], pending: readonly RouteStep[]): Promise<Guard>;
}

/**
 * Read, look, say what will change, ask, change, read again. The same for failover, failback and set; only the choice
 * differs.
 */
export const move = async (
  opened: Opened,
  choose: ChooseLink,
  options: MoveOptions,
  ports: Ports,
): Promise<Outcome<MoveReport>> => {
  const steps = await readAndPlan(opened, choose, ports.signal, options.goalOf);
  const pending = steps.filter(({ change }) => change.kind !== 'none');
  const guard = await options.inspect(steps, pending);
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
    checks: guard.checks,
    pins: guard.pins,
    notes: guard.notes,
  });
  if (pending.length === 0) return { result: report() };
  if (options.dryRun) return { result: report(), exit: options.detailedExitcode ? EXIT.changesPending : EXIT.ok };
  planLines(opened, pending).forEach((line) => ports.progress(line));
  guard.notes.forEach((note) => ports.progress(`note: ${note}`));
  await options.confirm(
    `Move ${pending.length === 1 ? 'this route' : `these ${pending.length} routes`} in ${opened.region}?`,
  );
  const applied = await guard.around(() => applyAll(opened.tables, pending, ports));
  return { result: report(applied), exit: exitOf(applied, ports.signal.aborted) };
};
