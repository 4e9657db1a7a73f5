import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { libreswan } from '../../scripts/libreswan.mjs';
import { afterEach, describe, expect, it } from 'vitest';
import { twoBoxes, writeSite, type Box, type Boxes } from '../helpers/boxes.ts';
import { until } from '../helpers/charon-pair.ts';

/**
 * `vpn up` with `auth: cert`, from the CA on: bare boxes, real daemons, keys by a real openssl. About 30 s for each
 * dialect of the gateway.
 */
const LONG = 180_000;

let boxes: Boxes | undefined;
afterEach(() => boxes?.stop());

const sh = (box: Box, line: string): Promise<string> => box.run('sh', '-c', line);
const did = async (box: Box, line: string): Promise<string> => {
  const { exit, out, err } = await box.hybridctl(line);
  expect([line, exit, exit === 0 ? '' : out + err]).toEqual([line, 0, '']);
  return out + err;
};
const nothing = async (box: Box, device: string): Promise<void> => {
  const { exit, out } = await box.hybridctl(`vpn up ${device} --dry-run --detailed-exitcode --json`);
  const { steps } = JSON.parse(out) as { steps: { action: string; key: string; notes: string[] }[] };
  const due = steps.filter(({ action }) => action !== 'keep').map(({ key, notes }) => [key, notes]);
  expect([exit, due]).toEqual([0, []]);
};
const pings = (box: Box): Promise<string> =>
  until('a ping through the tunnel', () => box.run('ping', '-c1', '-W1', '169.254.100.1'), 30_000);
/** What the router's charon holds of the gateway. */
const sas = (box: Box): Promise<string> => sh(box, 'swanctl --list-sas 2>/dev/null || true');

/** The site of two boxes, on certificates. */
const certified = async (folder: string, dialect: string, kind = 'tun'): Promise<void> => {
  await writeSite(folder);
  const path = join(folder, 'hybridctl.yaml');
  const text = await readFile(path, 'utf8');
  await writeFile(
    path,
    text
      .replace('psk_file: psk/vpn1', 'auth: cert')
      .replace('interface: tun, wan: wan }', `interface: ${kind}, wan: wan, dialect: ${dialect} }`),
  );
};

const TREE = libreswan().addconn.replace('/usr/libexec/ipsec/addconn', '');
/** Puts Libreswan over strongSwan, which it conflicts with. @param own the box's folder, in memory. */
const layLibreswan = async (box: Box, own: string): Promise<void> => {
  await sh(
    box,
    `mkdir -p ${own}/ux ${own}/wx && mount -t overlay o -o lowerdir=${TREE}/usr:/usr,upperdir=${own}/ux,workdir=${own}/wx /usr`,
  );
};
/** As the package's unit does. */
const startPluto = async (box: Box): Promise<void> => {
  await sh(
    box,
    'mkdir -p /run/pluto /var/lib/ipsec/nss; [ -e /var/lib/ipsec/nss/cert9.db ] || ipsec initnss >/dev/null',
  );
  await sh(box, '/usr/local/lib/hybridctl/import-certificates');
  await sh(
    box,
    'setsid -f /usr/libexec/ipsec/pluto --config /etc/ipsec.conf --logfile /run/pluto.log </dev/null >/dev/null 2>&1',
  );
  await until('pluto', () => sh(box, 'ipsec whack --status'), 20_000);
};

