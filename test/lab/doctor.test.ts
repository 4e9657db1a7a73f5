import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shell } from '../../src/lib/adapters/shell.ts';
import { workshop, type Workshop } from './lab.ts';

// Each fault is made for real on the first gateway of a lab, named, and taken back; the healthy gateway has none.
const LAB = 'doc';
const GATEWAY = `/run/hybridctl/${LAB}/nodes/gw-1`;
const VICI = `unix://${GATEWAY}/charon.vici`;

let shop: Workshop;
/** A shell line in a node's namespace; the test goes on whatever it says. */
const on = (node: string, line: string) => shell.run('ip', ['netns', 'exec', `${LAB}-${node}`, 'sh', '-c', line]);
const doctor = async (...flags: readonly string[]) => {
  const { exit, out } = await shop.run([
    'lab',
    'exec',
    '--name',
    LAB,
    'gw-1',
    '--',
    'hybridctl',
    'vpn',
    'doctor',
    '--log',
    `${GATEWAY}/charon.log`,
    '--json',
    ...flags,
  ]);
  const { findings, fixed } = JSON.parse(out) as {
    findings: { level: string; check: string; found: string; next: string; case: number | null }[];
    fixed: string[];
  };
  return {
    exit,
    fixed,
    errors: findings.filter(({ level }) => level === 'error'),
    warnings: findings.filter(({ level }) => level === 'warning'),
  };
};
const initiate = () =>
  on(
    'gw-1',
    `swanctl --terminate --ike vpn1 --force --timeout 2 --uri ${VICI}; swanctl --initiate --child vpn1 --timeout 6 --uri ${VICI}`,
  );
const filter = (rule: string) =>
  `nft add table ip fault; nft 'add chain ip fault forward { type filter hook forward priority 0; }'; nft 'add rule ip fault forward ${rule}'`;
const UNFILTER = 'nft delete table ip fault';

beforeAll(async () => {
  shop = await workshop();
  const { exit, err } = await shop.run(['lab', 'up', '--name', LAB, '--site', shop.site]);
  if (exit !== 0) throw new Error(err);
}, 90_000);
afterAll(async () => {
  await shop.run(['lab', 'down', '--name', LAB, '--yes']);
  await shop.remove();
}, 60_000);

