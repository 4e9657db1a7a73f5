// Makes a fresh clone ready: npm packages, Debian packages, the build. Plain Node, since it runs before anything is
// installed.
// Says one line for each thing it does, on stderr (stdout belongs to what runs after it), and nothing where nothing is
// to be done.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const FAILED = 1;
const MISSING = 4;

/** What the lab runs. util-linux (unshare, mount) is on every Debian. */
const LAB = [
  'strongswan-swanctl',
  'strongswan-charon',
  'libcharon-extra-plugins',
  'libstrongswan-extra-plugins',
  'libstrongswan-standard-plugins',
  'frr',
  'iproute2',
  'nftables',
  'iputils-ping',
  'tcpdump',
  'procps',
];

/**
 * @type {Record<string, { packages: string[], tools?: Record<string, string>, libreswan?: boolean, root?: boolean, clean?: boolean }>}
 */
const MODES = {
  test: {
    packages: [
      ...LAB,
      'strongswan-starter',
      'openssh-client',
      'openssh-server',
      'chromium',
      'collectd-core',
      'apache2',
      'jq',
      'python3',
      's3fs',
      'fuse3',
      'rclone',
      'debootstrap',
      'systemd-container',
      'e2fsprogs',
      'xfsprogs',
      'libnss3-tools',
      // A guest kernel for the lab, what loads its modules, and what sets its rules.
      'user-mode-linux',
      'kmod',
      'iptables',
    ],
    tools: { aws: 'awscli' },
    libreswan: true,
    root: true,
  },
  // Neither root nor a Debian package: what is to be had on any machine with Node.
  unit: { packages: [] },
  demo: { packages: LAB, root: true },
  bench: { packages: [] },
  // A package is made from a dist/ of its own: what somebody left in the old one does not get into it.
  pack: { packages: [], clean: true },
};

const say = (line) => process.stderr.write(`set-up: ${line}\n`);
/** Thrown, so that whoever has something to take back does. */
const stop = (line, next, exit = MISSING) => {
  throw Object.assign(new Error(line), { next, exit });
};

/** Runs quietly; what it said is shown only when it failed. */
const run = (file, args, env = {}) => {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 * 2 ** 20,
  });
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
  stop(
    `${basename(file)} ${args.map((arg) => arg.replace(root, '')).join(' ')} failed${error === undefined ? '' : `: ${error.message}`}`,
    'fix what is said above, then run it again',
    FAILED,
  );
};

/** As package.json's engines say: inquirer asks for these, and Node 22.0 and 22.1 have no zlib.crc32. */
const LEAST_MINOR = { 20: 17, 22: 13, 23: 5 };

const checkNode = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 24 && !(minor >= LEAST_MINOR[major]))
    stop(`Node ${process.versions.node} is too old`, 'install Node 20.17, 22.13, 24 or later');
};

const readJson = (path) =>
  existsSync(join(root, path)) ? JSON.parse(readFileSync(join(root, path), 'utf8')) : { packages: {} };

/** npm's own record of what it installed is compared with the lockfile: no marker of ours that could go stale. */
const npmPackages = () => {
  const installed = readJson('node_modules/.package-lock.json').packages;
  const stale = Object.entries(readJson('package-lock.json').packages).some(
    ([path, { version, optional }]) => path !== '' && optional !== true && installed[path]?.version !== version,
  );
  if (!stale) return;
  say('installing npm packages (npm ci)');
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
};

const onPath = (tool) =>
  [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'].some(
    (folder) => folder !== '' && existsSync(join(folder, tool)),
  );

const notInstalled = (packages) => {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...packages], {
    encoding: 'utf8',
  });
  const installed = new Set(
    (stdout ?? '')
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return packages.filter((name) => !installed.has(name));
};

/**
 * Debian starts a daemon when its package is installed, unless this file says no. The lab starts its own, in
 * namespaces.
 */
const POLICY = '/usr/sbin/policy-rc.d';

const debianPackages = ({ packages, tools = {} }) => {
  const wanted = [
    ...packages,
    ...Object.entries(tools)
      .filter(([tool]) => !onPath(tool))
      .map(([, name]) => name),
  ];
  const lacking = wanted.length === 0 ? [] : notInstalled(wanted);
  if (lacking.length === 0) return;
  const names = lacking.join(' ');
  if (!onPath('apt-get'))
    stop(
      `not installed: ${names}; and there is no apt-get here to install them`,
      'run it on Debian 12, or in a container of it',
    );
  if (process.getuid() !== 0)
    stop(`not installed: ${names}`, `as root: apt-get install --no-install-recommends ${names}`);
  say(`installing ${lacking.length} Debian packages: ${names}`);
  const policy = !existsSync(POLICY);
  // Handled, even by nothing: Ctrl-C then ends apt-get and we still take the file back.
  const stay = () => undefined;
  process.on('SIGINT', stay);
  if (policy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    const wait = ['-o', 'DPkg::Lock::Timeout=300'];
    run('apt-get', ['update', '-q', ...wait], env);
    run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...wait, ...lacking], env);
  } finally {
    if (policy) rmSync(POLICY, { force: true });
    process.off('SIGINT', stay);
  }
};

const prepare = ({ packages, tools, libreswan, root: asRoot, clean }) => {
  checkNode();
  npmPackages();
  debianPackages({ packages, tools });
  if (asRoot === true && process.getuid() !== 0)
    stop('the lab makes network namespaces, which only root may', 'run it as root');
  if (libreswan === true) {
    if (!existsSync(join(root, '.cache/libreswan-with-pluto')))
      say("unpacking Libreswan's parsers into .cache (its package conflicts with strongSwan's)");
    run(process.execPath, [join(root, 'scripts/libreswan.mjs')]);
  }
  run(process.execPath, [join(root, 'scripts/build.mjs'), ...(clean === true ? ['--clean'] : [])]);
};

/**
 * Makes everything ready that a mode needs. Ends the process when it can't: exit 4 where something is missing, 1 where
 * something failed.
 */
export const setUp = (mode) => {
  const needs = MODES[mode];
  if (needs === undefined) {
    process.stderr.write(`usage: node scripts/setup.mjs ${Object.keys(MODES).join('|')}\n`);
    process.exit(2);
  }
  try {
    prepare(needs);
  } catch (error) {
    process.stderr.write(`set-up: ${error.message}\n${error.next === undefined ? '' : `  next: ${error.next}\n`}`);
    process.exit(error.exit ?? FAILED);
  }
};

if (process.argv[1] === fileURLToPath(import.meta.url)) setUp(process.argv[2]);
