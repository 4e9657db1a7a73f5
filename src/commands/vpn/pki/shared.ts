import { missing, usageError } from '../../../lib/core/errors.ts';
import type { Ports } from '../../../lib/core/ports.ts';
import { certDevices } from '../../../lib/domain/certificates.ts';
import { tunnelsOf } from '../../../lib/domain/tunnel.ts';
import type { PkiContext } from '../../../lib/procedures/pki/steps.ts';
import { loadSite } from '../../../lib/site/file.ts';
import { readPki, type PkiState } from '../../../lib/site/pki.ts';

export interface PkiWork {
  readonly context: PkiContext;
  /** Boxes with a tunnel whose ends have certificates. */
  readonly devices: readonly string[];
  readonly state: PkiState;
}

/** The site, and how its CA stands. @throws usage error for a mistake in the site, or where no tunnel has certificates. */
export const openPki = async (ports: Ports, file: string): Promise<PkiWork> => {
  const loaded = await loadSite(ports, file);
  const tunnels = tunnelsOf(loaded.site);
  const devices = certDevices(tunnels);
  if (devices.length === 0)
    throw usageError('no tunnel of the site has certificates', {
      field: 'tunnels',
      next: 'set auth: cert on a tunnel of the site file',
    });
  const state = await readPki(ports, loaded, tunnels, ports.clock.now());
  return { context: { loaded, tunnels, clock: ports.clock }, devices, state };
};

/** @throws usage error where the site has no CA yet. */
export const needAuthority = ({ state }: PkiWork): void => {
  if (state.authority === undefined)
    throw usageError(`${state.folder} has no CA`, { field: 'pki', next: 'run "hybridctl vpn pki init"' });
};

/** @throws usage error for a name that is no box with a certificate. */
export const needDevice = ({ devices }: PkiWork, name: string): void => {
  if (!devices.includes(name))
    throw usageError(`no tunnel with certificates ends on ${name}`, {
      field: 'device',
      next: `name one of ${devices.join(', ')}`,
    });
};

/** @throws exit 4 where openssl is not installed. */
export const needOpenssl = async ({ shell }: Pick<Ports, 'shell'>): Promise<void> => {
  if ((await shell.which('openssl')) === undefined)
    throw missing('openssl is not installed here', { next: 'install the package openssl' });
};