describe('vpn doctor on a gateway', () => {
  it('finds nothing wrong where all is well, in the cloud and on the host', async () => {
    expect(await doctor()).toEqual({ exit: 0, fixed: [], errors: [], warnings: [] });
  }, 30_000);

  it.each<
    [string, () => Promise<unknown>, () => Promise<unknown>, readonly (readonly [string, number | null, RegExp])[]]
  >([
    [
      'ip_forward off',
      () => on('gw-1', 'sysctl -qw net.ipv4.ip_forward=0'),
      () => on('gw-1', 'sysctl -qw net.ipv4.ip_forward=1'),
      [['sysctl', 2, /does not forward/]],
    ],
    [
      'strict rp_filter, by `all` alone',
      () => on('gw-1', 'sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.ipsec0.rp_filter=0'),
      () => on('gw-1', 'sysctl -qw net.ipv4.conf.all.rp_filter=2'),
      [['sysctl', 2, /strict reverse path/]],
    ],
    [
      'no MSS clamp',
      () => on('gw-1', 'nft delete table ip hybridctl'),
      () => on('gw-1', `nft -f ${GATEWAY}/files/etc/hybridctl/mss.nft`),
      [['mss-clamp', 2, /no rule clamps TCP to 1360/]],
    ],
    [
      'no probe relay: the gateway would answer for its tunnel',
      () => on('gw-1', 'nft delete table ip hybridctl_probe'),
      () => on('gw-1', `nft -f ${GATEWAY}/files/etc/hybridctl/probe.nft`),
      [['probe-relay', null, /the probe relay is not loaded for vpn1/]],
    ],
    [
      'a peer that refuses: it does not know the connection yet (case 1)',
      async () => {
        await on(
          'rtr-1',
          `swanctl --terminate --ike vpn1 --force --timeout 2 --uri unix:///run/hybridctl/${LAB}/nodes/rtr-1/charon.vici; swanctl --load-conns --file /dev/null --uri unix:///run/hybridctl/${LAB}/nodes/rtr-1/charon.vici`,
        );
        await initiate();
      },
      async () => {
        await reload('rtr-1');
        // The peer knows it again, and nobody begins: --fix does.
        expect((await doctor('--fix', '--yes')).fixed).toEqual([expect.stringContaining('swanctl --initiate --child')]);
      },
      [['sa', 1, /the peer refused or does not know the connection yet/]],
    ],
    [
      'NAT before the tunnel (case 3)',
      () =>
        on(
          'gw-1',
          `nft add table ip office; nft 'add chain ip office post { type nat hook postrouting priority srcnat; }'; nft 'add rule ip office post oifname "ipsec0" masquerade'`,
        ),
      () => on('gw-1', 'nft delete table ip office'),
      [['nat', 3, /NAT rewrites/]],
    ],
    [
      'an MTU hole',
      () => on('inet', filter('ip length > 1350 drop')),
      () => on('inet', UNFILTER),
      [['mtu', 2, /packets above 1286 bytes are lost on the way, and 1400 should fit/]],
    ],
    [
      'UDP 4500 blocked under a tunnel that is up (case 2)',
      () => on('inet', filter('udp dport 4500 drop')),
      () => on('inet', UNFILTER),
      [['carries', 2, /packets leave, none comes back/]],
    ],
    [
      'a wrong key (case 1)',
      async () => {
        await on(
          'rtr-1',
          `sed -i 's/lab.key.of.vpn1/not.key.of.vpn1/' /run/hybridctl/${LAB}/nodes/rtr-1/files/etc/swanctl/conf.d/vpn1.secrets.conf`,
        );
        await reload('rtr-1');
        await initiate();
      },
      async () => {
        await on(
          'rtr-1',
          `sed -i 's/not.key.of.vpn1/lab.key.of.vpn1/' /run/hybridctl/${LAB}/nodes/rtr-1/files/etc/swanctl/conf.d/vpn1.secrets.conf`,
        );
        await reload('rtr-1');
        await initiate();
      },
      [['sa', 1, /the peer rejected us/]],
    ],
    [
      'no proposal in common (case 1)',
      async () => {
        await on(
          'rtr-1',
          `sed -i.was 's/^\\( *proposals = \\).*/\\1aes256-sha512-modp4096/' /run/hybridctl/${LAB}/nodes/rtr-1/files/etc/swanctl/conf.d/vpn1.conf`,
        );
        await reload('rtr-1');
        await initiate();
      },
      async () => {
        await on(
          'rtr-1',
          `cd /run/hybridctl/${LAB}/nodes/rtr-1/files/etc/swanctl/conf.d && mv vpn1.conf.was vpn1.conf`,
        );
        await reload('rtr-1');
        await initiate();
      },
      [['sa', 1, /no proposal in common/]],
    ],
    [
      'UDP 500 blocked (case 1)',
      async () => {
        await on('inet', filter('udp dport { 500, 4500 } drop'));
        await initiate();
      },
      async () => {
        await on('inet', UNFILTER);
        await initiate();
      },
      [['sa', 1, /IKE is being tried|does not answer|the tunnel is down/]],
    ],
  ])(
    'names %s, and nothing else',
    async (_what, breakIt, takeBack, expected) => {
      await breakIt();
      try {
        const { exit, errors } = await doctor('gw-1', '--no-cloud');
        expect([exit, errors.map(({ check, case: number }) => [check, number])]).toEqual([
          1,
          expected.map(([check, number]) => [check, number]),
        ]);
        expected.forEach(([, , words], at) => expect(errors[at]!.found).toMatch(words));
        expect(errors.every(({ next }) => next.length > 10)).toBe(true);
      } finally {
        await takeBack();
      }
    },
    60_000,
  );

  it('fixes the kernel by itself, and is well again after all that', async () => {
    await on('gw-1', 'sysctl -qw net.ipv4.ip_forward=0');
    expect(await doctor('gw-1', '--no-cloud', '--fix', '--yes')).toEqual({
      exit: 0,
      fixed: ['sysctl -q -w net/ipv4/ip_forward=1'],
      errors: [],
      warnings: [],
    });
  }, 30_000);
});

/** Loads a node's files anew, as `swanctl --load-all` does on any box. */
const reload = (node: string) => {
  const folder = `/run/hybridctl/${LAB}/nodes/${node}`;
  return on(
    node,
    `cd ${folder} && sed 's#/run/files#${folder}/files#' swanctl.conf > /tmp/${LAB}-${node}.conf && swanctl --load-all --clear --noprompt --file /tmp/${LAB}-${node}.conf --uri unix://${folder}/charon.vici; rm -f /tmp/${LAB}-${node}.conf`,
  );
};
