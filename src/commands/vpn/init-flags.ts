import { usageError } from '../../lib/core/errors.ts';
import { flag, toggle, type Options } from '../../lib/core/flags.ts';
import type { Kind } from '../../lib/core/flags/kind.ts';
import { anything, choice, secretFile } from '../../lib/core/flags/kinds.ts';
import { CRYPTO_LEVELS } from '../../lib/domain/crypto.ts';
import { cidr, instanceType, networks, region, resourceId, siteName } from '../../lib/domain/kinds.ts';
import { zoneProblem } from '../../lib/domain/regions.ts';
import { SYSTEMS } from '../../lib/render/linux/user-data.ts';
import { readSpecs, type SHAPES, usageOf } from '../../lib/site/specs.ts';
import { APPLY } from '../procedure.ts';
import { FLAG } from '../flags.ts';

const THINGS: Readonly<Record<keyof typeof SHAPES, string>> = {
  gateway: 'a VPN gateway in the VPC, or aws for a managed connection',
  router: 'an on-prem router',
  tunnel: 'a tunnel (default: one for each new box)',
  dx: 'a Direct Connect virtual interface',
  table: 'a VPC route table (links default: Direct Connect, then the tunnel of its zone)',
};

/** Its keys are read together with the other values: a refusal says which of them it is about. */
const spec = (name: keyof typeof SHAPES) =>
  flag(anything('spec'), `${THINGS[name]}: ${usageOf(name)}`, {
    many: true,
    env: `HYBRIDCTL_${name.toUpperCase()}`,
  });

/** `vpn1=keys/vpn1`. A refusal repeats nothing of it: somebody may have typed the key itself. */
const keyFile: Kind<readonly [string, string]> = {
  placeholder: 'tunnel=file',
  words: 'a tunnel, and a file of mode 0600 that holds its key: `vpn1=keys/vpn1`',
  completion: 'files',
  parse(given, context) {
    const at = given.indexOf('=');
    if (at < 1 || at === given.length - 1)
      throw usageError('is not a tunnel and a file: write TUNNEL=FILE', {
        next: 'a key itself never goes on the command line',
      });
    return [given.slice(0, at), secretFile().parse(given.slice(at + 1), context)];
  },
};

/** What a person says of a site. */
export const SITE = {
  site: FLAG.site,
  example: flag(choice(['lab', 'legacy-vpn', 'legacy-openswan']), 'begin with a ready site', {
    env: 'HYBRIDCTL_EXAMPLE',
  }),
  name: flag(siteName(), 'name of the site', { env: 'HYBRIDCTL_NAME' }),
  // Not AWS_REGION: a shell's habit must not move a site that is there.
  region: flag(region(), 'cloud region', { env: 'HYBRIDCTL_REGION' }),
  vpcCidr: flag(cidr(), 'CIDR of the VPC', { env: 'HYBRIDCTL_VPC_CIDR' }),
  vpc: flag(resourceId('vpc', 'a VPC id'), 'VPC id', { env: 'HYBRIDCTL_VPC' }),
  vgw: flag(resourceId('vgw', 'a virtual private gateway id'), 'virtual private gateway, for Direct Connect', {
    env: 'HYBRIDCTL_VGW',
  }),
  crypto: flag(choice(CRYPTO_LEVELS, 'level'), 'crypto level (default: modern)', { env: 'HYBRIDCTL_CRYPTO' }),
  network: flag(networks(), 'on-prem network', { many: true, env: 'HYBRIDCTL_NETWORK' }),
  gateway: spec('gateway'),
  router: spec('router'),
  tunnel: spec('tunnel'),
  dx: spec('dx'),
  table: spec('table'),
  propagate: flag(
    resourceId('rtb', 'a route table id'),
    'with --gateway aws: a route table that takes what AWS learns of the office',
    { many: true, env: 'HYBRIDCTL_PROPAGATE' },
  ),
  pskFile: flag(keyFile, 'take the key of a tunnel from a file of mode 0600', { many: true }),
  out: FLAG.out,
  noRender: toggle('write the site file and the keys only'),
  force: toggle('change a site file that is there, without asking'),
  dryRun: FLAG.dryRun,
} as const;

/** What is done in the cloud. The region is an answer of the site's own. */
export const VPN_APPLY = {
  apply: toggle('make it in the cloud too: Elastic IPs, role, security group, instances, routes'),
  instanceType: flag(instanceType(), 'EC2 type of the gateways', {
    default: 't3.small',
    env: 'HYBRIDCTL_INSTANCE_TYPE',
  }),
  image: flag(
    choice(SYSTEMS, 'system'),
    'system of the gateways (default: debian-12 for strongSwan, al2023 for Libreswan)',
    { env: 'HYBRIDCTL_IMAGE' },
  ),
  profile: APPLY.profile,
  detailedExitcode: APPLY.detailedExitcode,
  emit: APPLY.emit,
  adopt: APPLY.adopt,
  keepOnFailure: APPLY.keepOnFailure,
  yes: APPLY.yes,
} as const;

export type InitOptions = Options<typeof SITE, typeof VPN_APPLY>;

/** `--gateway aws`: AWS's own ends in place of gateways on instances. */
const AWS = 'aws';

/** Whether AWS's own ends are asked for. @throws usage error where that can't be done together with the rest. */
const asksForManaged = ({ gateway, apply }: InitOptions): boolean => {
  if (!gateway.includes(AWS)) return false;
  if (gateway.length > 1)
    throw usageError('aws stands alone: other gateways are not made in the same run', { field: '--gateway' });
  if (!apply)
    throw usageError('aws is made in the cloud', {
      field: '--gateway',
      next: 'give --apply too, or look first with --apply --dry-run',
    });
  return true;
};

/** Zones are held against the region where both are said here; else the site file's validation does it. */
const refuseStrangeZones = (where: string, name: 'gateway' | 'table', specs: ReturnType<typeof readSpecs>): void => {
  for (const [index, { az }] of specs.entries()) {
    const problem = typeof az === 'string' ? zoneProblem(az, where) : undefined;
    if (problem !== undefined) throw usageError(problem, { field: `--${name} (${index + 1}) az` });
  }
};

/** The site's answers and the rest of the request, from the flags. Throws usage errors. */
export const initRequest = (options: InitOptions) => {
  const managed = asksForManaged(options);
  const { propagate, name, region: where, vpcCidr, vpc, vgw, crypto } = options;
  if (propagate.length > 0 && !managed)
    throw usageError('is for --gateway aws', {
      field: '--propagate',
      next: 'routes to gateways of your own are set by hybridctl: name their tables with --table',
    });
  const gateways = managed ? [] : readSpecs('gateway', options.gateway);
  const tables = readSpecs('table', options.table);
  if (where !== undefined) {
    refuseStrangeZones(where, 'gateway', gateways);
    refuseStrangeZones(where, 'table', tables);
  }
  return {
    file: options.site,
    example: options.example,
    answers: {
      ...{ name, region: where, vpcCidr, vpc, vgw, crypto },
      networks: options.network.flat(),
      gateways,
      routers: readSpecs('router', options.router),
      tunnels: readSpecs('tunnel', options.tunnel),
      dx: readSpecs('dx', options.dx),
      tables,
      propagate,
    },
    managed,
    pskFiles: new Map(options.pskFile),
    out: options.out,
    render: !options.noRender,
  };
};
