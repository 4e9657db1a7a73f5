import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeShell, type FakeShell } from '../fakes/shell.ts';
import { fixture } from '../helpers/cloud.ts';
import { run, type RunOptions } from '../helpers/run.ts';

const UNIT = '/etc/systemd/system/hybridctl-monitor-demo.service';
const site = fixture('lab');

/** systemd as far as a unit's life goes. */
const machine = (started = false, refuses = false): FakeShell & { units: { enabled: boolean; active: boolean } } => {
  const units = { enabled: started, active: started };
  const shell = fakeShell({
    rm: () => '',
    systemctl({ args }) {
      if (args[0] === 'is-active') return { exitCode: units.active ? 0 : 3 };
      if (args[0] === 'enable') units.enabled = true;
      if (args[0] === 'restart' && refuses)
        return { exitCode: 1, stderr: 'Job for the unit failed.\nSee systemctl status.\n' };
      if (args[0] === 'restart') units.active = true;
      if (args[0] === 'disable') Object.assign(units, { enabled: false, active: false });
      return '';
    },
  });
  return Object.assign(shell, { units });
};
const on = (shell: FakeShell, line: string, options: RunOptions = {}) =>
  run(line, { ...options, files: { 'hybridctl.yaml': site, ...options.files }, ports: { shell, ...options.ports } });
const acts = (shell: FakeShell) =>
  shell.calls.filter(({ args }) => args[0] !== 'is-active').map(({ file, args }) => [file, ...args].join(' '));

describe('monitor install', () => {
  test('--dry-run prints the unit and does nothing', async () => {
    const shell = machine();
    const { exit, out, files } = await on(shell, 'monitor install --dry-run');
    expect({ exit, acts: acts(shell), written: UNIT in files }).toEqual({ exit: 0, acts: [], written: false });
    await expect(out).toMatchFileSnapshot('../golden/monitor/unit.service');
  });

  test('writes, enables and starts; a second time there is nothing to do; other flags change it', async () => {
    const shell = machine();
    const first = await on(shell, 'monitor install --yes');
    const unit = first.files[UNIT]!;
    expect({ exit: first.exit, out: first.out, mode: unit.mode, units: shell.units }).toEqual({
      exit: 0,
      out: `hybridctl-monitor-demo.service is enabled and runs: ${UNIT}\n`,
      mode: 0o644,
      units: { enabled: true, active: true },
    });
    expect(acts(shell)).toEqual([
      'systemctl daemon-reload',
      'systemctl enable hybridctl-monitor-demo.service',
      'systemctl restart hybridctl-monitor-demo.service',
    ]);
    const again = machine(true);
    expect((await on(again, 'monitor install --yes', { files: { [UNIT]: unit } })).out).toBe(
      'hybridctl-monitor-demo.service runs as it should\n',
    );
    expect(acts(again)).toEqual([]);
    const peer = await on(again, 'monitor install --self gw-1 --no-heal --yes --json', { files: { [UNIT]: unit } });
    expect(peer.json()).toMatchObject({ changed: true, installed: true, running: true });
    expect(peer.files[UNIT]!.content).toContain(
      '\nExecStart=/usr/bin/node /usr/bin/hybridctl route monitor --site /site/hybridctl.yaml --self gw-1 --no-heal\n',
    );
    // To read its probe relay and load it again.
    expect(peer.files[UNIT]!.content).toContain('\nCapabilityBoundingSet=CAP_NET_RAW CAP_NET_ADMIN\n');
  });

  test('an event log elsewhere can be written there', async () => {
    const files = { 'hybridctl.yaml': `${site}\nmonitor: { records: { log: /var/log/dci/events.ndjson } }\n` };
    const absent = await on(machine(), 'monitor install --dry-run --json', { files });
    expect({ exit: absent.exit, ...JSON.parse(absent.err).error }).toMatchObject({
      exit: 2,
      field: 'monitor.records.log',
      next: 'mkdir -p /var/log/dci',
    });
  });

  test.each<[string, RunOptions, number, string | undefined]>([
    ['monitor install', {}, 2, undefined],
    ['monitor install --self gw-9 --yes', {}, 2, '--self'],
    ['monitor install --yes --site no.yaml', {}, 2, 'no.yaml'],
    ['monitor install --dry-run --site "a b.yaml"', { files: { 'a b.yaml': site } }, 2, '/site/a b.yaml'],
    ['monitor uninstall', {}, 2, undefined],
  ])('%s is refused', async (line, options, exit, field) => {
    const shell = machine();
    const ran = await on(shell, `${line} --json`, options);
    expect({ exit: ran.exit, field: JSON.parse(ran.err).error.field, acts: acts(shell) }).toEqual({
      exit,
      field,
      acts: [],
    });
  });

  test('a no at the terminal changes nothing', async () => {
    const shell = machine();
    const { exit, files } = await on(shell, 'monitor install', {
      answers: { [`Write ${UNIT} and start hybridctl-monitor-demo.service?`]: false },
    });
    expect({ exit, acts: acts(shell), written: UNIT in files }).toEqual({ exit: 1, acts: [], written: false });
  });

  test('a service that does not start is told, with where to read why', async () => {
    const { exit, err } = await on(machine(false, true), 'monitor install --yes --json');
    expect({ exit, ...JSON.parse(err).error }).toMatchObject({
      exit: 1,
      message: 'systemctl restart hybridctl-monitor-demo.service: Job for the unit failed.',
      next: 'journalctl -u hybridctl-monitor-demo.service',
    });
  });

  test('why the monitor did not start is said in its own words', async () => {
    const shell = fakeShell({
      rm: () => '',
      systemctl: ({ args }) => (args[0] === 'restart' ? { exitCode: 1, stderr: 'Job failed.' } : { exitCode: 0 }),
      journalctl: () => 'Started.\nhybridctl: an older one\nhybridctl: no usable AWS credentials\nfailed, status=4\n',
    });
    const { err } = await on(shell, 'monitor install --yes --json');
    expect(JSON.parse(err).error.more).toEqual(['hybridctl: no usable AWS credentials']);
  });

  test('a gateway that has no table to watch is refused before a unit is written, not by the service once a second', async () => {
    const shell = machine();
    const alone = site
      .replaceAll('links: [dx-1, vpn-a, vpn-b]', 'links: [vpn-a]')
      .replaceAll('links: [dx-1, vpn-b, vpn-a]', 'links: [vpn-a, vpn-b]');
    const files = { 'hybridctl.yaml': alone };
    const refused = await on(shell, 'monitor install --self gw-1 --yes --json', { files });
    expect({ exit: refused.exit, acts: acts(shell), ...JSON.parse(refused.err).error }).toMatchObject({
      exit: 2,
      acts: [],
      field: '--self',
    });
    expect((await on(shell, 'monitor install --self gw-2 --yes', { files })).exit).toBe(0);
  });

  test('without systemd: what is missing is said', async () => {
    const no = await on(fakeShell(), 'monitor install --yes --json');
    expect([no.exit, JSON.parse(no.err).error.message]).toEqual([4, 'systemctl is not installed']);
  });

  test.each(['/tmp/x/hybridctl.cjs', '/var/tmp/hybridctl.cjs', '/root/.npm/_npx/1a/node_modules/hybridctl.cjs'])(
    'a program that does not stay is refused: %s',
    async (program) => {
      const shell = machine();
      const ran = await on(shell, 'monitor install --yes --json', {
        ports: { ownCommand: async () => ({ node: '/usr/bin/node', program }) },
      });
      expect({ exit: ran.exit, message: JSON.parse(ran.err).error.message, acts: acts(shell) }).toEqual({
        exit: 2,
        message: `${program} is in a temporary folder, so a service could not start it`,
        acts: [],
      });
    },
  );
});

