import { execFile } from 'node:child_process';
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const run = promisify(execFile);

/**
 * V8 knows its compiled code by the length of the source. So text of the same length put in place of the old shows
 * which
 * ran: "old" came from the cache, "new" was compiled.
 */
const says = (word: 'old' | 'new') => `exports.word = '${word}'; console.log(exports.word);`;

describe('the launcher keeps compiled code', () => {
  let root = '';
  const app = () => join(root, 'dist/app/x.cjs');
  const start = async (env: Record<string, string> = {}) =>
    (
      await run(process.execPath, [join(root, 'dist/x.cjs')], {
        env: { PATH: process.env['PATH'], HOME: join(root, 'home'), ...env },
      })
    ).stdout.trim();
  const cacheIn = async (folder: string) => join(root, folder, (await readdir(join(root, folder)))[0]!);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hybridctl-launcher-'));
    await mkdir(join(root, 'dist/app'), { recursive: true });
    await copyFile('scripts/launcher.cjs', join(root, 'dist/x.cjs'));
    await writeFile(app(), says('old'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  test('the second run compiles nothing; what is kept is ours alone', async () => {
    expect(await start()).toBe('old');
    const folder = await cacheIn('dist/.cache');
    expect([(await stat(folder)).mode & 0o777, (await stat(join(folder, 'x.cjs'))).mode & 0o777]).toEqual([
      0o700, 0o600,
    ]);
    await writeFile(app(), says('new'));
    expect(await start()).toBe('old');
  });

  test.each<[what: string, spoil: (folder: string) => Promise<void>, env?: Record<string, string>]>([
    ['a folder that others may write', (folder) => chmod(folder, 0o777)],
    ['a folder of another user', (folder) => chown(folder, 65_534, 65_534)],
    ['a broken file', (folder) => writeFile(join(folder, 'x.cjs'), 'not code')],
    ['an empty file', (folder) => writeFile(join(folder, 'x.cjs'), '')],
    ["Node's own switch", async () => undefined, { NODE_DISABLE_COMPILE_CACHE: '1' }],
  ])('%s is not used', async (_, spoil, env) => {
    await start();
    await spoil(await cacheIn('dist/.cache'));
    await writeFile(app(), says('new'));
    expect(await start(env)).toBe('new');
  });

  test('where dist/ can hold none, it lies in XDG_CACHE_HOME', async () => {
    await writeFile(join(root, 'dist/.cache'), 'in the way');
    await start({ XDG_CACHE_HOME: join(root, 'xdg') });
    expect(await readdir(await cacheIn('xdg/hybridctl'))).toEqual(['x.cjs']);
  });

  test('a new build forgets the code of the old', async () => {
    await mkdir(join(root, 'dist/.cache/older-v1-x64'), { recursive: true });
    await start();
    expect(await readdir(join(root, 'dist/.cache'))).toHaveLength(1);
    expect(await cacheIn('dist/.cache')).not.toContain('older');
  });
});

describe('the built command line', () => {
  const shell = (line: string) => run('bash', ['-c', `set -o pipefail; ${line}`]);

  test('a reader that leaves early is no error', async () => {
    expect(
      (await shell('for i in 1 2 3; do node dist/hybridctl.cjs completion bash | head -c 1 || exit 9; done')).stdout,
    ).toBe('###');
  });

  test('runs by a link of another name, as npm installs it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hybridctl-link-'));
    try {
      const { stdout } = await shell(`ln -s "$PWD/dist/hybridctl.cjs" ${folder}/hctl && ${folder}/hctl --version`);
      expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
