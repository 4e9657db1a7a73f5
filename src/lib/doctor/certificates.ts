import { certDevices } from '../domain/certificates.ts';
import { readPki, type CertificateState } from '../site/pki.ts';
import type { CheckResult, SiteCheck } from './types.ts';

const LEVEL: Readonly<Record<CertificateState, CheckResult['level']>> = {
  good: 'ok',
  expiring: 'warning',
  expired: 'error',
  revoked: 'error',
  absent: 'error',
  other: 'error',
};

/** Of what is kept beside the site file. What a box itself has is seen by its files (`config`) and by its log. */
export const certificates: SiteCheck = {
  id: 'certificates',
  side: 'site',
  about: 'every box with a certificate tunnel has a certificate that is good for more than 30 days',
  inapplicable: ({ tunnels }) =>
    certDevices(tunnels).length === 0 ? 'no tunnel has certificates (auth: cert)' : undefined,
  async run({ loaded, tunnels, files, clock }) {
    const { authority, crlCurrent, devices, folder } = await readPki({ files }, loaded, tunnels, clock.now());
    if (authority === undefined)
      return [
        {
          level: 'error',
          subject: loaded.site.site,
          found: 'the site has no CA, and tunnels have auth: cert',
          evidence: folder,
          next: 'run "hybridctl vpn pki init", or look from the machine that keeps the CA',
        },
      ];
    return [
      ...(crlCurrent
        ? []
        : [
            {
              level: 'error' as const,
              subject: loaded.site.site,
              found: 'the revocation list lacks what is revoked, or is about to expire',
              evidence: folder,
              next: 'run "hybridctl vpn pki init", then "vpn up" for each box',
            },
          ]),
      ...devices
        .filter(({ state }) => state !== 'good')
        .map(
          ({ device, state, why, certificate }): CheckResult => ({
            level: LEVEL[state],
            subject: device,
            found: `its certificate: ${why.join('; ')}`,
            evidence: certificate === undefined ? folder : `serial ${certificate.serial}`,
            next: `run "hybridctl vpn pki issue${state === 'revoked' ? ` ${device}` : ''}", then "vpn up ${device}"`,
          }),
        ),
    ];
  },
};
