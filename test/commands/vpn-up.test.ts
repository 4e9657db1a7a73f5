import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { twoBoxes, writeSite, type Box, type Boxes } from '../helpers/boxes.ts';
import { until } from '../helpers/charon-pair.ts';
import { startSshd } from '../helpers/sshd.ts';

/**
 * On bare boxes with the packages' own /etc: nothing runs there but what the command starts. Real charon, real packets.
 */
const LONG = 120_000;

const files = (box: Box): Promise<string> =>
  box.run(
    'sh',
    '-c',
    'cd / && find etc/swanctl/conf.d etc/strongswan.d/90* etc/hybridctl etc/sysctl.d/90-hy* etc/systemd/system/hybridctl* usr/local/lib/hybridctl -type f -exec stat -c "%a %n" {} + 2>/dev/null | sort || true',
  );
const sa = (box: Box): Promise<string> => box.run('sh', '-c', 'swanctl --list-sas --ike vpn1 2>/dev/null || true');
const connections = (box: Box): Promise<string> =>
  box.run('sh', '-c', `swanctl --list-conns | sed -n 's/^\\([a-z0-9]*\\): .*/\\1/p' | sort | tr '\\n' ' '`);
const established = (box: Box, cipher: RegExp): Promise<string> =>
  until(
    'the SA',
    async () =>
      ((text) => /ESTABLISHED/.test(text) && /INSTALLED/.test(text) && cipher.test(text) && text)(await sa(box)),
    20_000,
  );
const spi = (text: string): string => /IKEv2, (\S+)/.exec(text)![1]!;
const ping = (box: Box, to: string): Promise<string> =>
  until(`a ping to ${to}`, () => box.run('ping', '-c1', '-W1', to), 10_000);
const nothing = async (box: Box, line: string): Promise<void> => {
  const { exit, out } = await box.hybridctl(`${line} --dry-run --detailed-exitcode --json`);
  expect([
    exit,
    (JSON.parse(out) as { steps: { action: string }[] }).steps.filter(({ action }) => action !== 'keep'),
  ]).toEqual([0, []]);
};
const did = async (box: Box, line: string): Promise<string> => {
  const { exit, out, err } = await box.hybridctl(line);
  expect([exit, exit === 0 ? '' : err]).toEqual([0, '']);
  return out + err;
};

