import { missing, usageError } from '../../core/errors.ts';
import type { Files, Ports, Shell } from '../../core/ports.ts';
import type { LinuxDialect } from '../../domain/site.ts';
import { ends, isLinux, linuxInterfaceName, type End, type Tunnel } from '../../domain/tunnel.ts';
import { RELAY_FILE } from '../../domain/relay.ts';
import type { RenderedFile } from '../../render/types.ts';
import { IMPORT_SCRIPT } from '../../render/linux/credentials.ts';
import { linkNumbers } from '../../render/linux/note.ts';
import { WATCH_FILE } from '../../render/linux/watch.ts';
import type { LoadedSite } from '../../site/file.ts';
import { authorityPath, pkiFolder } from '../../site/pki.ts';
import { needPlugins } from './plugins.ts';
import { renderLoaded } from '../render-files.ts';

export interface Where {
  readonly shell: Shell;
  readonly files: Pick<Files, 'read' | 'stat'>;
}

export interface TunnelInterface {
  readonly name: string;
  /** Without prefix. */
  readonly address: string;
  readonly peer: string;
  readonly mtu: number;
  /** Priority of the rule that leads to the tunnel's own routing table; a cloud gateway has one. */
  readonly rule: number | undefined;
}

/** One Linux box of the site, as it shall be. */
export interface HostBox {
  readonly site: string;
  readonly device: string;
  readonly dialect: LinuxDialect;
  /** With absolute paths. */
  readonly files: readonly RenderedFile[];
  readonly tunnels: readonly string[];
  /** Names of those that this end begins. */
  readonly begins: readonly string[];
  readonly interfaces: readonly TunnelInterface[];
  /** Whether systemd runs there. Where not, as in a container, daemons are started plainly. */
  readonly systemd: boolean;
  /** The site has a CA, so the box may have certificates, also such as are no longer in use. */
  readonly hasCa: boolean;
  /** Why the box has no certificate of its own, where its tunnels need one. */
  readonly lacking: string | undefined;
  /** Tunnels to boxes of which a certificate is revoked: what it had brought up must end. */
  readonly revoked: readonly string[];
  /** charon's control socket, where it is not the usual one. */
  readonly uri: string | undefined;
}

/** Programs that the steps call, each with the package that brings it. */
const TOOLS: Readonly<Record<LinuxDialect, Readonly<Record<string, string>>>> = {
  swanctl: { swanctl: 'strongswan-swanctl', nft: 'nftables' },
  'ipsec-conf': { ipsec: 'strongswan-starter', nft: 'nftables' },
  libreswan: { ipsec: 'libreswan', nft: 'nftables' },
  openswan: { ipsec: 'openswan', iptables: 'iptables' },
};

/** What takes certificates into the database that pluto reads. */
const NSS_TOOLS = { certutil: 'libnss3-tools (Fedora: nss-tools)', openssl: 'openssl' };

const interfaceOf = (tunnel: Tunnel, side: End['side']): readonly TunnelInterface[] => {
  const { local, remote } = ends(tunnel, side);
  const name = linuxInterfaceName(local, tunnel.numbers);
  return name === undefined
    ? []
    : [
        {
          name,
          address: local.inside,
          peer: remote.inside,
          mtu: linkNumbers(tunnel, local).mtu,
          rule: side === 'cloud' ? tunnel.numbers.sla : undefined,
        },
      ];
};

/** The box whose tunnel address this machine has. @throws usage error where none or several could be meant. */
const whichBox = async (
  { shell }: Where,
  names: readonly { readonly name: string; readonly addresses: readonly string[] }[],
): Promise<string> => {
  const { stdout } = await shell.run('ip', ['-o', '-4', 'addr', 'show']);
  const own = [...stdout.matchAll(/\binet (\d+\.\d+\.\d+\.\d+)/g)].map(([, address]) => address);
  const found = names.filter(({ addresses }) => addresses.some((address) => own.includes(address)));
  if (found.length === 1) return found[0]!.name;
  throw usageError(
    found.length === 0
      ? 'this machine has no address of any Linux box of the site'
      : `this machine could be ${found.map(({ name }) => name).join(' or ')}`,
    { field: 'device', next: `name one of ${names.map(({ name }) => name).join(', ')}` },
  );
};

/**
 * What `vpn render` would write for one box of the site, and what has to run there.
 * @param name absent: the box whose address the machine has.
 * @throws usage error for a mistake in the site or a box that is no Linux box; exit 4 where a program is missing.
 */
