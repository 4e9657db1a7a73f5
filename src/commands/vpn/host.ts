import { usageError } from '../../lib/core/errors.ts';
import { arg, flag, type Options } from '../../lib/core/flags.ts';
import { text } from '../../lib/core/flags/kinds.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { onMachine, type MachinePorts } from '../../lib/core/on-machine.ts';
import { show } from '../../lib/core/words.ts';
import { hostBox, type HostBox } from '../../lib/procedures/vpn-host/box.ts';
import { loadSite } from '../../lib/site/file.ts';
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
  uri: flag(viciUri, "charon's VICI socket there, where it is not the usual one", { env: 'HYBRIDCTL_VICI_URI' }),
} as const;

export type HostOptions = Options<typeof DEVICE, typeof HOST>;

/** @throws a usage error for the name of a file of another machine that is not whole: our folder means nothing there. */
export const refuseRelative = (host: string | undefined, field: string, path: string | undefined): void => {
  if (host !== undefined && path !== undefined && !path.startsWith('/'))
    throw usageError(`${show(path)} is a file of ${host}: write its whole path, like /var/log/charon.log`, { field });
};

/** Opens the machine, works on the box, and closes it whatever happens. */
export const onHost = <T>(
  ports: Ports,
  { site, device, uri, ...machine }: HostOptions,
  work: (box: HostBox, machine: MachinePorts) => Promise<T>,
): Promise<T> =>
  loadSite(ports, site).then((loaded) =>
    onMachine(ports, machine, async (there) => work(await hostBox(ports, loaded, there, { name: device, uri }), there)),
  );
