import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { renderLinux } from '../../../../src/lib/render/linux/index.ts';
import type { RenderedFile } from '../../../../src/lib/render/types.ts';
import { deviceOf, fileOf, siteOf } from './rendered.ts';

/**
 * The directives of the two field documents, letter by letter: with crypto level `legacy` and the documents' addresses,
 * each must stand in what we render.
 */
const IPSEC_CONF = (left: string, leftid: string, right: string): readonly string[] => [
  'conn vpn1',
  'type=tunnel',
  'mobike=no',
  'authby=secret',
  'keyexchange=ikev1',
  'ike=aes128-sha1-modp1024',
  'esp=aes128-sha1-modp1024',
  `left=${left}`,
  `leftid=${leftid}`,
  'leftsubnet=0.0.0.0/0',
  `right=${right}`,
  'rightsubnet=0.0.0.0/0',
  'auto=start',
  'dpddelay=3',
  'dpdtimeout=15',
  'dpdaction=restart',
  'mark=100',
];
const BJS_SYSCTL = [
  'net.ipv4.ip_forward = 1',
  'net.ipv4.conf.all.accept_redirects = 0',
  'net.ipv4.conf.all.send_redirects = 0',
  'net.ipv4.conf.default.rp_filter = 2',
];
const RC_LOCAL = (local: string, remote: string, mine: string, theirs: string, inside: string): readonly string[] => [
  `ip link add tunnel1 type vti local ${local} remote ${remote} key 100`,
  `ip addr add ${mine}/30 remote ${theirs}/30 dev tunnel1`,
  'ip link set tunnel1 up mtu 1436',
  'ip rule add priority 10 from all lookup 10',
  `ip route add ${inside}/30 via ${theirs} table 10`,
  `ip route add 10.10.0.0/16 via ${theirs} table 10`,
];
const CISCO_CONF = [
  'conn cisco',
  'authby=secret',
  'auto=start',
  'leftid=54.223.152.218',
  'left=%defaultroute',
  'leftsubnet=192.168.2.0/24',
  'leftnexthop=%defaultroute',
  'right=54.223.170.5',
  'rightsubnet=10.1.2.0/24',
  'keyingtries=%forever',
  'ike=aes128-sha1;modp1024',
  'ikelifetime=86400s',
  'phase2alg=aes128-sha1',
  'salifetime=3600s',
  'pfs=no',
];
const OPENSWAN_SYSCTL = [
  'net.ipv4.ip_forward = 1',
  'net.ipv4.conf.all.accept_redirects = 0',
  'net.ipv4.conf.all.send_redirects = 0',
  'net.ipv4.conf.default.send_redirects = 0',
  'net.ipv4.conf.eth0.send_redirects = 0',
  'net.ipv4.conf.default.accept_redirects = 0',
  'net.ipv4.conf.eth0.accept_redirects = 0',
];

const lines = (text: string): readonly string[] => text.split('\n').map((line) => line.trim());
const lacking = (wanted: readonly string[], text: string): readonly string[] =>
  wanted.filter((line) => !lines(text).includes(line));

/**
 * Every program call of `tunnels up`, on a machine where each succeeds and no interface, rule or clamp is there yet.
 */
const callsOf = async (files: readonly RenderedFile[]): Promise<readonly string[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'hyr-seed-'));
  try {
    const bin = join(folder, 'bin');
    await mkdir(bin);
    for (const name of ['ip', 'sysctl', 'nft', 'iptables']) {
      const absent = 'case "$*" in *" -C "*|*"link show"*) exit 1 ;; *"rule show"*) exit 0 ;; esac';
      await writeFile(join(bin, name), `#!/bin/sh\n${absent}\necho "${name} $*" >> ${folder}/calls\n`);
      await chmod(join(bin, name), 0o755);
    }
    await writeFile(join(folder, 'tunnels'), fileOf(files, 'usr/local/lib/hybridctl/tunnels'));
    await promisify(execFile)('sh', [join(folder, 'tunnels'), 'up'], {
      env: { PATH: `${bin}:${process.env['PATH']}` },
    });
    return lines(await readFile(join(folder, 'calls'), 'utf8'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
/** `replace` is `add` that may run twice; we also name the device where the field document leaves it to the lookup. */
const asInSeed = (call: string): string =>
  call.replace(/^ip (addr|route) replace/, 'ip $1 add').replace(/^(ip route .*) dev tunnel1$/, '$1');

describe('the seed, letter by letter', () => {
  it.each([
    [
      'strongswan-1',
      'vpn1',
      ['172.16.1.157', '54.223.192.238', '52.50.130.77'],
      ['169.254.100.2', '169.254.100.1', '169.254.100.0'],
    ],
    [
      'strongswan-2',
      'vpn1',
      ['172.16.2.126', '54.222.191.34', '52.51.34.140'],
      ['169.254.200.2', '169.254.200.1', '169.254.200.0'],
    ],
  ] as const)('BJS VPN: %s', async (name, conn, [left, leftid, right], [mine, theirs, inside]) => {
    const site = siteOf('seed-bjs', (loose) => {
      // In the document both boxes call their one connection vpn1; in a site file names are unique.
      const index = name === 'strongswan-1' ? 0 : 1;
      loose.tunnels = [{ ...loose.tunnels[index], name: conn }];
      loose.links = [{ name: 'vpn-a', kind: 'vpn', tunnel: conn }];
      loose.route_tables = [];
    });
    const files = renderLinux(deviceOf(site, name, new Map([[conn, 'cisco']])));
    expect(lacking(IPSEC_CONF(left, leftid, right), fileOf(files, 'etc/ipsec.conf'))).toEqual([]);
    expect(lacking([`${leftid} ${right} : PSK "cisco"`], fileOf(files, 'etc/ipsec.secrets'))).toEqual([]);
    expect(lacking(BJS_SYSCTL, fileOf(files, 'etc/sysctl.d/90-hybridctl.conf'))).toEqual([]);
    expect(
      lacking(RC_LOCAL(left, right, mine, theirs, inside), (await callsOf(files)).map(asInSeed).join('\n')),
    ).toEqual([]);
    expect(fileOf(files, 'etc/hybridctl/mss.nft')).toContain('set 1387');
  });

  it.each(['openswan', 'libreswan'])('OpenSwan, as %s', async (dialect) => {
    const site = siteOf('seed-openswan', (loose) => void (loose.gateways[0].dialect = dialect));
    const files = renderLinux(deviceOf(site, 'openswan-1', new Map([['cisco', 'aws123']])));
    expect(lacking(['include /etc/ipsec.d/*.conf'], fileOf(files, 'etc/ipsec.conf'))).toEqual([]);
    expect(lacking(CISCO_CONF, fileOf(files, 'etc/ipsec.d/cisco.conf'))).toEqual([]);
    expect(fileOf(files, 'etc/ipsec.d/cisco.secrets')).toMatch(/^54\.223\.152\.218 54\.223\.170\.5 ?: PSK "aws123"$/m);
    expect(lacking(OPENSWAN_SYSCTL, fileOf(files, 'etc/sysctl.d/90-hybridctl.conf'))).toEqual([]);
    if (dialect === 'openswan') {
      expect(await callsOf(files)).toContain(
        'iptables -t mangle -A FORWARD -o eth0 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1387',
      );
    }
  });
});
