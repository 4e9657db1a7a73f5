import { flag, list, text, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { CRYPTO_LEVELS } from '../../lib/domain/crypto.ts';
import { SYSTEMS, type System } from '../../lib/render/linux/user-data.ts';
import { type SHAPES, usageOf } from '../../lib/site/specs.ts';
import { APPLY_FLAGS, procedureOptions, type ProcedureOptions } from '../procedure.ts';

const THINGS: Readonly<Record<keyof typeof SHAPES, string>> = {
  gateway: 'a VPN gateway in the VPC, or aws for a managed connection',
  router: 'an on-prem router',
  tunnel: 'a tunnel (default: one for each new box)',
  dx: 'a Direct Connect virtual interface',
  table: 'a VPC route table (links default: Direct Connect, then the tunnel of its zone)',
};

const spec = (name: keyof typeof SHAPES): Flag => ({
  flags: `--${name} <spec...>`,
  summary: `${THINGS[name]}: ${usageOf(name)}`,
  env: `HYBRIDCTL_${name.toUpperCase()}`,
});

/** `vpn1=keys/vpn1`, repeatable. */
export const keyFiles = (raw: Raw): ReadonlyMap<string, string> =>
  new Map(
    list(raw, 'pskFile').map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1 || at === pair.length - 1)
        throw usageError('write TUNNEL=FILE', {
          field: '--psk-file',
          next: 'a key itself never goes on the command line',
        });
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );

/** What a person says of a site. */
export const SITE_FLAGS: readonly Flag[] = [
  {
    flags: '--example <name>',
    summary: 'begin with a ready site',
    choices: ['lab', 'legacy-vpn', 'legacy-openswan'],
    env: 'HYBRIDCTL_EXAMPLE',
  },
  { flags: '--name <name>', summary: 'name of the site', env: 'HYBRIDCTL_NAME' },
  // Not AWS_REGION: a shell's habit must not move a site that is there.
  { flags: '--region <name>', summary: 'cloud region', env: 'HYBRIDCTL_REGION' },
  { flags: '--vpc-cidr <cidr>', summary: 'CIDR of the VPC', env: 'HYBRIDCTL_VPC_CIDR' },
  { flags: '--vpc <id>', summary: 'VPC id', env: 'HYBRIDCTL_VPC' },
  { flags: '--vgw <id>', summary: 'virtual private gateway, for Direct Connect', env: 'HYBRIDCTL_VGW' },
  {
    flags: '--crypto <level>',
    summary: 'crypto level (default: modern)',
    choices: CRYPTO_LEVELS,
    env: 'HYBRIDCTL_CRYPTO',
  },
  { flags: '--network <cidr...>', summary: 'on-prem network', env: 'HYBRIDCTL_NETWORK' },
  spec('gateway'),
  spec('router'),
  spec('tunnel'),
  spec('dx'),
  spec('table'),
  {
    flags: '--propagate <rtb...>',
    summary: 'with --gateway aws: a route table that takes what AWS learns of the office',
    env: 'HYBRIDCTL_PROPAGATE',
  },
  { flags: '--psk-file <tunnel=file...>', summary: 'take the key of a tunnel from a file of mode 0600' },
  { flags: '-o, --out <dir>', summary: 'folder for the rendered files', default: 'rendered', env: 'HYBRIDCTL_OUT' },
  { flags: '--no-render', summary: 'write the site file and the keys only' },
  { flags: '--force', summary: 'change a site file that is there, without asking' },
];

/** `--gateway aws`: AWS's own ends in place of gateways on instances. */
const AWS = 'aws';

/** Whether AWS's own ends are asked for. @throws usage error where that can't be done together with the rest. */
export const asksForManaged = (raw: Raw): boolean => {
  const gateways = list(raw, 'gateway');
  if (!gateways.includes(AWS)) return false;
  if (gateways.length > 1)
    throw usageError('aws stands alone: other gateways are not made in the same run', { field: '--gateway' });
  if (raw.flags['apply'] !== true)
    throw usageError('aws is made in the cloud', {
      field: '--gateway',
      next: 'give --apply too, or look first with --apply --dry-run',
    });
  return true;
};

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