export const hostBox = async (
  ports: Pick<Ports, 'files' | 'cwd' | 'clock'>,
  loaded: LoadedSite,
  where: Where,
  { name, uri }: { readonly name: string | undefined; readonly uri: string | undefined },
): Promise<HostBox> => {
  const { site, tunnels, devices, credentials } = await renderLoaded(ports, loaded);
  const linux = devices.flatMap(({ device, side, dialect, files }) => {
    const own = tunnels.filter((tunnel) => tunnel[side].device === device);
    return isLinux(dialect) && own.length > 0
      ? [{ name: device, side, dialect, files, own, addresses: own.map((tunnel) => tunnel[side].address) }]
      : [];
  });
  if (linux.length === 0) throw usageError('the site has no Linux box with a tunnel', { field: '--site' });
  const wanted = name ?? (await whichBox(where, linux));
  const box = linux.find((one) => one.name === wanted);
  if (box === undefined)
    throw usageError(`no Linux box with a tunnel is called ${wanted.slice(0, 40)}`, {
      field: 'device',
      next: `name one of ${linux.map((one) => one.name).join(', ')}`,
    });
  const has = (wanted: string): boolean => box.files.some(({ path }) => path === wanted);
  const tools = {
    ip: 'iproute2',
    sysctl: 'procps',
    ...(has(WATCH_FILE) ? { ping: 'iputils-ping', setsid: 'util-linux' } : {}),
    ...TOOLS[box.dialect],
    ...(has(IMPORT_SCRIPT) ? NSS_TOOLS : {}),
  };
  for (const [tool, bringer] of Object.entries(tools)) {
    if ((await where.shell.which(tool)) === undefined)
      throw missing(`${tool} is not installed there`, { next: `install the package ${bringer}` });
  }
  await needPlugins(where, box.dialect, box.files);
  return {
    site: site.site,
    device: box.name,
    dialect: box.dialect,
    files: box.files.map((file) => ({ ...file, path: `/${file.path}` })),
    tunnels: box.own.map((tunnel) => tunnel.name),
    begins: box.own.filter((tunnel) => tunnel[box.side].initiates).map((tunnel) => tunnel.name),
    interfaces: box.own.flatMap((tunnel) => interfaceOf(tunnel, box.side)),
    systemd: (await where.files.stat('/run/systemd/system')) !== undefined,
    hasCa: (await ports.files.stat(authorityPath(pkiFolder(loaded)))) !== undefined,
    lacking: credentials.lacking.get(box.name),
    revoked: box.own
      .filter((tunnel) => credentials.revoked.includes(ends(tunnel, box.side).remote.device))
      .map((tunnel) => tunnel.name),
    uri,
  };
};

export const SCRIPT = '/usr/local/lib/hybridctl/tunnels';
export const WATCH = `/${WATCH_FILE}`;
export const RELAY = `/${RELAY_FILE}`;
export const SYSCTL = '/etc/sysctl.d/90-hybridctl.conf';
export const FRR = '/etc/frr/frr.conf';
const UNIT_FOLDER = '/etc/systemd/system/';

/** Units of ours that start at boot, without their folder; one that a timer runs has nothing to enable. */
export const unitsOf = ({ files }: Pick<HostBox, 'files'>): readonly string[] =>
  files
    .filter(({ path, content }) => path.startsWith(UNIT_FOLDER) && content.includes('\n[Install]\n'))
    .map(({ path }) => path.slice(UNIT_FOLDER.length));

/**
 * Empty files that say since when something runs as its files say. They are gone after a boot, as what they speak of
 * is: from then on it runs as its files were at the boot (see `newerThanLoaded`).
 */
export const stampOf = (
  { site, device }: Pick<HostBox, 'site' | 'device'>,
  what: 'loaded' | 'tunnels' | 'relay' | 'watch' | 'frr',
): string => `/run/hybridctl/${site}/${device}.${what}`;

/** Kernel settings in the rendered file, each with the file under /proc/sys where it can be read. */
export const settingsOf = ({
  files,
}: Pick<HostBox, 'files'>): readonly { readonly key: string; readonly path: string; readonly value: string }[] =>
  (files.find(({ path }) => path === SYSCTL)?.content ?? '').split('\n').flatMap((line) => {
    const [, key, value] = /^([A-Za-z0-9_./-]+) = (\S+)$/.exec(line) ?? [];
    return key === undefined || value === undefined
      ? []
      : [{ key, value, path: `/proc/sys/${key.includes('/') ? key : key.replaceAll('.', '/')}` }];
  });

/** What is set now, by key, in one call; a setting that this kernel does not have is not among it. */
export const readSettings = async (
  box: Pick<HostBox, 'files'>,
  { shell }: Pick<Where, 'shell'>,
): Promise<ReadonlyMap<string, string>> => {
  const settings = settingsOf(box);
  const { stdout } = await shell.run('grep', ['-sH', '', ...settings.map(({ path }) => path)]);
  const now = new Map(
    stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split(/:(.*)/s, 2) as [string, string]])),
  );
  return new Map(settings.flatMap(({ key, path }) => (now.has(path) ? [[key, now.get(path)!.trim()] as const] : [])));
};
