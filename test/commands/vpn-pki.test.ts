import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { files } from '../../src/lib/adapters/files.ts';
import type { Outlets } from '../../src/lib/core/outlets.ts';
import { certificates } from '../../src/lib/doctor/certificates.ts';
import { tunnelsOf } from '../../src/lib/domain/tunnel.ts';
import { loadSite } from '../../src/lib/site/file.ts';
import { fixture } from '../helpers/cloud.ts';
import { pkiSite, type PkiSite } from '../helpers/pki.ts';

const exec = promisify(execFile);
const DAY = 86_400_000;
const SITE = fixture('lab').replaceAll(/psk_file: psk\/vpn\d/g, 'auth: cert');

let site: PkiSite;
beforeAll(async () => {
  site = await pkiSite(SITE, 'demo');
});
afterAll(() => site.remove());

/** Every file of the CA with its mode and content. */
const everything = async (): Promise<Readonly<Record<string, string>>> => {
  const entries = await readdir(site.pki, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    await Promise.all(
      entries
        .filter((entry) => entry.isFile())
        .map(async (entry) => {
          const path = join(entry.parentPath, entry.name);
          return [path, `${((await stat(path)).mode & 0o777).toString(8)} ${await readFile(path, 'utf8')}`] as const;
        }),
    ),
  );
};
const openssl = async (...args: string[]): Promise<string> =>
  (await exec('openssl', args, { cwd: site.pki }).catch((error: { stdout: string; stderr: string }) => error)).stdout;
/** What `vpn doctor` says of a box. */
const judged = async (device: string) => {
  const loaded = await loadSite({ files, cwd: site.folder }, 'hybridctl.yaml');
  const tunnels = tunnelsOf(loaded.site);
  const said = await certificates.run({ loaded, site: loaded.site, tunnels, files, clock: site.clock });
  return said.filter(({ subject }) => subject === device);
};
const row = async (device: string) =>
  (await site.run('vpn pki status --json')).json().certificates.find((one: any) => one.device === device);