describe('monitor uninstall', () => {
  test('stops, disables and removes what is there', async () => {
    const shell = machine(true);
    const files = { [UNIT]: 'a unit' };
    expect((await on(shell, 'monitor uninstall --dry-run', { files })).out).toBe(
      'hybridctl-monitor-demo.service would be stopped and removed\n',
    );
    expect(acts(shell)).toEqual([]);
    expect((await on(shell, 'monitor uninstall --yes', { files })).out).toBe(
      'hybridctl-monitor-demo.service is stopped and removed\n',
    );
    expect(acts(shell)).toEqual([
      'systemctl disable --now hybridctl-monitor-demo.service',
      `rm -f ${UNIT}`,
      'systemctl daemon-reload',
    ]);
    expect((await on(machine(), 'monitor uninstall --yes')).out).toBe(
      'hybridctl-monitor-demo.service is not installed\n',
    );
  });
});

const analyze = spawnSync('systemd-analyze', ['--version']).status === 0;

describe.skipIf(!analyze)('systemd itself', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hybridctl-unit-'));
    // The unit's targets have to be there for it to be verified away from a booted machine.
    for (const name of [
      'network-online.target',
      'multi-user.target',
      'sysinit.target',
      'basic.target',
      'shutdown.target',
    ])
      writeFileSync(join(folder, name), '[Unit]\nDescription=stands in\nDefaultDependencies=no\n');
    mkdirSync(join(folder, 'bin'));
    for (const name of ['node', 'hybridctl']) {
      writeFileSync(join(folder, 'bin', name), '#!/bin/sh\n');
      chmodSync(join(folder, 'bin', name), 0o755);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const verify = async (change: (text: string) => string = (text) => text) => {
    const own = { node: join(folder, 'bin/node'), program: join(folder, 'bin/hybridctl') };
    const { json } = await on(machine(), 'monitor install --dry-run --self gw-1 --json', {
      ports: { ownCommand: async () => own },
    });
    const path = join(folder, 'hybridctl-monitor-demo.service');
    writeFileSync(path, change(json().text));
    const { status, stderr, stdout } = spawnSync('systemd-analyze', ['verify', '--man=no', path], {
      encoding: 'utf8',
      env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` },
    });
    return {
      status,
      said: `${stdout}${stderr}`
        .split('\n')
        .filter((line) => line.includes('hybridctl'))
        .join('\n'),
      path,
    };
  };

  test('finds nothing wrong with the unit, and would with a mistake in it', async () => {
    expect(await verify()).toMatchObject({ said: '' });
    expect((await verify((text) => text.replace('WatchdogSec=30', 'WatchdogSecs=30'))).said).toContain('WatchdogSecs');
  });

  test('rates its exposure as "OK" at worst', async () => {
    const { path } = await verify();
    const rated = execFileSync('systemd-analyze', ['security', '--offline=true', '--no-pager', path], {
      encoding: 'utf8',
    });
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(rated) ?? [];
    expect(Number(exposure)).toBeGreaterThan(0);
    expect(Number(exposure)).toBeLessThan(4);
  });
});
