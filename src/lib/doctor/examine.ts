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
import { siteChecks } from './site-checks.ts';
import type { Finding, CheckContext, Side, CheckResult } from './types.ts';

const HOST_CHECKS = [...kernelChecks, ...daemonChecks, ...pathChecks, ...relayChecks];
const CLOUD_CHECKS = [...instanceChecks, ...networkChecks, ...routeChecks];
/** Every check there is, in the order they are looked at: what others rest on first. */
export const CHECKS: readonly { readonly id: string; readonly side: Side; readonly about: string }[] = [
  ...siteChecks,
  ...CLOUD_CHECKS,
  ...HOST_CHECKS,
];

export interface Scope extends Pick<CheckContext, 'loaded' | 'site' | 'tunnels'>, Pick<Ports, 'files'> {
  readonly cloud: CloudView | undefined;
  readonly host: HostView | undefined;
}

/** Every check of the sides that are given. One that can't look says so and is never taken for well. */
export const examine = async (scope: Scope, signal: AbortSignal): Promise<readonly Finding[]> => {
  const { cloud, host, files, ...common } = scope;
  const findings: Finding[] = [];
  const all: readonly { id: string; side: Side; about: string; look(): Promise<readonly CheckResult[]> }[] = [
    ...siteChecks.map((check) => ({ ...check, look: () => check.run({ ...common, files }) })),
    ...(cloud === undefined
      ? []
      : CLOUD_CHECKS.map((check) => ({ ...check, look: () => check.run({ ...common, cloud }) }))),
    ...(host === undefined
      ? []
      : HOST_CHECKS.map((check) => ({ ...check, look: () => check.run({ ...common, host }) }))),
  ];
  for (const { id, side, about, look } of all) {
    const subject = side === 'host' ? host!.device : side === 'cloud' ? common.site.cloud.region : common.site.site;
    const results = await look().catch((error: unknown): readonly CheckResult[] => {
      if (signal.aborted || !(error instanceof HybridError)) throw error;
      return [
        {
          level: 'unknown',
          subject,
          found: `could not look: ${error.message}`,
          evidence: about,
          mend: error.next ?? null,
        },
      ];
    });
    const well: CheckResult = { level: 'ok', subject, found: about, evidence: '', mend: null };
    findings.push(...(results.length === 0 ? [well] : results).map((result) => ({ check: id, side, ...result })));
  }
  return findings;
};