describe('the CA of a site and the certificates of its boxes, by a real openssl', () => {
  it('without a CA nothing is issued, rendered or well', async () => {
    expect((await site.run('vpn pki issue')).err).toMatch(/has no CA[\s\S]*hybridctl vpn pki init/);
    expect(await site.run('vpn render')).toMatchObject({ exit: 2, err: expect.stringContaining('has no CA') });
    expect(await site.run('vpn pki status')).toMatchObject({ exit: 1 });
  });

  it('init: a dry run writes nothing, the first run makes it, the second changes nothing', async () => {
    const dry = await site.run('vpn pki init --dry-run --detailed-exitcode --json');
    expect([dry.exit, dry.json().steps.map(({ action }: any) => action)]).toEqual([3, ['make', 'make', 'make']]);
    expect(await stat(site.pki).catch(() => 'not there')).toBe('not there');
    expect(await site.run('vpn pki init')).toMatchObject({ exit: 0 });
    const before = await everything();
    expect(await site.run('vpn pki init --json')).toMatchObject({ exit: 0 });
    expect(await everything()).toEqual(before);
    expect(
      await openssl('x509', '-in', 'authority.pem', '-noout', '-subject', '-ext', 'basicConstraints,keyUsage'),
    ).toBe(`subject=O = hybridctl, CN = demo CA
X509v3 Basic Constraints: critical
    CA:TRUE, pathlen:0
X509v3 Key Usage: critical
    Certificate Sign, CRL Sign
`);
  });

  it('issue: a certificate for each box, with the addresses its tunnels know it by, and keys of mode 0600', async () => {
    const { exit, out } = await site.run('vpn pki issue --json');
    expect(exit).toBe(0);
    expect(out).not.toContain('PRIVATE KEY');
    for (const [path, text] of Object.entries(await everything()))
      if (text.includes('PRIVATE KEY')) expect([path, text.slice(0, 4)]).toEqual([path, '600 ']);
    const { certificates } = (await site.run('vpn pki status --json')).json();
    expect(certificates.map(({ device, state, addresses, key }: any) => [device, state, key, ...addresses])).toEqual([
      ['gw-1', 'good', 'ecdsa', '203.0.113.11'],
      ['gw-2', 'good', 'ecdsa', '203.0.113.12'],
      ['rtr-1', 'good', 'ecdsa', '198.51.100.77'],
      ['rtr-2', 'good', 'ecdsa', '198.51.100.140'],
    ]);
    expect(
      await openssl('verify', '-crl_check', '-CAfile', 'authority.pem', '-CRLfile', 'crl.pem', 'devices/rtr-2.pem'),
    ).toBe('devices/rtr-2.pem: OK\n');
    expect(await openssl('x509', '-in', 'devices/rtr-2.pem', '-noout', '-ext', 'subjectAltName')).toContain(
      'IP Address:198.51.100.140, DNS:rtr-2',
    );
    const before = await everything();
    const again = (await site.run('vpn pki issue --json')).json();
    expect(new Set(again.steps.map(({ action }: any) => action))).toEqual(new Set(['keep']));
    expect(await everything()).toEqual(before);
  });

  it('every box gets the CA, the list and its own certificate and key, and no other’s', async () => {
    const { exit, err } = await site.run('vpn render --out out');
    expect([exit, err]).toEqual([0, expect.not.stringContaining('certificate')]);
    const own = join(site.folder, 'out/gw-1/etc/swanctl');
    expect((await readdir(own, { recursive: true })).sort()).toEqual(
      [
        'conf.d',
        'conf.d/vpn1.conf',
        'private',
        'private/hybridctl-demo_gw-1.pem',
        'x509',
        'x509/hybridctl-demo_gw-1.pem',
        'x509ca',
        'x509ca/hybridctl-demo.pem',
        'x509crl',
        'x509crl/hybridctl-demo.pem',
      ].sort(),
    );
    expect((await stat(join(own, 'private/hybridctl-demo_gw-1.pem'))).mode & 0o777).toBe(0o600);
    const { stdout } = await exec('grep', ['-rlc', 'PRIVATE KEY', join(site.folder, 'out')]);
    expect(stdout.trim().split('\n').length).toBe(4);
    expect(await readFile(join(own, 'x509ca/hybridctl-demo.pem'), 'utf8')).not.toContain('PRIVATE');
  });

  it('a run that was killed is finished by the next, and leaves no key behind', async () => {
    await exec('mkdir', [join(site.pki, '.new.killed')]);
    await writeFile(join(site.pki, '.new.killed/key'), 'a key');
    await exec('rm', [join(site.pki, 'devices/gw-2.pem')]);
    expect(await site.run('vpn pki issue')).toMatchObject({ exit: 0 });
    expect((await row('gw-2')).state).toBe('good');
    expect((await readdir(site.pki)).filter((name) => name.startsWith('.new'))).toEqual([]);
  });

  it('an address that changed, and a month before the end: issued again; the old one can be revoked alone', async () => {
    const { serial } = await row('rtr-1');
    await writeFile(join(site.folder, 'hybridctl.yaml'), SITE.replaceAll('198.51.100.77', '198.51.100.78'));
    expect(await row('rtr-1')).toMatchObject({ state: 'other', why: [expect.stringContaining('198.51.100.78')] });
    expect(await site.run('vpn render --out out')).toMatchObject({ exit: 2, err: expect.stringContaining('rtr-1') });
    await site.run('vpn pki issue');
    expect(await row('rtr-1')).toMatchObject({ state: 'good', addresses: ['198.51.100.78'] });
    expect((await row('rtr-1')).serial).not.toBe(serial);
    expect(await site.run('vpn pki revoke rtr-1 --superseded --yes')).toMatchObject({ exit: 0 });
    expect((await row('rtr-1')).state).toBe('good');
    expect((await site.run('vpn pki status --json')).json().revoked).toEqual([{ serial, device: 'rtr-1' }]);
  });

  it('revoke: asks first; then the box is refused by whoever has the list, and gets none unless it is named', async () => {
    expect(await site.run('vpn pki revoke rtr-2')).toMatchObject({ exit: 2 });
    expect((await row('rtr-2')).state).toBe('good');
    expect(await site.run('vpn pki revoke rtr-2 --yes')).toMatchObject({ exit: 0 });
    expect(await row('rtr-2')).toMatchObject({ state: 'revoked', daysLeft: 0 });
    expect(
      await openssl('verify', '-crl_check', '-CAfile', 'authority.pem', '-CRLfile', 'crl.pem', 'devices/rtr-2.pem'),
    ).not.toContain('OK');
    expect((await site.run('vpn pki issue')).err).toContain('rtr-2: its certificate is revoked');
    expect((await row('rtr-2')).state).toBe('revoked');
    // The others are rendered with the new list; for the revoked box there is nothing.
    const { exit, err } = await site.run('vpn render --out after');
    expect([exit, err]).toEqual([0, expect.stringContaining('warning: rtr-2: it is revoked; nothing is rendered')]);
    const folders = (await readdir(join(site.folder, 'after'))).filter((name) => !name.startsWith('.'));
    expect(folders.sort()).toEqual(['gw-1', 'gw-2', 'rtr-1']);
    expect(await site.run('vpn pki issue rtr-2')).toMatchObject({ exit: 0 });
    expect((await row('rtr-2')).state).toBe('good');
  });

  it('a list that lacks what is revoked is never given to a box', async () => {
    await writeFile(
      join(site.pki, 'crl.pem'),
      await readFile(join(site.folder, 'out/gw-1/etc/swanctl/x509crl/hybridctl-demo.pem')),
    );
    expect(await site.run('vpn render --out out')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('lacks what is'),
    });
    expect(await site.run('vpn pki init')).toMatchObject({ exit: 0 });
    expect(await site.run('vpn render --out out')).toMatchObject({ exit: 0 });
  });

  it('a request of a box’s own: only its key is taken, never the names in it', async () => {
    await exec(
      'sh',
      [
        '-c',
        'openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout own.key -subj /CN=somebody-else -addext subjectAltName=IP:192.0.2.66 -out gw-1.csr',
      ],
      { cwd: site.folder },
    );
    expect(await site.run('vpn pki issue gw-1 --request gw-1.csr')).toMatchObject({ exit: 0 });
    expect(await row('gw-1')).toMatchObject({ state: 'good', addresses: ['203.0.113.11'] });
    const text = await openssl('x509', '-in', 'devices/gw-1.pem', '-noout', '-text');
    expect(text).not.toMatch(/somebody-else|192\.0\.2\.66/);
    expect(await readFile(join(site.pki, 'devices/gw-1.pem'), 'utf8')).not.toContain('PRIVATE');
  });

  it('--publish sends the days that are left, for the alarms; a revoked box has none', async () => {
    const sent: unknown[] = [];
    const metricStore = async () => ({
      put: async (namespace: string, metrics: readonly object[]) => void sent.push(namespace, ...metrics),
    });
    const outlets = async () => ({ metricStore }) as unknown as Outlets;
    await site.run('vpn pki status --publish', { outlets });
    const [namespace, ...metrics] = sent as [string, ...{ name: string; dimensions: object; value: number }[]];
    expect(namespace).toBe('hybridctl');
    const devices = (await site.run('vpn pki status --json')).json().certificates;
    expect(metrics.map(({ name, dimensions, value }) => [name, dimensions, value])).toEqual(
      devices.map(({ device, daysLeft }: { device: string; daysLeft: number }) => [
        'CertificateDaysLeft',
        { Site: 'demo', Device: device },
        daysLeft,
      ]),
    );
  });

  it('a month before the end it says so, and issues anew; after the end it does not render', async () => {
    await site.clock.sleep(380 * DAY);
    expect(await row('gw-2')).toMatchObject({ state: 'expiring', daysLeft: 16 });
    expect(await judged('gw-2')).toMatchObject([{ level: 'warning', next: expect.stringContaining('vpn pki issue') }]);
    expect(await site.run('vpn pki status')).toMatchObject({ exit: 1 });
    expect((await site.run('vpn render --out out')).err).toContain('warning: the certificate of gw-2: it expires on');
    await site.clock.sleep(20 * DAY);
    expect(await row('gw-2')).toMatchObject({ state: 'expired', daysLeft: -4 });
    expect(await judged('gw-2')).toMatchObject([{ level: 'error', found: expect.stringMatching(/expired/) }]);
    expect(await site.run('vpn render --out out')).toMatchObject({ exit: 2 });
    await site.run('vpn pki issue');
    expect(await site.run('vpn pki status')).toMatchObject({ exit: 0 });
    expect(await judged('gw-2')).toEqual([]);
  });
});

