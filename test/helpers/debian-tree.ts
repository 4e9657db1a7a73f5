import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const MIB = 2 ** 20;

/** What a person types on a gateway before the first `vpn up` (README), and what `s3 mount` would install. */
const PACKAGES = [
  'charon-systemd',
  'strongswan-swanctl',
  'libstrongswan-standard-plugins',
  'libcharon-extra-plugins',
  'nftables',
  'iputils-ping',
  's3fs',
];
const BASE = ['systemd-sysv', 'dbus', 'iproute2', 'procps', 'kmod', 'ca-certificates'];
const SUITE = 'bookworm';

const CACHE = resolve('.cache');
/** Another list of packages is another tree. */
const TREE = join(
  CACHE,
  `debian-${createHash('sha256')
    .update([SUITE, ...BASE, ...PACKAGES].join(' '))
    .digest('hex')
    .slice(0, 12)}`,
);

const run = async (file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  (await exec(file, [...args], { env: { ...process.env, ...env }, maxBuffer: 64 * MIB })).stdout;

/** The mirror that apt uses here, and the proxy by which it reaches it. */
const mirror = async (): Promise<{ readonly url: string; readonly proxy: Readonly<Record<string, string>> }> => {
  const sites = await run('apt-get', ['indextargets', '--format', '$(SITE) $(RELEASE)', 'Created-By: Packages']);
  const url = sites
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, release]) => release === SUITE)?.[0];
  const said = await run('apt-config', ['shell', 'P', 'Acquire::http::Proxy']);
  const proxy = /^P='(.+)'$/m.exec(said)?.[1];
  return { url: url ?? 'http://deb.debian.org/debian', proxy: proxy === undefined ? {} : { http_proxy: proxy } };
};

/** Why this machine can't boot one; undefined where it can. */
export const noMachines = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'a machine of its own needs root';
  const lacking = ['/usr/sbin/debootstrap', '/usr/bin/systemd-nspawn'].filter((path) => !existsSync(path));
  return lacking.length === 0 ? undefined : `not installed: ${lacking.join(', ')}`;
};

/**
 * A Debian with the packages in the state that "apt install" leaves them in. Made once (one to seven minutes), then
 * taken from .cache. Nobody writes to it: machines get an overlay. @returns its folder.
 */
export const debianTree = async (): Promise<string> => {
  if (existsSync(TREE)) return TREE;
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(tmpdir(), 'hybridctl-tree-'));
  const fresh = join(CACHE, `debian-new-${process.pid}`);
  try {
    // dpkg syncs after every file, which costs nothing in memory.
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1200m', 'tmpfs', work]);
    const tree = join(work, 'tree');
    const { url, proxy } = await mirror();
    await run('debootstrap', ['--variant=minbase', `--include=${BASE.join(',')}`, SUITE, tree, url], proxy);
    // No init runs in there, so no service is started now; what is enabled starts at the first boot.
    await run('chroot', [tree, 'apt-get', 'install', '-q', '-y', '--no-install-recommends', ...PACKAGES], {
      ...proxy,
      DEBIAN_FRONTEND: 'noninteractive',
      LC_ALL: 'C',
    });
    await run('chroot', [tree, 'apt-get', 'clean']);
    await rm(join(tree, 'var/lib/apt/lists'), { recursive: true });
    // Timers of the distribution that would reach for the network in the middle of a test.
    const wants = join(tree, 'etc/systemd/system/timers.target.wants');
    for (const name of await readdir(wants)) await rm(join(wants, name));
    await writeFile(join(tree, 'etc/resolv.conf'), '');
    // Owners, device nodes and capabilities too.
    await run('cp', ['-a', tree, fresh]);
    // Renamed when whole: two runs at once do no harm.
    if (!existsSync(TREE)) await rename(fresh, TREE);
  } finally {
    await run('umount', ['--lazy', work]).catch(() => undefined);
    await rm(work, { recursive: true, force: true });
    await rm(fresh, { recursive: true, force: true });
  }
  return TREE;
};
