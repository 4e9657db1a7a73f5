import source from '../../../templates/pki/openssl.cnf.hbs?raw';
import { AUTHORITY_DAYS, certAddresses, certDevices, plain } from '../domain/certificates.ts';
import type { Tunnel } from '../domain/tunnel.ts';
import { template } from './engine.ts';

const config = template(source);

/**
 * OpenSSL's settings for the site's CA: a section for each device that needs a certificate, with the addresses that its
 * tunnels know it by. @throws RangeError for a name that the site schema would not let in.
 */
export const opensslConfig = (site: string, tunnels: readonly Tunnel[]): string =>
  config({
    site: plain(site),
    days: AUTHORITY_DAYS,
    devices: certDevices(tunnels).map((device) => ({
      name: plain(device),
      alternatives: [
        ...certAddresses(tunnels, device).map((address) => `IP:${plain(address)}`),
        `DNS:${plain(device)}`,
      ].join(', '),
    })),
  });
