import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
const certified = async (folder: string, dialect: string): Promise<void> => {
  await writeSite(folder);
  const path = join(folder, 'hybridctl.yaml');
  const text = await readFile(path, 'utf8');
  await writeFile(
    path,
    text
      .replace('psk_file: psk/vpn1', 'auth: cert')
      .replace('interface: tun, wan: wan }', `interface: tun, wan: wan, dialect: ${dialect} }`),
  );
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
});