describe('two boxes with certificates of the site’s CA', () => {
  it.each(['swanctl', 'ipsec-conf'])(
    'by vpn up alone, gateway %s: up, nothing to do, renewed, and a revoked router is refused',
    async (dialect) => {
      boxes = await twoBoxes();
      const { a, b, folder } = boxes;
      await certified(folder, dialect);
      await did(a, 'vpn pki init');
      await did(a, 'vpn pki issue');
      const said = (await did(b, 'vpn up rtr-1 --yes')) + (await did(a, 'vpn up gw-1 --yes'));
      expect(said).not.toContain('PRIVATE KEY');
      await pings(a);
      await nothing(a, 'gw-1');
      await nothing(b, 'rtr-1');
      expect(
        await sh(a, 'find /etc/swanctl/private /etc/ipsec.d/private -type f -exec stat -c %a {} + 2>/dev/null'),
      ).toBe('600\n');

      // A new certificate of the gateway: the next vpn up carries it over, and the router sees it.
      const serial = async (): Promise<string> =>
        JSON.parse((await a.hybridctl('vpn pki status --json')).out).certificates.find(
          ({ device }: { device: string }) => device === 'gw-1',
        ).serial;
      const before = await serial();
      await did(a, 'vpn pki issue gw-1 --renew');
      expect(await serial()).not.toBe(before);
      await did(a, 'vpn up gw-1 --yes');
      await pings(a);
      await nothing(a, 'gw-1');

      // Revoked: the gateway ends what is up, and lets the router in no more.
      await did(a, 'vpn pki revoke rtr-1 --yes');
      await did(a, 'vpn up gw-1 --yes');
      await until('the end of the association', async () => !/ESTABLISHED/.test(await sas(b)), 60_000);
      await sh(b, 'swanctl --initiate --child vpn1 --timeout 5 >/dev/null 2>&1 || true');
      expect(await sas(b)).not.toContain('INSTALLED');

      // And in again with a certificate of its own.
      await did(a, 'vpn pki issue rtr-1');
      await did(b, 'vpn up rtr-1 --yes');
      await did(a, 'vpn up gw-1 --yes');
      await pings(a);
    },
    LONG,
  );

  // This kernel has no ESP, so pluto's pair of networks can't be installed: what is proven is who the two ends are.
  it(
    'Libreswan’s pluto and a charon know each other by certificates, renewed ones too; a revoked router is refused',
    async () => {
      boxes = await twoBoxes();
      const { a, b, folder } = boxes;
      await certified(folder, 'libreswan', 'xfrm');
      await did(a, 'vpn pki init');
      await did(a, 'vpn pki issue');
      await did(b, 'vpn up rtr-1 --yes');
      await layLibreswan(a, join(folder, 'a'));
      const lay = async (): Promise<void> => {
        await did(a, 'vpn render');
        await sh(a, `cp -r ${folder}/rendered/gw-1/. / && sed -i /ipsec-interface/d /etc/ipsec.d/vpn1.conf`);
      };
      /** Tries anew, with what the files hold now. @returns what pluto says of it. */
      const tried = async (): Promise<string> => {
        await sh(a, ': >/run/pluto.log; ipsec auto --replace vpn1; timeout 8 ipsec auto --up vpn1 || true');
        return sh(a, 'cat /run/pluto.log');
      };
      await lay();
      await startPluto(a);
      const KNOWN = /authenticated peer '.*RSA.*' digital signature using peer certificate '198\.51\.100\.77'/;
      expect(await tried()).toMatch(KNOWN);
      // charon calls it established once it has verified pluto's certificate too.
      expect(await sas(b)).toMatch(/ESTABLISHED[\s\S]*remote '203\.0\.113\.11'/);

      await did(a, 'vpn pki issue gw-1 --renew');
      await lay();
      await sh(a, '/usr/local/lib/hybridctl/import-certificates');
      expect(await tried()).toMatch(KNOWN);

      // NSS keeps the list that it has looked into as long as pluto lives: "vpn up" restarts pluto for a revocation.
      await did(a, 'vpn pki revoke rtr-1 --yes');
      await lay();
      await sh(a, '/usr/local/lib/hybridctl/import-certificates; ipsec whack --shutdown; sleep 1');
      await startPluto(a);
      const refused = await tried();
      expect(refused).not.toMatch(KNOWN);
      expect(refused).toMatch(/revoked/i);
    },
    LONG,
  );
});
