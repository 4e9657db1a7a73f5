import type { Outcome } from '../core/command.ts';
import { EXIT } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { applyAll, type Applied } from './apply.ts';
import { planLines, readAndPlan, type ChooseLink } from './plan.ts';
import { exitOf, stepReport, type MoveReport } from './report.ts';
import type { Opened } from './select.ts';

export interface MoveOptions {
  readonly dryRun: boolean;
  readonly detailedExitcode: boolean;
  /** Asks whoever is there. Throws where the answer is no. */
  confirm(question: string): Promise<void>;
}

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
  const steps = await readAndPlan(opened, choose, ports.signal);
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
  planLines(opened, pending).forEach((line) => ports.progress(line));
  await options.confirm(
    `Move ${pending.length === 1 ? 'this route' : `these ${pending.length} routes`} in ${opened.region}?`,
  );
  const applied = await applyAll(opened.tables, pending, ports);
  return { result: report(applied), exit: exitOf(applied, ports.signal.aborted) };
};
