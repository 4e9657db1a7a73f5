import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileOf, rendered, siteOf } from './rendered.ts';

/**
 * `tunnels begin` as it is rendered, beside a daemon's tool that prints what strongSwan 5.9.8 printed and notes what it
 * is asked to begin. The whole, with charon and the timer, is in commands/systemd.test.ts.
 */
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hybridctl-begin-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const begun = async (dialect: 'swanctl' | 'ipsec-conf', sas: string): Promise<string> => {
  const site = siteOf('lab', (loose) => {
    loose.gateways[0].dialect = dialect;
  });
  const bin = join(dir, dialect);
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'sas'), sas);
  await writeFile(join(bin, 'asked'), '');
  const tool = join(bin, dialect === 'swanctl' ? 'swanctl' : 'ipsec');
  await writeFile(
    tool,
    `#!/bin/sh\ncase $1 in\n--list-sas | status) cat '${bin}/sas' ;;\n*) echo "$*" >>'${bin}/asked' ;;\nesac\n`,
  );
  await chmod(tool, 0o755);
  const script = join(bin, 'tunnels');
  await writeFile(script, fileOf(rendered(site, 'gw-1'), 'usr/local/lib/hybridctl/tunnels'));
  await promisify(execFile)('/bin/sh', [script, 'begin'], { env: { PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin` } });
  return readFile(join(bin, 'asked'), 'utf8');
};

const IKE = "vpn1: #3, ESTABLISHED, IKEv2, 4a0e_i* 77fd_r\n  local  '203.0.113.11' @ 172.16.1.157[4500]\n";
const CHILD = '  vpn1: #7, reqid 1, INSTALLED, TUNNEL-in-UDP, ESP:AES_GCM_16-256\n';
const SWANCTL = '--initiate --child vpn1 --timeout -1\n';
const STROKE = 'stroke up-nb vpn1\n';

describe('begins what is down, and nothing else', () => {
  it.each([
    ['nothing is there', '', SWANCTL],
    ['all is there', IKE + CHILD, ''],
    ['the pair of networks was ended, IKE lives', IKE, SWANCTL],
    ['IKE is being negotiated', IKE.replace('ESTABLISHED', 'CONNECTING'), ''],
  ])('swanctl: %s', async (_, sas, asked) => expect(await begun('swanctl', sas)).toBe(asked));

  const head = 'Security Associations (1 up, 0 connecting):\n';
  const ike = '        vpn1[3]: ESTABLISHED 5 seconds ago, 172.16.1.157[203.0.113.11]...198.51.100.77[198.51.100.77]\n';
  it.each([
    ['nothing is there', 'Security Associations (0 up, 0 connecting):\n  no match\n', STROKE],
    ['all is there', `${head}${ike}        vpn1{7}:  INSTALLED, TUNNEL, reqid 1, ESP in UDP SPIs: c1_i c2_o\n`, ''],
    ['the pair of networks was ended, IKE lives', head + ike, STROKE],
    ['IKE is being negotiated', `${head}        vpn1[3]: CONNECTING, 172.16.1.157[%any]...198.51.100.77[%any]\n`, ''],
  ])('ipsec.conf: %s', async (_, sas, asked) => expect(await begun('ipsec-conf', sas)).toBe(asked));
});
