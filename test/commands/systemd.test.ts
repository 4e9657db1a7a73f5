import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSite } from '../helpers/boxes.ts';
import { until } from '../helpers/charon-pair.ts';
import { noMachines } from '../helpers/debian-tree.ts';
import { machineAndBox, PROJECT, type MachineAndBox } from '../helpers/systemd-machine.ts';

/**
 * What installs a unit, in a Debian that boots: packages as "apt install" leaves them, reboot, kill -9, watchdog,
 * sandbox. About 150 s on two idle cores; the Debian is made once, see debian-tree.ts.
 */
const LONG = 180_000;
const SITE = '/etc/hybridctl/hybridctl.yaml';
const MONITOR = 'hybridctl-monitor-two.service';

let world: MachineAndBox;
const sh = (line: string): Promise<string> => world.machine.sh(line);
const did = async (line: string): Promise<string> => {
  const { exit, out, err } = await world.machine.hybridctl(line);
  expect([exit, exit === 0 ? '' : out + err]).toEqual([0, '']);
  return out;
};
/** Units of ours, each with what systemd says of it. */
const states = async (...units: readonly string[]): Promise<readonly string[]> =>
  (await sh(`systemctl is-active ${units.join(' ')} || true`)).trim().split('\n');
const shown = async (unit: string, property: string): Promise<string> =>
  (await sh(`systemctl show -p ${property} --value ${unit}`)).trim();
const isWhole = async (): Promise<void> => {
  expect(await sh('systemctl is-system-running; systemctl list-units --failed --plain --no-legend')).toBe('running\n');
};
const pings = (): Promise<string> => until('a ping through the tunnel', () => sh('ping -c1 -W1 169.254.100.1'), 30_000);
const nothingToDo = async (): Promise<void> => {
  const { exit, out } = await world.machine.hybridctl(
    `vpn up gw-1 --site ${SITE} --dry-run --detailed-exitcode --json`,
  );
  const { steps } = JSON.parse(out) as { steps: { action: string; key: string; notes: string[] }[] };
  expect([exit, steps.filter(({ action }) => action !== 'keep').map(({ key, notes }) => [key, notes])]).toEqual([
    0,
    [],
  ]);
};
const service = (name: string, command: string): Promise<void> =>
  writeFile(
    join(world.machine.root, 'etc/systemd/system', `${name}.service`),
    `[Unit]\nBefore=network-online.target\n[Service]\nEnvironment=HOME=/root\nExecStart=/usr/local/bin/node ${PROJECT}/${command}\n[Install]\nWantedBy=multi-user.target\n`,
  );

