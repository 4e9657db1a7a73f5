import { missing } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';

/** Programs the lab runs and the Debian package each comes in. */
const TOOLS: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nft: 'nftables',
  ping: 'iputils-ping',
  unshare: 'util-linux',
  charon: 'strongswan-charon',
  swanctl: 'strongswan-swanctl',
  zebra: 'frr',
  vtysh: 'frr',
};

/** Throws a "missing" error naming every package at once, or asking for root. */
export const requireTools = async ({ shell }: Pick<Ports, 'shell'>): Promise<void> => {
  if (process.platform !== 'linux')
    throw missing('the lab needs Linux: it is made of network namespaces', {
      next: 'run it in a Linux virtual machine',
    });
  if (process.getuid?.() !== 0)
    throw missing('the lab needs root: it makes network namespaces', { next: 'run it with sudo' });
  const absent = (
    await Promise.all(Object.keys(TOOLS).map(async (tool) => ((await shell.which(tool)) === undefined ? [tool] : [])))
  ).flat();
  if (absent.length === 0) return;
  const packages = [...new Set(absent.map((tool) => TOOLS[tool]!))];
  throw missing(`not installed: ${absent.join(', ')}`, {
    next: `apt-get install ${packages.join(' ')} libcharon-extra-plugins libstrongswan-standard-plugins libstrongswan-extra-plugins`,
  });
};
