import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { twoBoxes, writeSite, type Box, type Boxes } from '../helpers/boxes.ts';
import { until } from '../helpers/charon-pair.ts';

// A gateway as "apt install strongswan" leaves it, and as a reboot leaves it.
const LONG = 120_000;
const CHARON =
  'setsid -f /usr/lib/ipsec/charon </dev/null >/dev/null 2>&1; for i in $(seq 100); do swanctl --stats >/dev/null 2>&1 && exit 0; sleep 0.1; done; exit 1';

let boxes: Boxes;
const sh = (box: Box, line: string): Promise<string> => box.run('sh', '-c', line);
const established = (box: Box): Promise<string> =>
  until(
    'the SA',
    async () => ((text) => /INSTALLED/.test(text) && text)(await sh(box, 'swanctl --list-sas || true')),
    20_000,
  );
const plan = async (box: Box) => {
  const { exit, out, err } = await box.hybridctl('vpn up gw-1 --dry-run --detailed-exitcode --json');
  if (out === '') throw new Error(err);
  const { steps } = JSON.parse(out) as { steps: { key: string; action: string; notes: string[] }[] };
  return [exit, steps.filter(({ action }) => action !== 'keep').map(({ key, notes }) => [key, notes])] as const;
};

beforeAll(async () => {
  boxes = await twoBoxes();
  await writeSite(boxes.folder);
}, LONG);
afterAll(() => boxes?.stop());

describe('vpn up on a gateway whose strongSwan already runs', () => {
  it(
    'plans, and brings the tunnel up',
    async () => {
      const { a, b } = boxes;
      await sh(a, CHARON);
      await sh(b, CHARON);
      const [exit, steps] = await plan(a);
      expect([exit, steps.map(([key]) => key)]).toEqual([3, expect.arrayContaining(['daemon', 'connections'])]);
      for (const [box, line] of [
        [b, 'vpn up rtr-1 --yes'],
        [a, 'vpn up gw-1 --yes'],
      ] as const) {
        const { exit: done, err } = await box.hybridctl(line);
        expect([done, done === 0 ? '' : err]).toEqual([0, '']);
      }
      await established(a);
      expect(await plan(a)).toEqual([0, []]);
    },
    LONG,
  );

  it(
    'after a reboot nothing is to do: what runs was loaded at boot',
    async () => {
      const { a } = boxes;
      // What is written before a boot is older than process 1.
      await sh(
        a,
        'find /etc/swanctl/conf.d /etc/strongswan.d/90-hybridctl.conf /etc/hybridctl /etc/sysctl.d/90-hybridctl.conf /usr/local/lib/hybridctl -type f -exec touch -d 2001-01-01 {} +',
      );
      await sh(
        a,
        'kill $(cat /var/run/charon.pid); while kill -0 $(cat /var/run/charon.pid 2>/dev/null) 2>/dev/null; do sleep 0.1; done; nft flush ruleset; rm -rf /run/hybridctl',
      );
      // The packet filter stands for the cloud's Elastic IP too.
      await sh(
        a,
        "nft 'add table ip eip; add chain ip eip in { type nat hook prerouting priority dstnat; }; add rule ip eip in ip daddr 203.0.113.11 dnat to 172.16.1.157; add chain ip eip out { type nat hook postrouting priority srcnat; }; add rule ip eip out ip saddr 172.16.1.157 snat to 203.0.113.11'",
      );
      // What the units do at boot, in their order.
      await sh(a, `nft -f /etc/hybridctl/probe.nft; ${CHARON.replace('exit 0', 'break').replace('; exit 1', '')}`);
      await sh(a, 'swanctl --load-all >/dev/null; /usr/local/lib/hybridctl/tunnels up');
      await established(a);
      expect(await plan(a)).toEqual([0, []]);
    },
    LONG,
  );

  it(
    'rules that somebody flushed are seen and loaded again',
    async () => {
      const { a } = boxes;
      await sh(a, 'nft delete table ip hybridctl_probe; nft delete table ip hybridctl');
      expect(await plan(a)).toEqual([
        3,
        [
          ['relay', ['/etc/hybridctl/probe.nft is not loaded']],
          ['tunnels', ['/etc/hybridctl/mss.nft is not loaded']],
        ],
      ]);
      expect((await a.hybridctl('vpn up gw-1 --yes')).exit).toBe(0);
      expect(await plan(a)).toEqual([0, []]);
    },
    LONG,
  );
});

describe('a peer that refuses', () => {
  it(
    'does not end the tunnel for good: what is loaded and down is begun again, what is up is left alone',
    async () => {
      const { a, b } = boxes;
      // The daemon of the peer is up before its connections, as at its boot.
      await sh(
        b,
        'swanctl --terminate --ike vpn1 --force >/dev/null 2>&1; mv /etc/swanctl/conf.d/vpn1.conf /run/; swanctl --load-all >/dev/null',
      );
      await sh(
        a,
        'swanctl --terminate --ike vpn1 --force >/dev/null 2>&1; swanctl --initiate --child vpn1 --timeout 3 >/run/said 2>&1 || true',
      );
      expect(await sh(a, 'cat /run/said')).toContain('NO_PROPOSAL_CHOSEN');
      await sh(b, 'mv /run/vpn1.conf /etc/swanctl/conf.d/; swanctl --load-all >/dev/null; sleep 4');
      expect(await sh(a, 'swanctl --list-sas'), 'charon has given up').toBe('');
      // What the timer runs.
      await sh(a, '/usr/local/lib/hybridctl/tunnels begin');
      const first = await established(a);
      await sh(a, '/usr/local/lib/hybridctl/tunnels begin; sleep 1');
      const spi = (text: string) => /IKEv2, (\S+)/.exec(text)?.[1];
      expect(spi(await established(a))).toBe(spi(first));
    },
    LONG,
  );
});

describe('a package that is missing', () => {
  it.each([
    [
      'openssl',
      /plugin openssl is not installed there; it is needed for the elliptic curves/,
      'libstrongswan-standard-plugins',
    ],
    [
      'kernel-libipsec',
      /plugin kernel-libipsec is not installed there; it is needed for ESP in userspace/,
      'libcharon-extra-plugins',
    ],
  ])(
    '%s: exit 4 with its name, before anything is changed',
    async (plugin, why, name) => {
      const { a } = boxes;
      await sh(
        a,
        `mkdir -p /run/p/u /run/p/w; mount -t overlay o -o lowerdir=/usr/lib/ipsec/plugins,upperdir=/run/p/u,workdir=/run/p/w /usr/lib/ipsec/plugins; rm /usr/lib/ipsec/plugins/libstrongswan-${plugin}.so`,
      );
      try {
        const { exit, err } = await a.hybridctl('vpn up gw-1 --yes');
        expect(exit).toBe(4);
        expect(err).toMatch(why);
        expect(err).toContain(name);
      } finally {
        await sh(a, 'umount /usr/lib/ipsec/plugins; rm -rf /run/p');
      }
    },
    LONG,
  );
});