it('a router that is typed at: an RSA key, and both forms of it open with the passphrase', async () => {
  const typed = await pkiSite(SITE.replace('dialect: swanctl, interface: tun', 'dialect: ios-vti'), 'demo');
  try {
    for (const line of ['vpn pki init', 'vpn pki issue', 'vpn render --out out'])
      expect(await typed.run(line)).toMatchObject({ exit: 0 });
    const { certificates } = (await typed.run('vpn pki status --json')).json();
    expect(certificates.map(({ device, key }: any) => `${device} ${key}`)).toEqual([
      'gw-1 rsa',
      'gw-2 ecdsa',
      'rtr-1 rsa',
      'rtr-2 ecdsa',
    ]);
    const path = join(typed.folder, 'out/rtr-1/rtr-1-certificate.ios');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const text = await readFile(path, 'utf8');
    const passphrase = /pem terminal (\S+)/.exec(text)![1]!;
    await writeFile(join(typed.folder, 'pass'), passphrase);
    await writeFile(join(typed.folder, 'pasted.pem'), text);
    const at = { cwd: typed.folder };
    const modulus = async (...args: string[]) => (await exec('openssl', [...args, '-noout', '-modulus'], at)).stdout;
    const own = await modulus('x509', '-in', 'pki/demo/devices/rtr-1.pem');
    expect(await modulus('rsa', '-in', 'pasted.pem', '-passin', 'file:pass')).toBe(own);
    const bundle = await readFile(join(typed.pki, 'devices/rtr-1.pem'), 'utf8');
    const pkcs12 = /BEGIN PKCS12-----([^-]+)-----END/.exec(bundle)![1]!;
    await writeFile(join(typed.folder, 'own.p12'), Buffer.from(pkcs12, 'base64'));
    const { stdout } = await exec('openssl', ['pkcs12', '-in', 'own.p12', '-passin', 'file:pass', '-nodes'], at);
    expect(stdout.match(/BEGIN CERTIFICATE/g)?.length).toBe(2);
  } finally {
    await typed.remove();
  }
});

