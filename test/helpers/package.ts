import { execFile, spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Files as git has them, in a folder of their own: what somebody sees who has just cloned the project. */
export const freshClone = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'hybridctl-package-'));
  const { stdout } = await exec('git', ['ls-files', '-z', '--', ':!test', ':!bench'], { maxBuffer: 2 ** 24 });
  for (const path of stdout.split('\0').filter(Boolean)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    // A file that is deleted but not yet committed is no part of it.
    await copyFile(path, join(folder, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  return folder;
};

export interface Packed {
  readonly path: string;
  readonly shasum: string;
  /** Bytes of the archive, and of what is in it. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly string[];
}

/** `npm pack` with everything it does by itself: it builds first. */
export const npmPack = async (folder: string): Promise<Packed> => {
  const { stdout } = await exec('npm', ['pack', '--json', '--silent'], { cwd: folder, maxBuffer: 2 ** 24 });
  const [made] = JSON.parse(stdout);
  return {
    ...made,
    path: join(folder, made.filename),
    files: made.files.map(({ path }: { path: string }) => path).sort(),
  };
};

/** Installs an archive as `npm install --global` does, without a registry. @returns the folder that npm calls prefix. */
export const installGlobally = async (archive: string, prefix: string): Promise<string> => {
  await exec('npm', ['install', '--global', '--offline', '--no-audit', '--no-fund', '--prefix', prefix, archive]);
  return prefix;
};

/** Runs the installed command with a Node of our choice, in a folder, with a HOME of its own and nobody's settings. */
export const runInstalled =
  (node: string, prefix: string, cwd: string, env: Readonly<Record<string, string>> = {}) =>
  (...args: string[]): { status: number | null; stdout: string; stderr: string } => {
    const { status, stdout, stderr } = spawnSync(node, [join(prefix, 'bin/hybridctl'), ...args], {
      cwd,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: cwd, ...env },
    });
    return { status, stdout, stderr };
  };

/** Every installed file of the package with its content, to see that no run changes one. */
export const contents = async (folder: string, files: readonly string[]): Promise<readonly string[]> =>
  Promise.all(files.map((path) => readFile(join(folder, path), 'latin1')));
