import { HybridError } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { instanceChecks } from './cloud-instance.ts';
import { networkChecks } from './cloud-network.ts';
import { routeChecks } from './cloud-routes.ts';
import type { CloudView } from './cloud-view.ts';
import { daemonChecks } from './host-daemon.ts';
import { kernelChecks } from './host-kernel.ts';
import { pathChecks } from './host-path.ts';
import { relayChecks } from './host-relay.ts';
import type { HostView } from './host-view.ts';
import { watchChecks } from './host-watch.ts';
import { certificates } from './certificates.ts';
import { siteChecks } from './site-checks.ts';
import { skipped, type Finding, type CheckContext, type Side, type CheckResult } from './types.ts';

const SITE_CHECKS = [...siteChecks, certificates];
const HOST_CHECKS = [...kernelChecks, ...daemonChecks, ...pathChecks, ...relayChecks, ...watchChecks];
const CLOUD_CHECKS = [...instanceChecks, ...networkChecks, ...routeChecks];
/** Every check there is, in the order they are looked at: what others rest on first. */
export const CHECKS: readonly { readonly id: string; readonly side: Side; readonly about: string }[] = [
  ...SITE_CHECKS,
  ...CLOUD_CHECKS,
  ...HOST_CHECKS,
];

export interface Scope extends Pick<CheckContext, 'loaded' | 'site' | 'tunnels'>, Pick<Ports, 'files' | 'clock'> {
  readonly cloud: CloudView | undefined;
  readonly host: HostView | undefined;
}

interface Look {
  readonly id: string;
  readonly side: Side;
  readonly about: string;
  readonly why: string | undefined;
  look(): Promise<readonly CheckResult[]>;
}

interface Check<P> {
  readonly id: string;
  readonly side: Side;
  readonly about: string;
  inapplicable?(context: P): string | undefined;
  run(context: P): Promise<readonly CheckResult[]>;
}

const looks = <P>(checks: readonly Check<P>[], context: P): readonly Look[] =>
  checks.map((check) => ({
    id: check.id,
    side: check.side,
    about: check.about,
    why: check.inapplicable?.(context),
    look: () => check.run(context),
  }));

/** Every check of the sides that are given. One that does not apply, or can't look, is `skipped` and says why. */
export const examine = async (scope: Scope, signal: AbortSignal): Promise<readonly Finding[]> => {
  const { cloud, host, files, clock, ...common } = scope;
  const findings: Finding[] = [];
  const all: readonly Look[] = [
    ...looks(SITE_CHECKS, { ...common, files, clock }),
    ...(cloud === undefined ? [] : looks(CLOUD_CHECKS, { ...common, cloud })),
    ...(host === undefined ? [] : looks(HOST_CHECKS, { ...common, host })),
  ];
  for (const { id, side, about, why, look } of all) {
    const subject = side === 'host' ? host!.device : side === 'cloud' ? common.site.cloud.region : common.site.site;
    const results =
      why !== undefined
        ? [skipped(subject, why)]
        : await look().catch((error: unknown): readonly CheckResult[] => {
            if (signal.aborted || !(error instanceof HybridError)) throw error;
            return [skipped(subject, error.message, error.next ?? null)];
          });
    const well: CheckResult = { level: 'ok', subject, found: about, evidence: '', next: null };
    for (const result of results.length === 0 ? [well] : results)
      findings.push({ check: id, side, about, applies: why === undefined, ...result });
  }
  return findings;
};
