import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { bootUnit } from '../../../src/lib/render/s3/boot.ts';
import { PLAIN_MOUNT } from '../../helpers/mount-spec.ts';
import { rendered, siteOf } from './linux/rendered.ts';

const UNIT = /\.(?:service|timer|mount)$/;
const there = spawnSync('systemd-analyze', ['--version']).status === 0;

let folder: string | undefined;
afterEach(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
});

/** What systemd says of units that start each other. Programs that only a gateway has are stood in for. */
const verify = (units: Readonly<Record<string, string>>): string => {
  folder = mkdtempSync(join(tmpdir(), 'hybridctl-units-'));
  for (const [name, text] of Object.entries(units))
    writeFileSync(join(folder, name), text.replaceAll(/^(Exec\w+=-?)\/\S+/gm, '$1/bin/true'));
  // Targets have to be there for units to be verified away from a booted machine; so has the daemon.
  for (const name of [
    'network-online',
    'network-pre',
    'multi-user',
    'sysinit',
    'basic',
    'shutdown',
    'remote-fs',
    'remote-fs-pre',
  ])
    writeFileSync(join(folder, `${name}.target`), '[Unit]\nDefaultDependencies=no\n');
  for (const name of ['strongswan', 'strongswan-starter', 'nftables', 'ipsec'])
    writeFileSync(join(folder, `${name}.service`), '[Service]\nExecStart=/bin/true\n');
  const paths = Object.keys(units).map((name) => join(folder!, name));
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], {
    encoding: 'utf8',
    env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` },
  });
  return `${stdout}${stderr}`
    .split('\n')
    .filter((line) => Object.keys(units).some((name) => line.includes(name)))
    .join('\n');
};

const linuxUnits = (dialect: string, iface: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    rendered(
      siteOf('lab', (site) => void Object.assign(site.gateways[0], { dialect, interface: iface })),
      'gw-1',
    )
      .filter(({ path }) => UNIT.test(path))
      .map(({ path, content }) => [basename(path), content]),
  );
const mountOf = (engine: 's3fs' | 'rclone' | 'mountpoint-s3') =>
  bootUnit({ ...PLAIN_MOUNT, engine, boot: 'systemd' }, '1.90', `/usr/bin/${engine}`);

describe.skipIf(!there)('systemd finds nothing wrong with', () => {
  it.each([
    ['swanctl', 'tun'],
    ['ipsec-conf', 'vti'],
    ['libreswan', 'xfrm'],
  ])('the units of a gateway: %s, %s', (dialect, iface) => {
    const units = linuxUnits(dialect, iface);
    expect(Object.keys(units).length).toBeGreaterThan(1);
    expect(verify(units)).toBe('');
  });

  it.each(['s3fs', 'rclone', 'mountpoint-s3'] as const)('the unit of a mount: %s', (engine) => {
    const { name, content } = mountOf(engine);
    expect(verify({ [name]: content })).toBe('');
  });

  it('a mistake would be found', () => {
    const { name, content } = mountOf('s3fs');
    expect(verify({ [name]: content.replace('Where=', 'Were=') })).toContain('Were');
  });
});