describe('both ends of a tunnel', () => {
  let boxes: Boxes;
  beforeAll(async () => {
    boxes = await twoBoxes();
    await writeSite(boxes.folder);
  }, LONG);
  afterAll(() => boxes?.stop());

  it(
    'come up from nothing, and a ping passes; keys are 0600 and in nothing that is said',
    async () => {
      const { a, b } = boxes;
      // The end that waits first: a charon without its connections says NO_PROPOSAL_CHOSEN, and after that nobody tries
      // again.
      const said =
        (await did(b, 'vpn up --yes')) +
        (await did(a, 'vpn up gw-1 --yes')) +
        (await a.hybridctl('vpn up gw-1 --emit md')).out;
      expect(said).not.toContain('Key.of.vpn1');
      await established(a, /AES_GCM_16-256/);
      await ping(a, '169.254.100.1');
      expect(await files(a)).toContain('600 etc/swanctl/conf.d/vpn1.secrets.conf\n');
      expect(
        await a.run(
          'stat',
          '-c',
          '%a',
          '/var/lib/hybridctl/two/gw-1.before',
          '/var/lib/hybridctl/two/gw-1.before/before.json',
        ),
      ).toBe('700\n600\n');
    },
    LONG,
  );

  it(
    'again: nothing to do, and the security association is the same',
    async () => {
      const { a, b } = boxes;
      const before = spi(await sa(a));
      await nothing(a, 'vpn up gw-1');
      await did(a, 'vpn up gw-1 --yes');
      await did(b, 'vpn up rtr-1 --yes');
      expect(spi(await sa(a))).toBe(before);
    },
    LONG,
  );

  it(
    'what drifted is fixed, and no more',
    async () => {
      const { a } = boxes;
      const before = spi(await sa(a));
      await a.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/conf/wan/send_redirects; ip link set ipsec0 mtu 1300');
      const planned = await a.hybridctl('vpn up gw-1 --dry-run --detailed-exitcode --json');
      expect([
        planned.exit,
        (JSON.parse(planned.out) as { steps: { action: string; notes: string[] }[] }).steps.flatMap(
          ({ action, notes }) => (action === 'keep' ? [] : notes),
        ),
      ]).toEqual([3, ['net.ipv4.conf.wan.send_redirects is 1 instead of 0', 'MTU of ipsec0 is 1300 instead of 1400']]);
      await did(a, 'vpn up gw-1 --yes');
      await nothing(a, 'vpn up gw-1');
      expect(spi(await sa(a))).toBe(before);
    },
    LONG,
  );

  it(
    'a tunnel that has given up is begun again, and nothing else is touched',
    async () => {
      const { a } = boxes;
      await a.run('swanctl', '--terminate', '--ike', 'vpn1');
      const planned = await a.hybridctl('vpn up gw-1 --dry-run --detailed-exitcode --json');
      expect([
        planned.exit,
        (JSON.parse(planned.out) as { steps: { key: string; action: string; notes: string[] }[] }).steps
          .filter(({ action }) => action !== 'keep')
          .map(({ key, notes }) => [key, notes]),
      ]).toEqual([
        3,
        [['connections', ['IKE association of vpn1 is missing, and charon does not try to establish it']]],
      ]);
      await did(a, 'vpn up gw-1 --yes');
      await established(a, /AES_GCM_16-256/);
      await nothing(a, 'vpn up gw-1');
    },
    LONG,
  );

  it(
    'another crypto level is loaded on both; a rollback on both returns to the first',
    async () => {
      const { a, b, folder } = boxes;
      const before = [await files(a), await a.run('cat', '/etc/swanctl/conf.d/vpn1.conf')];
      await writeSite(folder, 'cnsa');
      await did(b, 'vpn up rtr-1 --yes');
      await did(a, 'vpn up gw-1 --yes');
      expect(await a.run('cat', '/etc/swanctl/conf.d/vpn1.conf')).not.toBe(before[1]);
      await nothing(a, 'vpn up gw-1');
      await established(a, /./);
      await ping(a, '169.254.100.1');
      await did(b, 'vpn up rtr-1 --rollback --yes');
      await did(a, 'vpn up gw-1 --rollback --yes');
      await writeSite(folder);
      expect([await files(a), await a.run('cat', '/etc/swanctl/conf.d/vpn1.conf')]).toEqual(before);
      await nothing(a, 'vpn up gw-1');
      await established(a, /./);
      await ping(a, '169.254.100.1');
      expect((await a.hybridctl('vpn up gw-1 --rollback --yes')).err).toContain(
        'nothing is known of how gw-1 was before',
      );
    },
    LONG,
  );

  it(
    "down takes this site's alone; again: nothing; with --purge the files go",
    async () => {
      const { a } = boxes;
      await a.run(
        'sh',
        '-c',
        'printf "connections { other { remote_addrs = 192.0.2.9\\n children { other { } } } }\\n" > /etc/swanctl/conf.d/other.conf && swanctl --load-all --noprompt',
      );
      expect(await connections(a)).toBe('other vpn1 ');
      await did(a, 'vpn down gw-1 --yes');
      expect([
        await connections(a),
        await sa(a),
        await a.run('sh', '-c', 'ip -br -4 addr show dev ipsec0; ip rule show priority 10'),
      ]).toEqual(['other ', '', '']);
      expect(await files(a)).toContain('etc/swanctl/conf.d/vpn1.conf');
      await nothing(a, 'vpn down gw-1');
      await did(a, 'vpn up gw-1 --yes');
      await established(a, /./);
      await did(a, 'vpn down gw-1 --purge --yes');
      expect([await files(a), await connections(a)]).toEqual(['644 etc/swanctl/conf.d/other.conf\n', 'other ']);
    },
    LONG,
  );
});

