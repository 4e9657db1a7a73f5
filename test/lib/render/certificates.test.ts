import { describe, expect, it } from 'vitest';
import type { Credentials } from '../../../src/lib/domain/certificates.ts';
import { renderLinux } from '../../../src/lib/render/linux/index.ts';
import { lint } from '../../../src/lib/lint/index.ts';
import { parseFile } from '../../../src/lib/lint/parse.ts';
import { renderSite } from '../../../src/lib/render/index.ts';
import { opensslConfig } from '../../../src/lib/render/openssl.ts';
import { tunnelsOf } from '../../../src/lib/domain/tunnel.ts';
import { checkConfig } from '../../helpers/libreswan.ts';
import { bundle, deviceOf, siteOf } from './linux/rendered.ts';

const pem = (type: string, text: string): string => `-----BEGIN ${type}-----\n${text}\n-----END ${type}-----\n`;

/** Short stand-ins: a dialect passes them on as they are. */
const CREDENTIALS: Credentials = {
  ca: pem('CERTIFICATE', 'Q0E='),
  crl: pem('X509 CRL', 'Q1JM'),
  own: {
    certificate: pem('CERTIFICATE', 'T1dO'),
    key: pem('PRIVATE KEY', 'S0VZ'),
    transport: {
      passphrase: '0123456789abcdef0123456789abcdef',
      pem: `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,0011223344556677\n\nRU5D\n-----END RSA PRIVATE KEY-----\n`,
      pkcs12: pem('PKCS12', 'UDEy'),
    },
  },
};

/** The lab's first tunnel with certificates, between two dialects. */
const certSite = ({
  gateway = 'swanctl',
  router = 'swanctl',
  crypto = 'modern',
  mode = 'route',
  kind = 'xfrm',
}: Readonly<Record<string, string>> = {}) =>
  siteOf('lab', (loose) => {
    loose.crypto = crypto;
    Object.assign(loose.gateways[0], { dialect: gateway, interface: kind });
    const { name, public_ip } = loose.onprem.routers[0];
    loose.onprem.routers = [{ name, public_ip, dialect: router, interface: kind }];
    loose.gateways = [loose.gateways[0]];
    const { psk_file: _, ...tunnel } = loose.tunnels[0];
    loose.tunnels = [{ ...tunnel, mode, auth: 'cert' }];
    loose.links = [{ name: 'vpn-a', kind: 'vpn', tunnel: 'vpn1' }];
    loose.route_tables = [];
  });

const linux = (options: Readonly<Record<string, string>>, device = 'gw-1') =>
  renderLinux({ ...deviceOf(certSite(options), device), credentials: CREDENTIALS });

const cisco = (router: string, crypto: string, mode: string) => {
  const device = { ...deviceOf(certSite({ router, crypto, mode, kind: 'xfrm' }), 'rtr-1'), credentials: CREDENTIALS };
  return renderSite(device.site, tunnelsOf(device.site), {
    psks: new Map(),
    credentials: new Map([
      ['rtr-1', CREDENTIALS],
      ['gw-1', CREDENTIALS],
    ]),
  }).find((one) => one.device === 'rtr-1')!.files;
};

/** What certificates add; the rest is held by the dialects' own golden files. */
const daemonFiles = (files: ReturnType<typeof linux>) =>
  files.filter(({ path }) => !/^etc\/(?:sysctl|systemd)|mss\.nft|probe\.nft|hybridctl\/tunnels$/.test(path));

describe('Linux boxes with certificates', () => {
  it.each([
    ['swanctl', 'certificates.gw-1.txt', { gateway: 'swanctl' }],
    ['swanctl', 'certificates-legacy.gw-1.txt', { gateway: 'swanctl', crypto: 'legacy' }],
    ['ipsec-conf', 'certificates.gw-1.txt', { gateway: 'ipsec-conf', kind: 'vti' }],
    ['ipsec-conf', 'certificates-rsa.gw-1.txt', { gateway: 'ipsec-conf', kind: 'vti', router: 'libreswan' }],
    ['libreswan', 'certificates.gw-1.txt', { gateway: 'libreswan' }],
  ])('%s/%s', async (dialect, name, options) => {
    await expect(bundle(daemonFiles(linux(options)))).toMatchFileSnapshot(`../../golden/${dialect}/${name}`);
  });

  it('without a certificate of its own, a box still gets the CA and the list', () => {
    const files = renderLinux({
      ...deviceOf(certSite(), 'gw-1'),
      credentials: { ...CREDENTIALS, own: undefined },
    }).map(({ path }) => path);
    expect(files).toContain('etc/swanctl/x509crl/hybridctl-demo.pem');
    expect(files.filter((path) => /\/(?:x509|private)\//.test(path))).toEqual([]);
  });

  it.each(['modern', 'legacy'])('Libreswan’s own parser takes it: %s', async (crypto) => {
    expect(await checkConfig(linux({ gateway: 'libreswan', crypto }))).toMatchObject({
      ok: true,
      said: expect.stringContaining('vpn1'),
    });
  });

  it.each([
    ['ios', 'ios-vti', 'modern', 'route'],
    ['ios', 'ios-vti', 'legacy', 'route'],
    ['ios', 'ios-cryptomap', 'modern', 'policy'],
    ['ios', 'ios-cryptomap', 'legacy', 'policy'],
    ['asa', 'asa-8.2', 'legacy', 'policy'],
    ['asa', 'asa-8.3', 'modern', 'policy'],
    ['asa', 'asa-8.3', 'legacy', 'policy'],
    ['asa', 'asa-9.7-vti', 'modern', 'route'],
    ['asa', 'asa-9.7-vti', 'legacy', 'route'],
  ] as const)('%s: %s, %s', async (folder, dialect, crypto, mode) => {
    const files = cisco(dialect, crypto, mode);
    expect(files.map(({ mode: bits }) => bits)).toEqual([0o600, 0o600]);
    const [configuration, importing] = files.map(({ content }) => content);
    expect(configuration).not.toMatch(/pre-share|keyring|PRIVATE|isakmp key|[0-9a-f]{32}/);
    expect(importing).toContain(CREDENTIALS.own!.transport!.passphrase);
    await expect(bundle(files)).toMatchFileSnapshot(`../../golden/${folder}/certificates.${dialect}.${crypto}.txt`);
    // Our own judgement of what somebody pastes finds no error in it.
    const findings = lint(parseFile(`rtr-1.${folder}`, configuration!));
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('OpenSSL’s settings have a section for each box, with its addresses and nothing else of the site', async () => {
    const site = certSite();
    await expect(opensslConfig(site.site, tunnelsOf(site))).toMatchFileSnapshot('../../golden/pki/openssl.cnf');
    expect(() => opensslConfig('x\nbasicConstraints=CA:TRUE', tunnelsOf(site))).toThrow(RangeError);
  });
});
