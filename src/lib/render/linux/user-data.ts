import source from '../../../../templates/linux/user-data.sh.hbs?raw';
import { usageError } from '../../core/errors.ts';
import { octal } from '../../domain/file-mode.ts';
import type { Gateway, LinuxDialect, Site } from '../../domain/site.ts';
import { keyPath } from '../../domain/gateway-policy.ts';
import type { Tunnel } from '../../domain/tunnel.ts';
import { renderSite } from '../index.ts';
import { template } from '../engine.ts';
import type { RenderedFile } from '../types.ts';
import { daemonUnit } from './host.ts';

const script = template(source);

/** The systems a gateway is made on. */
export const SYSTEMS = ['debian-12', 'al2023'] as const;
export type System = (typeof SYSTEMS)[number];

const COMMON = 'nftables iproute2 iputils-ping awscli';
/** Debian's names. Amazon Linux 2023 has Libreswan (2023.3 and later) and no strongSwan; its image has the AWS CLI. */
const PACKAGES: Readonly<Record<System, Partial<Record<LinuxDialect, string>>>> = {
  'debian-12': {
    swanctl: `charon-systemd strongswan-swanctl libstrongswan-standard-plugins libcharon-extra-plugins ${COMMON}`,
    'ipsec-conf': `strongswan-starter strongswan-charon libstrongswan-standard-plugins libcharon-extra-plugins ${COMMON}`,
    libreswan: `libreswan ${COMMON}`,
    openswan: `libreswan iptables ${COMMON}`,
  },
  al2023: { libreswan: 'libreswan nftables iproute iputils', openswan: 'libreswan iptables-nft iproute iputils' },
};

/**
 * The system that has packages for all of these dialects: Amazon Linux where it can, Debian wherever there is
 * strongSwan.
 */
export const systemFor = (dialects: readonly LinuxDialect[]): System =>
  dialects.every((dialect) => PACKAGES.al2023[dialect] !== undefined) ? 'al2023' : 'debian-12';

/**
 * The script that makes a fresh instance the gateway: exactly the files of `vpn render`, with the keys fetched by the
 * instance's role. It holds no key. @throws HybridError (usage) where the system has no package for the dialect.
 */
export const renderUserData = (
  site: Site,
  tunnels: readonly Tunnel[],
  { name, dialect, wan }: Gateway,
  system: System,
): string => {
  const packages = PACKAGES[system][dialect];
  if (packages === undefined)
    throw usageError(`${system} has no package for ${dialect}`, {
      field: '--image',
      next: `choose debian-12, or set dialect: libreswan for ${name}`,
    });
  // A word that stands for each key: it can be part of no other text of a file.
  const words = new Map(tunnels.map((tunnel, index) => [tunnel.name, `hybridctl.key.${index}.`]));
  const files = renderSite(site, tunnels, { psks: words }).find(({ device }) => device === name)?.files ?? [];
  // A certificate's key is never in here: "vpn up" brings it, over ssh.
  const own = tunnels.filter(({ cloud }) => cloud.device === name && cloud.auth === 'psk');
  return script({
    device: name,
    site: site.site,
    wan,
    apt: system === 'debian-12',
    dnf: system === 'al2023',
    packages,
    keys: own.map((tunnel) => ({
      variable: variableOf(words.get(tunnel.name)!),
      region: site.cloud.region,
      path: keyPath(site.site, tunnel.name),
    })),
    files: files.map((file) => fileView(file, [...words.values()])),
    units: [
      ...(files.some(({ path }) => path.endsWith('/hybridctl-probe.service')) ? ['hybridctl-probe.service'] : []),
      daemonUnit(dialect),
      'hybridctl-tunnels.service',
    ],
  });
};

const variableOf = (word: string): string => word.replaceAll('.', '_').replace(/_$/, '');

/** In a here-document that fills in keys, the shell's own signs are escaped. */
const fileView = ({ path, mode, content }: RenderedFile, words: readonly string[]) => {
  const used = words.filter((word) => content.includes(word));
  const secret = used.length > 0;
  const text = used.reduce(
    (all, word) => all.replaceAll(word, `\${${variableOf(word)}}`),
    secret ? content.replace(/[\\$`]/g, '\\$&') : content,
  );
  return {
    path,
    mode: octal(mode),
    secret,
    open: !secret,
    lines: text.replace(/\n$/, '').split('\n'),
  };
};
