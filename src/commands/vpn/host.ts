import { FLAG, text, type Flag, type Raw } from '../../lib/core/command.ts';
import type { Machine } from '../../lib/core/machine.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { hostBox, type HostBox } from '../../lib/procedures/vpn-host/box.ts';
import { absolute, loadSite } from '../../lib/site/file.ts';

/** Where a box of the site is worked on. */
export interface HostOptions {
  readonly site: string;
  readonly device: string | undefined;
  readonly host: string | undefined;
  readonly identity: string | undefined;
  readonly knownHosts: string | undefined;
  readonly uri: string | undefined;
}

export const DEVICE = {
  name: '[device]',
  summary: 'gateway or router of the site (default: the one whose address the machine has)',
};

export const HOST_FLAGS: readonly Flag[] = [
  FLAG.site,
  {
    flags: '--host <user@host>',
    summary: 'work on another machine by ssh, user@host or user@host:port (default: this one)',
  },
  { flags: '--identity <file>', summary: 'private key for --host' },
  { flags: '--known-hosts <file>', summary: "host keys to believe, in place of ssh's own files" },
  {
    flags: '--uri <uri>',
    summary: "charon's vici socket there, where it is not the usual one",
    env: 'HYBRIDCTL_VICI_URI',
  },
];

export const hostOptions = (raw: Raw): HostOptions => ({
  site: text(raw, 'site')!,
  device: typeof raw.args[0] === 'string' ? raw.args[0] : undefined,
  host: text(raw, 'host'),
  identity: text(raw, 'identity'),
  knownHosts: text(raw, 'knownHosts'),
  uri: text(raw, 'uri'),
});

/** Opens the machine, works on the box, and closes it whatever happens. */
export const onHost = async <T>(
  ports: Ports,
  { site, device, host, identity, knownHosts, uri }: HostOptions,
  work: (box: HostBox, machine: Pick<Machine, 'shell' | 'files'>) => Promise<T>,
): Promise<T> => {
  const loaded = await loadSite(ports, site);
  const file = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : absolute(ports.cwd, path);
  const other =
    host === undefined
      ? undefined
      : await ports.ssh({ target: host, identity: file(identity), knownHosts: file(knownHosts) });
  const machine = other ?? { shell: ports.shell, files: ports.files };
  try {
    return await work(await hostBox(ports, loaded, machine, { name: device, uri }), machine);
  } finally {
    await other?.close();
  }
};
