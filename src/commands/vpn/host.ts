import { arg, flag, type Options } from '../../lib/core/flags.ts';
import { text } from '../../lib/core/flags/kinds.ts';
import type { Machine } from '../../lib/core/machine.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { hostBox, type HostBox } from '../../lib/procedures/vpn-host/box.ts';
import { absolute, loadSite } from '../../lib/site/file.ts';
import { FLAG, viciUri } from '../flags.ts';

const name = text({ placeholder: 'device', like: 'gw-1' });

/** The box of the site that is worked on. */
export const DEVICE = {
  device: arg(name, 'gateway or router of the site (default: the one whose address the machine has)'),
} as const;

/** The machine that is worked on. */
export const MACHINE = { host: FLAG.host, identity: FLAG.identity, knownHosts: FLAG.knownHosts } as const;

export const HOST = {
  site: FLAG.site,
  ...MACHINE,
  uri: flag(viciUri, "charon's vici socket there, where it is not the usual one", { env: 'HYBRIDCTL_VICI_URI' }),
} as const;

export type HostOptions = Options<typeof DEVICE, typeof HOST>;

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
