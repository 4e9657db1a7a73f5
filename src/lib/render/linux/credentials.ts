import importSource from '../../../../templates/libreswan/import-certificates.sh.hbs?raw';
import { authorityFile, authorityName, certificateFile, certTunnels, keyKindOf } from '../../domain/certificates.ts';
import type { LinuxDialect } from '../../domain/site.ts';
import { template } from '../engine.ts';
import type { RenderedFile } from '../types.ts';
import type { LinuxBox } from './box.ts';

const importScript = template(importSource);

/** Where a dialect's daemon looks for them. Openswan is refused: its X.509 is not rendered. */
const FOLDERS: Readonly<Record<Exclude<LinuxDialect, 'openswan'>, Readonly<Record<Kind, string>>>> = {
  swanctl: {
    ca: 'etc/swanctl/x509ca',
    crl: 'etc/swanctl/x509crl',
    certificate: 'etc/swanctl/x509',
    key: 'etc/swanctl/private',
  },
  'ipsec-conf': {
    ca: 'etc/ipsec.d/cacerts',
    crl: 'etc/ipsec.d/crls',
    certificate: 'etc/ipsec.d/certs',
    key: 'etc/ipsec.d/private',
  },
  // pluto reads NSS's database alone; the import script takes them there.
  libreswan: {
    ca: 'etc/hybridctl/pki/ca',
    crl: 'etc/hybridctl/pki/crl',
    certificate: 'etc/hybridctl/pki/certificate',
    key: 'etc/hybridctl/pki/private',
  },
};
type Kind = 'ca' | 'crl' | 'certificate' | 'key';

export const IMPORT_SCRIPT = 'usr/local/lib/hybridctl/import-certificates';

/** Names by which the daemon's own files speak of them; undefined where no tunnel of the box has certificates. */
export const credentialNames = ({ device }: Pick<LinuxBox, 'device'>) =>
  certTunnels(device.tunnels, device.name).length === 0
    ? undefined
    : {
        authority: authorityName(device.site.site),
        ca: `${authorityFile(device.site.site)}.pem`,
        own: `${certificateFile(device.site.site, device.name)}.pem`,
        nickname: certificateFile(device.site.site, device.name),
        kind: keyKindOf(device.tunnels, device.name),
      };

/** The CA, its list of what is revoked, and the box's own certificate and key, where the daemon looks for them. */
export const credentialFiles = (box: LinuxBox): readonly RenderedFile[] => {
  const { dialect, device } = box;
  const names = credentialNames(box);
  if (names === undefined || dialect === 'openswan') return [];
  const folders = FOLDERS[dialect];
  const { credentials } = device;
  const file = (kind: Kind, what: string, content: string | undefined): readonly RenderedFile[] =>
    content === undefined
      ? []
      : [
          {
            path: `${folders[kind]}/${kind === 'ca' || kind === 'crl' ? names.ca : names.own}`,
            mode: kind === 'key' ? 0o600 : 0o644,
            what,
            content,
          },
        ];
  return [
    ...file('ca', 'certificate of the CA', credentials?.ca),
    ...file('crl', 'revocation list', credentials?.crl),
    ...file('certificate', 'certificate', credentials?.own?.certificate),
    ...file('key', 'private key', credentials?.own?.key),
    ...(dialect === 'libreswan'
      ? [
          {
            path: IMPORT_SCRIPT,
            mode: 0o755 as const,
            what: 'takes the certificates into NSS',
            content: importScript({
              device: device.name,
              nickname: names.nickname,
              authority: authorityFile(device.site.site),
              ca: `/${folders.ca}/${names.ca}`,
              crl: `/${folders.crl}/${names.ca}`,
              certificate: `/${folders.certificate}/${names.own}`,
              key: `/${folders.key}/${names.own}`,
            }),
          },
        ]
      : []),
  ];
};