it('Libreswan’s import script fills an NSS database, and after a renewal has the new certificate alone', async () => {
  const swan = await pkiSite(
    SITE.replace('interface: tun', 'interface: xfrm\n    dialect: libreswan').replace(
      'interface: tun, wan',
      'interface: xfrm, wan',
    ),
    'demo',
  );
  try {
    const nss = join(swan.folder, 'nss');
    await mkdir(nss);
    await exec('certutil', ['-N', '-d', `sql:${nss}`, '--empty-password']);
    const certutil = (...args: string[]) =>
      exec('certutil', [...args, '-d', `sql:${nss}`]).then(({ stdout }) => stdout);
    const importAll = async (): Promise<void> => {
      expect(await swan.run('vpn render --out out')).toMatchObject({ exit: 0 });
      const root = join(swan.folder, 'out/gw-1');
      const script = await readFile(join(root, 'usr/local/lib/hybridctl/import-certificates'), 'utf8');
      const moved = script.replaceAll('/etc/hybridctl/pki', join(root, 'etc/hybridctl/pki'));
      await exec('sh', ['-c', moved], { env: { ...process.env, HYBRIDCTL_NSS: nss } });
    };
    for (const line of ['vpn pki init', 'vpn pki issue']) expect(await swan.run(line)).toMatchObject({ exit: 0 });
    await importAll();
    expect(await swan.run('vpn pki issue gw-1 --renew')).toMatchObject({ exit: 0 });
    await importAll();
    const { serial } = (await swan.run('vpn pki status --json')).json().certificates[0];
    const shown = await certutil('-L', '-n', 'hybridctl-demo_gw-1', '-a');
    expect(shown.match(/BEGIN CERTIFICATE/g)?.length).toBe(1);
    await writeFile(join(swan.folder, 'shown.pem'), shown);
    const { stdout } = await exec('openssl', ['x509', '-in', 'shown.pem', '-noout', '-serial'], { cwd: swan.folder });
    expect(stdout.trim()).toBe(`serial=${serial}`);
  } finally {
    await swan.remove();
  }
});
