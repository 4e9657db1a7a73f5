import { describe, expect, it } from 'vitest';
import { fakeShell } from '../fakes/shell.ts';
import { fixture } from '../helpers/cloud.ts';
import { run } from '../helpers/run.ts';

/** Boxes that this machine's kernel or packages can't be: judged by the commands, word for word. */
const SYSTEMD = { '/run/systemd/system': '' };
const no = () => ({ exitCode: 1 });
const bare = fakeShell({
  ip: no,
  sysctl: () => '',
  nft: () => '',
  iptables: () => '',
  swanctl: no,
  ipsec: no,
  find: no,
  grep: no,
  systemctl: no,
  ping: () => '',
  setsid: () => '',
});
const key = (name: string) => ({ [`psk/${name}`]: { content: `Key.of.${name}\n`, mode: 0o600 } });
const lab = fixture('lab');

const emit = (site: string, device: string, files: Readonly<Record<string, string>> = {}) =>
  run(`vpn up ${device} --emit sh`, {
    files: { 'hybridctl.yaml': site, ...key('vpn1'), ...key('vpn2'), ...files },
    ports: { shell: bare },
  });

describe('a bare box, as shell lines', () => {
  it.each([
    ['swanctl-xfrm-systemd', lab.replace('interface: tun', 'interface: xfrm'), 'gw-1', SYSTEMD],
    ['swanctl-vti', lab.replace('interface: tun', 'interface: vti'), 'gw-1', {}],
    [
      'ipsec-conf-vti-systemd',
      lab.replace('interface: tun', 'interface: vti\n    dialect: ipsec-conf'),
      'gw-1',
      SYSTEMD,
    ],
    ['libreswan-xfrm', lab.replace('interface: tun', 'interface: xfrm\n    dialect: libreswan'), 'gw-1', {}],
    ['frr-tun-systemd', lab, 'rtr-1', SYSTEMD],
  ])('%s', async (name, site, device, files) => {
    const { exit, out, err } = await emit(site, device, files);
    expect([exit, err]).toEqual([0, '']);
    expect(out).not.toContain('Key.of');
    await expect(out).toMatchFileSnapshot(`../golden/vpn-up/${name}.sh`);
  });
});

describe('refusals', () => {
  it.each([
    ['vpn up', { exit: 2, err: 'this machine has no address of any Linux box of the site' }],
    ['vpn up nobody', { exit: 2, err: 'no Linux box with a tunnel is called nobody' }],
    ['vpn up gw-1 --rollback --yes', { exit: 1, err: 'nothing is known of how gw-1 was before' }],
    ['vpn up gw-1 --rollback --emit sh', { exit: 2, err: 'cannot be used together with' }],
    ['vpn up gw-1', { exit: 2, err: 'confirmation needed: add --yes' }],
  ])('%s', async (line, { exit, err }) => {
    const ran = await run(line, {
      files: { 'hybridctl.yaml': lab, ...key('vpn1'), ...key('vpn2') },
      ports: { shell: fakeShell({ ip: no, sysctl: () => '', nft: () => '', swanctl: no, find: no, grep: no }) },
    });
    expect([ran.exit, ran.err]).toEqual([exit, expect.stringContaining(err)]);
  });

  it('a program that is not there: exit 4, with its package', async () => {
    const ran = await run('vpn up gw-1 --yes', {
      files: { 'hybridctl.yaml': lab, ...key('vpn1'), ...key('vpn2') },
      ports: { shell: fakeShell({ ip: () => '', sysctl: () => '', nft: () => '' }) },
    });
    expect([ran.exit, ran.err]).toEqual([4, expect.stringContaining('strongswan-swanctl')]);
  });
});
