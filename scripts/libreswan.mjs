// Libreswan's own parsers, for the tests of what we render for Libreswan and Openswan. Its package conflicts with
// strongSwan's starter, so it is not installed but unpacked beside. Plain Node: the set-up runs it before anything is
// built.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../.cache', import.meta.url));

const run = (file, args, cwd) => {
  const { status, stdout, stderr, error } = spawnSync(file, args, { cwd, encoding: 'utf8' });
  return {
    ok: status === 0,
    stdout: stdout ?? '',
    why: (stderr ?? '').trim().split('\n').at(-1) || error?.message || `exit ${status}`,
  };
};
const must = (file, args, cwd) => {
  const { ok, stdout, why } = run(file, args, cwd);
  if (!ok) throw new Error(`${file} ${args[0]}: ${why}`);
  return stdout;
};

const download = (packages, folder) => {
  if (run('apt-get', ['download', ...packages], folder).ok) return;
  must('apt-get', ['update', '-q'], folder);
  must('apt-get', ['download', ...packages], folder);
};
const unpack = (folder, into) => {
  for (const deb of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    must('dpkg-deb', ['-x', deb, into], folder);
    rmSync(join(folder, deb));
  }
};

/** What the parsers and pluto link to and a small Debian may lack. Never libc: it must be the machine's own. */
const LIBRARIES = [
  'libnss3',
  'libnspr4',
  'libunbound8',
  'libevent-2.1-7',
  'libgmp10',
  'libnettle8',
  'libhogweed6',
  'libldns3',
  'libevent-pthreads-2.1-7',
];

/** Names of shared libraries that neither this machine nor `folder` has. */
const lacking = (tree, folder) => {
  const tools = ['addconn', 'algparse', 'pluto'].map((tool) => join(tree, 'usr/libexec/ipsec', tool));
  const said = must('env', [`LD_LIBRARY_PATH=${folder}`, 'ldd', ...tools], tree);
  return [...said.matchAll(/(\S+) => not found/g)].map(([, name]) => name);
};
const libraryFolder = (tree) => {
  const triplet = readdirSync(join(tree, 'usr/lib')).find((name) => name.endsWith('-linux-gnu'));
  return triplet === undefined ? '' : join(tree, 'usr/lib', triplet);
};

/**
 * Fetches and unpacks Debian's libreswan unless that was done before.
 * @returns {{ addconn: string, algparse: string, env: Record<string, string> }} absolute paths, and what to add to
 * their environment
 */
export const libreswan = () => {
  const tree = join(cache, 'libreswan-with-pluto');
  if (!existsSync(tree)) {
    mkdirSync(cache, { recursive: true });
    const work = mkdtempSync(join(cache, 'libreswan-'));
    try {
      download(['libreswan'], work);
      const fresh = join(work, 'tree');
      unpack(work, fresh);
      if (lacking(fresh, '').length > 0) {
        download(LIBRARIES, work);
        unpack(work, fresh);
        const still = lacking(fresh, libraryFolder(fresh));
        if (still.length > 0) throw new Error(`its tools need ${still.join(', ')}`);
      }
      // Renamed when complete: a run that was cut short leaves no half tree, and two at once do no harm.
      if (!existsSync(tree)) renameSync(fresh, tree);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  const tool = (name) => join(tree, 'usr/libexec/ipsec', name);
  const folder = libraryFolder(tree);
  return {
    addconn: tool('addconn'),
    algparse: tool('algparse'),
    env: folder === '' ? {} : { LD_LIBRARY_PATH: folder },
  };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    libreswan();
  } catch (error) {
    process.stderr.write(
      `libreswan: ${error.message}\n  next: check that apt-get reaches a Debian mirror, then run it again\n`,
    );
    process.exit(4);
  }
}
