import { flag, text, type Flag, type Outcome, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { withoutTarget } from '../../lib/domain/check.ts';
import { pathText } from '../../lib/domain/issue.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { SYSTEMS, type System } from '../../lib/render/linux/user-data.ts';
import { saysNothing } from '../../lib/site/answers.ts';
import type { InitRequest } from '../../lib/procedures/init-site.ts';
import { planDeployment, refuseRunbook, type Deployment } from '../../lib/procedures/vpn-gateways/deployment.ts';
import { APPLY_FLAGS, procedureOptions, runApply, type ProcedureOptions, type ProcedureResult } from '../procedure.ts';
import { agreeToChange } from './consent.ts';
import { asksForManaged } from './managed.ts';

export interface VpnApply extends ProcedureOptions {
  readonly instanceType: string;
  readonly system: System | undefined;
  readonly force: boolean;
  /** AWS's own gateways, not instances. */
  readonly managed: boolean;
}

/** The region is an answer of the site's own, and a dry run is known already. */
const OWN = ['--region <name>', '--dry-run'];

export const VPN_APPLY_FLAGS: readonly Flag[] = [
  { flags: '--apply', summary: 'make it in the cloud too: Elastic IPs, role, security group, instances, routes' },
  {
    flags: '--instance-type <type>',
    summary: 'EC2 type of the gateways',
    default: 't3.small',
    env: 'HYBRIDCTL_INSTANCE_TYPE',
  },
  {
    flags: '--image <system>',
    summary: 'system of the gateways (default: debian-12 for strongSwan, al2023 for Libreswan)',
    choices: SYSTEMS,
    env: 'HYBRIDCTL_IMAGE',
  },
  ...APPLY_FLAGS.filter(({ flags }) => !OWN.includes(flags)),
];

const TYPE = /^[a-z][a-z0-9-]{1,20}\.[a-z0-9-]{1,20}$/;

/** undefined: nothing is asked of the cloud, and then its flags mean nothing. */
export const vpnApply = (raw: Raw): VpnApply | undefined => {
  if (!flag(raw, 'apply')) {
    for (const [name, field] of [
      ['emit', '--emit'],
      ['adopt', '--adopt'],
      ['keepOnFailure', '--keep-on-failure'],
      ['detailedExitcode', '--detailed-exitcode'],
    ] as const) {
      if (raw.flags[name] !== undefined) throw usageError('is for --apply', { field, next: 'give --apply too' });
    }
    return undefined;
  }
  const instanceType = text(raw, 'instanceType')!;
  if (!TYPE.test(instanceType))
    throw usageError(`${instanceType.slice(0, 40)} is no instance type: it looks like t3.small`, {
      field: '--instance-type',
    });
  return {
    ...procedureOptions(raw),
    region: undefined,
    instanceType,
    system: SYSTEMS.find((system) => system === text(raw, 'image')),
    force: flag(raw, 'force'),
    managed: asksForManaged(raw),
  };
};

/** Nitro instances call their first interface so; the schema's eth0 is that of older types. */
const NITRO_WAN = 'ens5';

const warn = (ports: Ports, { site }: Deployment): void => {
  for (const { name, instance, wan } of site.gateways) {
    if (instance === undefined && wan === 'eth0')
      ports.progress(
        `warning: ${name} will look for its interface eth0; current instance types call it ${NITRO_WAN} (--gateway name=${name},wan=${NITRO_WAN})`,
      );
  }
};

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

export interface AppliedInit {
  readonly deployment: Deployment;
  readonly outcome: Outcome<ProcedureResult>;
}

export const applyInit = async (ports: Ports, given: InitRequest, options: VpnApply): Promise<AppliedInit> => {
  const request = withWan(given);
  const deployment = await planDeployment(ports, request, options);
  const { site, plan, steps } = deployment;
  if (options.emit !== undefined) refuseRunbook(deployment);
  // What this very run makes is nothing to warn of.
  const made = new Set(withoutTarget(site).map(({ path, message }) => `${pathText(path)}: ${message}`));
  for (const warning of plan.warnings) if (!made.has(warning)) ports.progress(`warning: ${warning}`);
  warn(ports, deployment);
  // An address that the file lacks is filled in, which changes nothing that it says.
  if (
    !options.dryRun &&
    options.emit === undefined &&
    plan.changesExisting &&
    !saysNothing(given.answers) &&
    !options.force
  )
    await agreeToChange(ports, request.file);
  const outcome = await runApply(
    ports,
    { title: `the VPN gateways of ${site.site}`, site: site.site, region: site.cloud.region, steps },
    options,
  );
  return { deployment, outcome };
};
