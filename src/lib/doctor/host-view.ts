import { join } from 'node:path';
import { failure, HybridError } from '../core/errors.ts';
import type { Ports, Shell, Vici } from '../core/ports.ts';
import type { LogFailure } from '../domain/failures.ts';
import { tunnelStatuses, type TunnelStatus } from '../domain/sa.ts';
import type { LinuxDialect, Site } from '../domain/site.ts';
import { isLinux, type Tunnel } from '../domain/tunnel.ts';
import { renderSite } from '../render/index.ts';
import { linuxBox, type LinuxTunnel } from '../render/linux/box.ts';
import type { RenderedFile } from '../render/types.ts';

/** charon as it runs. */
export interface Daemon {
  readonly version: string;
  readonly statuses: readonly TunnelStatus[];
  /** ESP by charon itself (kernel-libipsec). */
  readonly userspace: boolean;
}

/** This machine, as one device of the site. Everything is read once, and when it is first asked for. */
export interface HostView {
  readonly device: string;
  readonly side: 'cloud' | 'onprem';
  readonly dialect: LinuxDialect;
  readonly wan: string;
  readonly tunnels: readonly LinuxTunnel[];
  /** As `vpn render` writes them; a file of mode 0600 has a key in it that is none. */
  readonly rendered: readonly RenderedFile[];
  readonly uri: string;
  readonly files: Pick<Ports['files'], 'read' | 'stat'>;
  /** Where a rendered file is on this machine. */
  place(path: string): string;
  /** Throws where charon can't be asked. */
  daemon(): Promise<Daemon>;
  /** The same, read anew: what moved since. */
  daemonNow(): Promise<Daemon>;
  /** What charon's log says failed; undefined: there is no log to read. */
  failures(): Promise<readonly LogFailure[] | undefined>;
  /** @returns stdout. Throws when the program is missing or says no. */
  say(file: string, ...args: readonly string[]): Promise<string>;
  run: Shell['run'];
  which: Shell['which'];
}

export interface HostOptions {
  readonly device: string;
  readonly uri: string;
  /** Folder that the rendered files lie below: `/`, but for a lab or an image. */
  readonly root: string;
  failures(): Promise<readonly LogFailure[] | undefined>;
}

/** Stands for keys that are not to be read: a file that holds one is looked at by its mode alone. */
const NO_KEY = 'no.key.is.looked.at.0000';

/** Bounds a program that hangs (a dead name server, a stuck netlink socket); ms. */
const PATIENCE_MS = 15_000;

const read = async (vici: Vici): Promise<Daemon> => {
  try {
    const { version } = await vici.request('version');
    const { plugins } = await vici.request('stats');
    const statuses = tunnelStatuses(
      await vici.stream('list-conns', 'list-conn'),
      await vici.stream('list-sas', 'list-sa'),
    );
    return {
      version: typeof version === 'string' ? version : 'unknown',
      statuses,
      userspace: Array.isArray(plugins) && plugins.includes('kernel-libipsec'),
    };
  } finally {
    vici.close();
  }
};

/** @throws a usage error when the device is none of the site's Linux boxes. */
export const hostView = (
  ports: Pick<Ports, 'shell' | 'files' | 'vici' | 'signal'>,
  site: Site,
  tunnels: readonly Tunnel[],
  { device, uri, root, failures }: HostOptions,
): HostView => {
  const side = site.gateways.some(({ name }) => name === device) ? 'cloud' : 'onprem';
  const psks = new Map(tunnels.map(({ name }) => [name, NO_KEY]));
  const bgpPasswords = new Map(site.links.map(({ name }) => [name, NO_KEY]));
  const box = linuxBox({
    name: device,
    side,
    site,
    tunnels: tunnels.filter((tunnel) => tunnel[side].device === device),
    psks,
    bgpPasswords,
  });
  let daemon: Promise<Daemon> | undefined;
  let log: Promise<readonly LogFailure[] | undefined> | undefined;
  const run: Shell['run'] = (file, args, options) =>
    ports.shell.run(file, args, { signal: ports.signal, timeoutMs: PATIENCE_MS, ...options });
  return {
    device,
    side,
    dialect: box.dialect,
    wan: box.wan,
    tunnels: box.tunnels,
    rendered: renderSite(site, tunnels, { psks, bgpPasswords }).find((one) => one.device === device)?.files ?? [],
    uri,
    files: ports.files,
    place: (path) => join(root, path),
    daemonNow: () => ports.vici(uri).then(read),
    daemon: () => (daemon ??= ports.vici(uri).then(read)),
    failures: () => (log ??= failures()),
    async say(file, ...args) {
      const { exitCode, stdout, stderr } = await run(file, args);
      if (exitCode !== 0)
        throw failure(`${file} ended with ${exitCode}: ${stderr.trim().split('\n')[0]?.slice(0, 160) ?? ''}`);
      return stdout;
    },
    run,
    which: ports.shell.which,
  };
};

/** Names of the site's Linux boxes that have a tunnel: of another there is nothing to look at. */
export const hostNames = (site: Site, tunnels: readonly Tunnel[]): readonly string[] =>
  [...site.gateways, ...site.onprem.routers]
    .filter(({ dialect }) => isLinux(dialect))
    .map(({ name }) => name)
    .filter((name) => tunnels.some(({ cloud, onprem }) => [cloud.device, onprem.device].includes(name)));

/** The device that has one of this machine's addresses. */
export const whoAmI = async (
  { shell }: Pick<Ports, 'shell'>,
  tunnels: readonly Tunnel[],
): Promise<string | undefined> => {
  try {
    const { stdout, exitCode } = await shell.run('ip', ['-j', '-4', 'addr']);
    if (exitCode !== 0) return undefined;
    const own = (JSON.parse(stdout) as { addr_info?: { local?: string }[] }[]).flatMap(({ addr_info = [] }) =>
      addr_info.map(({ local }) => local),
    );
    return tunnels
      .flatMap(({ cloud, onprem }) => [cloud, onprem])
      .find(({ address, dialect }) => isLinux(dialect) && own.includes(address))?.device;
  } catch (error) {
    // Where there is no `ip` this is no Linux box of ours.
    if (error instanceof HybridError || error instanceof SyntaxError) return undefined;
    throw error;
  }
};
