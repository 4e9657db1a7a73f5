import type { Ports } from '../core/ports.ts';
import type { Lab } from '../lab/state.ts';
import { runCase } from './run.ts';
import { cleanSlate } from './slate.ts';
import type { CaseResult, DrillCase, DrillProfile, DrillReport } from './types.ts';

export interface SuiteOptions {
  readonly profile: DrillProfile;
  /** The same seed sets the faults at the same phases. */
  readonly seed: number;
  /** Told after each case. */
  readonly onCase: (result: CaseResult, index: number) => void;
}

/** mulberry32: even over 0 to 1, 32 bits of state. */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Runs the cases one after another and leaves the lab in order. */
export const runSuite = async (ports: Ports, lab: Lab, cases: readonly DrillCase[], { profile, seed, onCase }: SuiteOptions): Promise<DrillReport> => {
  const startedAt = ports.clock.now();
  const random = seededRandom(seed);
  const results: CaseResult[] = [];
  for (const [index, drill] of cases.entries()) {
    const result = await runCase(ports, lab, drill, { profile, random });
    results.push(result);
    onCase(result, index);
  }
  await cleanSlate(ports, lab);
  const passed = results.filter((result) => result.passed).length;
  const tookMs = ports.clock.now() - startedAt;
  return { lab: lab.record.name, site: lab.record.site.site, profile, seed, startedAt: new Date(startedAt).toISOString(), tookMs, passed, failed: results.length - passed, cases: results };
};
