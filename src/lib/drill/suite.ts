import { interrupted } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { seeded } from '../domain/seeded.ts';
import { labPorts } from '../lab/guest/shell.ts';
import type { Lab } from '../lab/state.ts';
import { isFound } from './cases.ts';
import { runCase, unplayed } from './run.ts';
import { resetLab } from './reset.ts';
import { wordsOf } from './timeline.ts';
import type { CaseResult, DrillCase, DrillProfile, DrillReport } from './types.ts';

export interface SuiteOptions {
  readonly profile: DrillProfile;
  /** The same seed sets the faults at the same phases. */
  readonly seed: number;
  /** Told after each case. */
  readonly onCase: (result: CaseResult, index: number) => void;
}

/** A lab that does not come back to order so many cases in a row is broken for good. */
const MOST_WRECKS = 3;
/** How often a case is measured on a machine that is too busy for it. */
const MOST_TRIES = 3;

/** @returns the cases that the profile is known to find. */
export const runnable = (cases: readonly DrillCase[], profile: DrillProfile): readonly DrillCase[] =>
  cases.filter(({ expects }) => isFound(profile, expects));

/**
 * Runs the cases one after another, whatever becomes of each, and leaves the lab in order. Throws only as interrupted.
 */
export const runSuite = async (
  outside: Ports,
  lab: Lab,
  cases: readonly DrillCase[],
  { profile, seed, onCase }: SuiteOptions,
): Promise<DrillReport> => {
  const ports = labPorts(outside, lab.record);
  const startedAt = ports.clock.now();
  const random = seeded(seed);
  const results: CaseResult[] = [];
  const run = runnable(cases, profile);
  let wrecks = 0;
  const reset = async (): Promise<unknown> =>
    resetLab(ports, lab).then(
      () => undefined,
      (error: unknown) => {
        if (ports.signal.aborted) throw interrupted();
        return error;
      },
    );
  const once = async (drill: DrillCase): Promise<CaseResult> => {
    const amiss = await reset();
    wrecks = amiss === undefined ? 0 : wrecks + 1;
    return amiss === undefined ? runCase(ports, lab, drill, { profile, random }) : unplayed(drill, amiss);
  };
  for (const [index, drill] of run.entries()) {
    let result = await once(drill);
    for (let more = 1; result.invalid && more < MOST_TRIES; more += 1) {
      ports.progress(
        `${drill.name}: machine too busy, the sender itself paused for ${result.pauseMs} ms; measured again`,
      );
      result = await once(drill);
    }
    results.push(result);
    onCase(result, index);
    if (wrecks === MOST_WRECKS) break;
  }
  const amiss = await reset();
  const passed = results.filter((result) => result.passed).length;
  return {
    lab: lab.record.name,
    site: lab.record.site.site,
    profile,
    seed,
    startedAt: new Date(startedAt).toISOString(),
    tookMs: ports.clock.now() - startedAt,
    passed,
    failed: results.filter((result) => !result.passed && !result.invalid).length,
    invalid: results.filter((result) => result.invalid).length,
    leftOut: [
      ...cases
        .filter((drill) => !run.includes(drill))
        .map(({ name, about }) => ({ name, why: `profile ${profile} does not find it, as expected: ${about}` })),
      ...run
        .slice(results.length)
        .map(({ name }) => ({ name, why: `not run: the lab did not come back to order ${MOST_WRECKS} times` })),
    ],
    amiss: amiss === undefined ? [] : wordsOf(amiss),
    cases: results,
  };
};