describe.skipIf(noMachines() !== undefined)('in a real systemd', () => {
  beforeAll(async () => {
    world = await machineAndBox();
    const { box, folder, machine } = world;
    await writeSite(folder, 'modern', true);
    await sh('mkdir -m 700 /etc/hybridctl /srv/store');
    for (const name of ['hybridctl.yaml', 'psk'])
      await cp(join(folder, name), join(machine.root, 'etc/hybridctl', name), { recursive: true });
    await service('cloud', `dist/hybridctl.cjs lab cloud --serve aws --port 4566 --site ${SITE}`);
    await service('storage', 'test/helpers/s3rver-process.cjs /srv/store 4568 0');
    await sh('systemctl enable --now cloud storage');
    const { exit, err } = await box.hybridctl('vpn up rtr-1 --yes');
    expect([exit, exit === 0 ? '' : err]).toEqual([0, '']);
  }, 900_000);
  afterAll(() => world?.stop(), LONG);

  it(
    'vpn up, where the package has started the daemon; then there is nothing to do',
    async () => {
      expect(await states('strongswan.service')).toEqual(['active']);
      await did(`vpn up gw-1 --site ${SITE} --yes`);
      await pings();
      await nothingToDo();
      await isWhole();
    },
    LONG,
  );

  it(
    "the probe relay is a unit that runs at once, and it comes back with nftables's rules",
    async () => {
      expect(await states('hybridctl-probe')).toEqual(['active']);
      await sh('systemctl start nftables');
      for (const how of ['restart', 'reload']) {
        await sh(`nft flush ruleset; systemctl ${how} nftables`);
        await until(`the relay after a ${how}`, () => sh('nft list table ip hybridctl_probe'), 30_000);
      }
      await sh('systemctl stop nftables; systemctl restart hybridctl-probe hybridctl-tunnels');
      await pings();
    },
    LONG,
  );

  it(
    'vpn doctor sees that the tunnel watch of the router has ended, and --fix starts it',
    async () => {
      const b = world.box;
      const watch = '/usr/local/lib/hybridctl/tunnel-watch';
      const doctor = async (flags = '') => {
        const { out } = await b.hybridctl(`vpn doctor rtr-1 --no-cloud --json ${flags}`);
        const { findings, fixed } = JSON.parse(out) as {
          findings: { check: string; level: string }[];
          fixed: readonly string[];
        };
        return { level: findings.find(({ check }) => check === 'tunnel-watch')?.level, fixed };
      };
      expect((await doctor()).level).toBe('ok');
      await b.run(watch, 'stop');
      expect((await doctor()).level).toBe('error');
      expect((await doctor('--fix --yes')).fixed).toEqual([expect.stringContaining('tunnel-watch')]);
      await until('the watch', () => b.run(watch, 'status').then(() => true));
      expect((await doctor()).level).toBe('ok');
    },
    LONG,
  );

  it(
    'after kill -9 of charon systemd starts it, and all that hangs on it',
    async () => {
      const before = await shown('strongswan.service', 'MainPID');
      await sh(`kill -9 ${before}`);
      await until('another charon', async () => {
        const now = await shown('strongswan.service', 'MainPID');
        return now !== before && now !== '0' && (await states('hybridctl-tunnels.service'))[0] === 'active';
      });
      await pings();
      expect(await states('strongswan.service', 'hybridctl-tunnels.service', 'hybridctl-begin.timer')).toEqual([
        'active',
        'active',
        'active',
      ]);
      await nothingToDo();
    },
    LONG,
  );

  it(
    'a tunnel that was ended is begun by the timer, which does not fill the journal',
    async () => {
      await sh('swanctl --terminate --ike vpn1 >/dev/null 2>&1');
      await pings();
      // The pair of networks alone, under an IKE association that lives on.
      await sh('swanctl --terminate --child vpn1 >/dev/null 2>&1');
      await pings();
      expect(await sh('journalctl -b -q -u hybridctl-begin.service -o cat')).toBe('');
    },
    LONG,
  );

  it(
    'monitor install: in its sandbox it probes, moves a route, keeps its records and loads its relay again',
    async () => {
      // The keys of the endpoint, as "lab cloud --serve" prints them.
      await sh(
        `journalctl -b -o cat -u cloud | sed -n 's/^export \\(AWS_.*\\)/\\1/p' >/etc/hybridctl/monitor.env; chmod 600 /etc/hybridctl/monitor.env`,
      );
      await did(`monitor install --self gw-1 --site ${SITE} --yes`);
      expect(await states(MONITOR)).toEqual(['active']);
      // Its own link carries, the other gateway does not exist.
      await until(
        'the move',
        async () => /vpn-b -> vpn-a: moved/.test(await sh(`journalctl -b -o cat -u ${MONITOR}`)),
        60_000,
      );
      expect(await sh('ls /var/lib/hybridctl')).toContain('two.lease.json\n');
      await sh('nft delete table ip hybridctl_probe');
      await until('the relay', () => sh('nft list table ip hybridctl_probe'), 60_000);
      expect(await sh(`journalctl -b -o cat -u ${MONITOR}`)).not.toMatch(
        /EPERM|EACCES|EROFS|not permitted|denied|read-only/i,
      );
    },
    LONG,
  );

  it(
    's3 mount --boot systemd: after kill -9 of s3fs the mount is dead, and "s3 heal" makes it anew',
    async () => {
      await sh(
        "umask 077; echo lab:never-shown >/root/s3.key; mkdir /root/.aws; printf '[default]\\naws_access_key_id=lab\\naws_secret_access_key=never-shown\\n' >/root/.aws/credentials",
      );
      await did(
        's3 mount office-logs /mnt/logs --region cn-north-1 --url http://127.0.0.1:4568 --key-file /root/s3.key --name logs --boot systemd --yes',
      );
      await sh('echo hello >/mnt/logs/greeting; kill -9 $(pgrep -x s3fs)');
      await until('the end of the mount', async () => /not connected/.test(await sh('ls /mnt/logs 2>&1 || true')));
      await did('s3 heal --yes');
      expect([await sh('cat /mnt/logs/greeting'), await states('mnt-logs.mount')]).toEqual(['hello\n', ['active']]);
    },
    LONG,
  );

  it(
    'a monitor whose process stands still is ended by the watchdog and started again',
    async () => {
      const [before, restarts] = [await shown(MONITOR, 'MainPID'), Number(await shown(MONITOR, 'NRestarts'))];
      await sh(`kill -STOP ${before}`);
      await until(
        'another monitor',
        async () => Number(await shown(MONITOR, 'NRestarts')) > restarts && (await states(MONITOR))[0] === 'active',
        90_000,
      );
      expect(await sh(`journalctl -b -o cat -u ${MONITOR}`)).toContain("Failed with result 'watchdog'");
    },
    LONG,
  );

  it.each(['reboot', 'powerCut'] as const)(
    'after a %s all of it is there again, and there is nothing to do',
    async (how) => {
      await world.machine[how]();
      await pings();
      await isWhole();
      expect(
        await states('hybridctl-probe', 'hybridctl-tunnels', 'hybridctl-begin.timer', MONITOR, 'mnt-logs.mount'),
      ).toEqual(Array.from({ length: 5 }, () => 'active'));
      await nothingToDo();
      expect((await did(`monitor install --self gw-1 --site ${SITE} --yes`)).trim()).toBe(
        `${MONITOR} runs as it should`,
      );
      expect(await sh('cat /mnt/logs/greeting')).toBe('hello\n');
    },
    LONG,
  );
});
