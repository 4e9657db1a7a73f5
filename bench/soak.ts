import { profileOf, type CusumProfile } from '../src/lib/domain/health/profiles.ts';
import { inARow, type Control } from '../src/lib/domain/health/controls.ts';
import { startTarget, stepTarget, type Target } from '../src/lib/domain/health/detector.ts';
import type { ProbeSpec, Sample } from '../src/lib/core/ports.ts';

/** Every third probe of `default` is one each 300 ms: three shadows a target, one of each phase. */
const EVERY = 3;
const IN_A_ROW = 3;

/** What a soak has seen so far. */
export interface SoakCount {
  /** Samples that counted, and those that were our own fault. */
  readonly probes: number;
  readonly unknown: number;
  readonly lost: number;
  /** Detectors of ours that have called the path dead. */
  readonly wolves: number;
  /** Times that a shadow has. */
  readonly shadows: number;
}

export interface Soak {
  readonly specs: readonly ProbeSpec[];
  take(id: string, sample: Sample): void;
  count(): SoakCount;
}

/**
 * Many targets behind one path, each judged by the detector of `route monitor` (profile default) and, on the very same
 * samples, by three in a row at 300 ms. At 5 % loss such a shadow fires every 42 minutes in the mean: many side by side
 * make that a matter of seconds.
 */
export const startSoak = (
  targets: number,
  { address, port }: { readonly address: string; readonly port: number },
): Soak => {
  const profile = profileOf('default') as CusumProfile;
  const judged = new Map<
    string,
    { readonly target: Target; readonly shadows: readonly Control[]; readonly fired: boolean[]; dead: boolean }
  >();
  const specs = Array.from(
    { length: targets },
    (_, index): ProbeSpec => ({ id: `soak/${index}`, kind: 'udp', address, port, intervalMs: profile.tauMs }),
  );
  for (const { id } of specs)
    judged.set(id, {
      target: startTarget(),
      shadows: Array.from({ length: EVERY }, () => inARow(IN_A_ROW)),
      fired: Array.from({ length: EVERY }, () => false),
      dead: false,
    });
  let [probes, unknown, lost, shadows] = [0, 0, 0, 0];
  return {
    specs,
    take(id, sample) {
      const one = judged.get(id)!;
      if (sample.kind === 'unknown') return void (unknown += 1);
      probes += 1;
      if (sample.kind === 'lost') lost += 1;
      stepTarget(one.target, profile, sample);
      one.dead ||= one.target.dead;
      // By when it was sent: replies are known sooner than losses, and choosing by arrival would favour them.
      const phase = Math.round((sample.sentAt ?? sample.at) / profile.tauMs) % EVERY;
      const fires = one.shadows[phase]!.step(sample);
      if (fires && !one.fired[phase]) shadows += 1;
      one.fired[phase] = fires;
    },
    count: () => ({ probes, unknown, lost, wolves: [...judged.values()].filter(({ dead }) => dead).length, shadows }),
  };
};
