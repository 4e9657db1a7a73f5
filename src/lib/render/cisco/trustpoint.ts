import asaImportSource from '../../../../templates/asa/import.hbs?raw';
import asaTrustpointSource from '../../../../templates/asa/trustpoint.hbs?raw';
import iosImportSource from '../../../../templates/ios/import.hbs?raw';
import iosTrustpointSource from '../../../../templates/ios/trustpoint.hbs?raw';
import { authorityFile } from '../../domain/certificates.ts';
import type { Tunnel } from '../../domain/tunnel.ts';
import { template, type View } from '../engine.ts';
import type { Device, RenderedFile } from '../types.ts';

const iosTrustpoint = template(iosTrustpointSource);
const iosImport = template(iosImportSource);
const asaTrustpoint = template(asaTrustpointSource);
const asaImport = template(asaImportSource);

const hasCertificates = ({ tunnels }: Device): boolean => tunnels.some(({ onprem }) => onprem.auth === 'cert');
export const holdsKeys = ({ tunnels }: Device): boolean => tunnels.some(({ onprem }) => onprem.auth === 'psk');

/**
 * How one tunnel proves who is there. `rsa-sig` is the word of every version; the trustpoint has the site's name, so
 * that it meets no other on the box.
 */
export const authView = ({ site }: Device, { onprem }: Tunnel) => ({
  auth: onprem.auth === 'cert' ? 'rsa-sig' : 'pre-share',
  trustpoint: onprem.auth === 'cert' ? authorityFile(site.site) : '',
});

const lines = (text: string): readonly string[] => text.trimEnd().split('\n');
const quiet = (text: string): readonly string[] => lines(text).filter((line) => !line.startsWith('-----'));

const files = (
  device: Device,
  content: string,
  {
    ending,
    what,
    trustpoint,
    importing,
  }: {
    readonly ending: 'ios' | 'asa';
    readonly what: string;
    readonly trustpoint: (view: View) => string;
    readonly importing: (view: View) => string;
  },
): readonly RenderedFile[] => {
  const keys = holdsKeys(device) ? ' with pre-shared keys' : '';
  const path = `${device.name}.${ending}`;
  if (!hasCertificates(device)) return [{ path, mode: 0o600, content, what: `${what}${keys}` }];
  const { credentials } = device;
  const transport = credentials?.own?.transport;
  const common = {
    device: device.name,
    site: device.site.site,
    trustpoint: authorityFile(device.site.site),
    import: `${device.name}-certificate.${ending}`,
  };
  return [
    { path, mode: 0o600, content: trustpoint(common) + content, what: `${what}${keys}` },
    // Absent where the box made its own key, and only its request was signed.
    ...(credentials === undefined || transport === undefined
      ? []
      : [
          {
            path: common.import,
            mode: 0o600 as const,
            what: 'private key and certificate, to paste first',
            content: importing({
              ...common,
              passphrase: transport.passphrase,
              ca: lines(credentials.ca),
              key: lines(transport.pem),
              certificate: lines(credentials.own!.certificate),
              pkcs12: quiet(transport.pkcs12),
            }),
          },
        ]),
  ];
};

/** The router's configuration, behind its trustpoint where it has certificates, and what is pasted to fill that. */
export const iosFiles = (device: Device, content: string): readonly RenderedFile[] =>
  files(device, content, {
    ending: 'ios',
    what: 'router configuration',
    trustpoint: iosTrustpoint,
    importing: iosImport,
  });

/** The same for an ASA, which takes PKCS #12. */
export const asaFiles = (device: Device, content: string): readonly RenderedFile[] =>
  files(device, content, {
    ending: 'asa',
    what: 'firewall configuration',
    trustpoint: asaTrustpoint,
    importing: asaImport,
  });
