import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, onTestFinished, test } from 'vitest';
import { siteSchema, type Site } from '../../../src/lib/domain/site.ts';
import { tunnelsOf } from '../../../src/lib/domain/tunnel.ts';
import { renderSite } from '../../../src/lib/render/index.ts';
import { renderUserData, systemFor, type System } from '../../../src/lib/render/linux/user-data.ts';

const site = (name: string): Site =>
  siteSchema.parse(parse(readFileSync(new URL(`../../../templates/site/${name}.yaml`, import.meta.url), 'utf8')));
const KEYS = new Map(
  [
    ['vpn1', 'first.Key_of-no-one'],
    ['vpn2', 'second.Key'],
    ['cisco', 'third.Key'],
  ].map(([name, key]) => [name!, key!.replaceAll('-', '_')]),
);

const CASES: readonly (readonly [name: string, site: Site, system: System])[] = [
  ['swanctl on Debian', site('lab'), 'debian-12'],
  ['ipsec.conf on Debian', site('legacy-vpn'), 'debian-12'],
  ['openswan on Amazon Linux', site('legacy-openswan'), 'al2023'],
  [
    'libreswan on Amazon Linux',
    {
      ...site('lab'),
      gateways: site('lab').gateways.map((gateway) => ({ ...gateway, dialect: 'libreswan', interface: 'xfrm' })),
    },
    'al2023',
  ],
];

/** Commands that only note how they were called; `aws` answers with the key of the parameter. */
const STUBS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['apt-get', 'dnf', 'systemctl', 'sysctl', 'sleep'].map((name) => [name, `echo "${name} $*" >> /tmp/calls`]),
  ),
  aws: `echo "aws $*" >> /tmp/calls
[ -e /tmp/tried ] || { : > /tmp/tried; exit 255; }
case "$*" in
${[...KEYS].map(([name, key]) => `  *"--name /hybridctl/"*"/${name}/psk --with-decryption"*) echo "${key}" ;;`).join('\n')}
esac`,
};

const tree = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [
        relative(folder, path),
        `${(statSync(path).mode & 0o777).toString(8)}\n${readFileSync(path, 'utf8')}`,
      ])
      .sort(),
  );

/** Runs the script in a mount namespace whose /etc and /usr/local are empty, and gives back what it left there. */
const runIn = (
  script: string,
  wan: string,
): { files: Readonly<Record<string, string>>; calls: readonly string[]; status: number | null; stderr: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'first-boot-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const part of ['bin', 'etc', 'local', 'tmp', `net/${wan}`]) mkdirSync(join(folder, part), { recursive: true });
  for (const [name, text] of Object.entries(STUBS))
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  writeFileSync(join(folder, 'tmp/calls'), '');
  writeFileSync(join(folder, 'script'), script.replace('/sys/class/net/', '/tmp/net/'));
  mkdirSync(join(folder, 'tmp/net', wan), { recursive: true });
  const inside = `set -e; cd /; B=${folder}; cp -r $B/bin $B/tmp/bin; cp $B/script $B/tmp/script; mount --bind $B/etc /etc; mount --bind $B/local /usr/local; mount --bind $B/tmp /tmp; PATH=/tmp/bin:$PATH exec sh /tmp/script`;
  const { status, stderr } = spawnSync(
    'unshare',
    ['--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user']), 'sh', '-c', inside],
    { encoding: 'utf8' },
  );
  return {
    status,
    stderr,
    calls: readFileSync(join(folder, 'tmp/calls'), 'utf8').trim().split('\n'),
    files: { ...prefixed('etc', tree(join(folder, 'etc'))), ...prefixed('usr/local', tree(join(folder, 'local'))) },
  };
};
const prefixed = (prefix: string, files: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`${prefix}/${path}`, text]));

describe.each(CASES)('%s', (_, of, system) => {
  const [gateway] = of.gateways;
  const script = renderUserData(of, tunnelsOf(of), gateway!, system);

  test('is a shell script that fits, and holds no key', () => {
    expect(script.length).toBeLessThan(16_384);
    execFileSync('sh', ['-n'], { input: script });
  });

  test('leaves exactly the files of vpn render, keys and modes included, and starts them', () => {
    const ran = runIn(script, gateway!.wan);
    expect([ran.status, ran.stderr]).toEqual([0, '']);
    const rendered = renderSite(of, tunnelsOf(of), { psks: KEYS }).find(
      ({ device }) => device === gateway!.name,
    )!.files;
    expect(ran.files).toEqual(
      Object.fromEntries(rendered.map(({ path, mode, content }) => [path, `${mode.toString(8)}\n${content}`])),
    );
    expect(ran.calls).toMatchSnapshot();
  });
});

test('where there is no such interface it says so and touches nothing', () => {
  const lab = site('lab');
  const { status, stderr, files } = runIn(
    renderUserData(lab, tunnelsOf(lab), lab.gateways[0]!, 'debian-12').replace('net/eth0', 'net/ens5'),
    'eth0',
  );
  expect([status, stderr.includes('hybridctl: there is no interface'), files]).toEqual([1, true, {}]);
});

test('the system follows from the dialects; strongSwan on Amazon Linux is refused', () => {
  expect([systemFor(['swanctl']), systemFor(['libreswan', 'openswan']), systemFor(['libreswan', 'swanctl'])]).toEqual([
    'debian-12',
    'al2023',
    'debian-12',
  ]);
  const lab = site('lab');
  expect(() => renderUserData(lab, tunnelsOf(lab), lab.gateways[0]!, 'al2023')).toThrow(
    'al2023 has no package for swanctl',
  );
});
