import type { Ports } from '../../core/ports.ts';
import type { Step } from '../../core/procedure.ts';
import { withoutTarget } from '../../domain/check.ts';
import { pathText } from '../../domain/issue.ts';
import type { Site } from '../../domain/site.ts';
import type { System } from '../../render/linux/user-data.ts';
import { saysNothing } from '../../site/answers.ts';
import type { InitRequest, PlannedFile } from '../init-site.ts';
import type { TunnelAccount } from '../render-files.ts';
import { planDeployment, refuseRunbook } from './deployment.ts';

/** A site and what it needs in the cloud, ready to be made. */
export interface CloudInit {
  readonly procedure: {
    readonly title: string;
    readonly site: string;
    readonly region: string;
    readonly steps: readonly Step[];
  };
  /** Of the site itself: what is written where it was described in the same run. */
  readonly files: readonly PlannedFile[];
  readonly tunnels: readonly TunnelAccount[];
  /** Of the site. */
  readonly warnings: readonly string[];
  /** Those that this run does not settle itself, and what else a person should know. */
  readonly worthSaying: readonly string[];
  /** The site file as it will be, stand-ins in place of addresses that are yet to be made. */
  readonly siteText: string;
  /** A site file that is there would say something else. */
  readonly changesExisting: boolean;
  readonly next: readonly string[];
}

/** Nitro instances call their first interface so; the schema's eth0 is that of older types. */
const NITRO_WAN = 'ens5';

const oldInterfaces = ({ gateways }: Site): readonly string[] =>
  gateways.flatMap(({ name, instance, wan }) =>
    instance === undefined && wan === 'eth0'
      ? [
          `${name} will look for its interface eth0; current instance types call it ${NITRO_WAN} (--gateway name=${name},wan=${NITRO_WAN})`,
        ]
      : [],
  );

/** New gateways that say nothing of their interface get the name that it will have. */
const withWan = (request: InitRequest): InitRequest => ({
  ...request,
  answers: {
    ...request.answers,
    gateways: request.answers.gateways.map((spec) =>
      spec['instance'] === undefined && spec['az'] !== undefined ? { wan: NITRO_WAN, ...spec } : spec,
    ),
  },
});

/** Gateways on instances of one's own. Reads, and changes nothing. */
export const planGatewayInit = async (
  ports: Ports,
  given: InitRequest,
  options: {
    readonly instanceType: string;
    readonly system: System | undefined;
    readonly runbook: boolean;
  },
): Promise<CloudInit> => {
  const deployment = await planDeployment(ports, withWan(given), options);
  const { site, plan, steps, fresh, changesExisting } = deployment;
  if (options.runbook) refuseRunbook(deployment);
  // What this very run makes is nothing to warn of.
  const made = new Set(withoutTarget(site).map(({ path, message }) => `${pathText(path)}: ${message}`));
  return {
    procedure: { title: `the VPN gateways of ${site.site}`, site: site.site, region: site.cloud.region, steps },
    siteText: plan.loaded.text,
    files: plan.files,
    // Until the addresses are made the tunnels hold stand-ins.
    tunnels: fresh.size > 0 ? [] : plan.tunnels,
    warnings: plan.warnings,
    worthSaying: [...plan.warnings.filter((warning) => !made.has(warning)), ...oldInterfaces(site)],
    // An address that the file lacks is filled in, which changes nothing that it says.
    changesExisting: changesExisting && !saysNothing(given.answers),
    next: ['hybridctl vpn status, on a gateway'],
  };
};