describe('one box', () => {
  let boxes: Boxes;
  beforeAll(async () => {
    boxes = await twoBoxes();
    await writeSite(boxes.folder);
  }, LONG);
  afterAll(() => boxes?.stop());

  it(
    'a failure on the way puts back what was there',
    async () => {
      const { a } = boxes;
      await a.run(
        'sh',
        '-c',
        'mkdir -p /etc/hybridctl && echo theirs > /etc/hybridctl/mss.nft && chmod 640 /etc/hybridctl/mss.nft && cp /usr/sbin/nft /run/nft && mount --bind /bin/false /usr/sbin/nft',
      );
      const before = await files(a);
      const { exit, err } = await a.hybridctl('vpn up gw-1 --yes');
      await a.run('umount', '/usr/sbin/nft');
      expect([exit, err]).toEqual([1, expect.stringContaining('what was there is put back')]);
      expect([
        await files(a),
        await a.run('cat', '/etc/hybridctl/mss.nft', '/proc/sys/net/ipv4/ip_forward'),
        await a.run('ls', '/var/lib/hybridctl/two'),
      ]).toEqual([before, 'theirs\n0\n', '']);
    },
    LONG,
  );

  it(
    'killed at several places, the next run finishes it, and a rollback returns to how it was before the first',
    async () => {
      const { a } = boxes;
      const before = await files(a);
      for (const place of [
        /pre-shared key .*making/,
        /kernel settings of gw-1/,
        /strongswan: making/,
        /connections vpn1: making/,
      ]) {
        expect((await a.hybridctl('vpn up gw-1 --yes', place)).exit).toBe(137);
      }
      await did(a, 'vpn up gw-1 --yes');
      await nothing(a, 'vpn up gw-1');
      await did(a, 'vpn up gw-1 --rollback --yes');
      expect([
        await files(a),
        await a.run('cat', '/etc/hybridctl/mss.nft', '/proc/sys/net/ipv4/ip_forward'),
        (await a.hybridctl('vpn status')).exit,
      ]).toEqual([before, 'theirs\n0\n', 4]);
    },
    LONG,
  );

  it(
    'by ssh: the same steps, and nothing to do after',
    async () => {
      const { b } = boxes;
      const sshd = await startSshd(b.enter);
      try {
        const far = `--host ${sshd.target} --identity ${sshd.identity} --known-hosts ${sshd.knownHosts}`;
        await did(b, `vpn up rtr-1 ${far} --yes`);
        await nothing(b, `vpn up rtr-1 ${far}`);
        await nothing(b, 'vpn up rtr-1');
        expect(await connections(b)).toBe('vpn1 ');
        await did(boxes.a, 'vpn up gw-1 --yes');
        await established(boxes.a, /./);
        await ping(b, '169.254.100.2');
        // From a machine that has no charon: what is seen can only be the other's.
        expect((await b.beside('vpn status')).exit).toBe(4);
        const status = await b.beside(`vpn status ${far} --json`);
        expect([status.exit, JSON.parse(status.out)]).toMatchObject([
          0,
          { established: 1, total: 1, tunnels: [{ connection: 'vpn1', state: 'established' }] },
        ]);
        // Known by its address; the files, the daemon and the path are the other machine's.
        const doctor = await b.beside(`vpn doctor --no-cloud ${far} --json`);
        const { host, findings } = JSON.parse(doctor.out) as {
          host: string;
          findings: { check: string; level: string; side: string }[];
        };
        expect(host).toBe('rtr-1');
        const ok = findings.filter(({ side, level }) => side === 'host' && level === 'ok').map(({ check }) => check);
        expect(ok).toEqual(expect.arrayContaining(['daemon', 'files', 'lint', 'connections', 'sa', 'carries', 'mtu']));
        await did(b, `vpn down rtr-1 ${far} --yes`);
        expect((await b.beside(`vpn status ${far}`)).exit).toBe(1);
        const after = await b.beside(`vpn doctor rtr-1 --no-cloud ${far}`);
        expect([after.exit, after.out]).toEqual([1, expect.stringContaining('error vpn1: the tunnel is not loaded')]);
        expect(await connections(b)).toBe('');
      } finally {
        await sshd.stop();
      }
    },
    LONG,
  );
});
