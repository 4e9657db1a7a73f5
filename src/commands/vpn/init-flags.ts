import { list, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { CRYPTO_LEVELS } from '../../lib/domain/crypto.ts';
import { type SHAPES, usageOf } from '../../lib/site/specs.ts';

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
    choices: ['lab', 'seed-vpn', 'seed-openswan'],
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
