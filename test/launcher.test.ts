import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import {
  chmod,
  chown,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { builtProgram } from './helpers/program.ts';

const run = promisify(execFile);

/**
 * V8 knows its compiled code by the length of the source. So text of the same length put in place of the old shows
 * which ran: "old" came from the cache, "new" was compiled.
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
  const kept = async (folder = 'home/.cache/hybridctl') =>
    join(root, folder, (await readdir(join(root, folder))).sort()[0]!);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hybridctl-launcher-'));
    await mkdir(join(root, 'dist/app'), { recursive: true });
    await mkdir(join(root, 'home'));
    await copyFile('scripts/launcher.cjs', join(root, 'dist/x.cjs'));
    await writeFile(app(), says('old'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  test('the second run compiles nothing; what is kept is ours alone; the package stays as it was', async () => {
    expect(await start()).toBe('old');
    const folder = await kept();
    expect([(await stat(folder)).mode & 0o777, (await stat(join(folder, 'x.cjs'))).mode & 0o777]).toEqual([
      0o700, 0o600,
    ]);
    await writeFile(app(), says('new'));
    expect(await start()).toBe('old');
    expect((await readdir(join(root, 'dist'), { recursive: true })).sort()).toEqual(['app', 'app/x.cjs', 'x.cjs']);
  });

  test.each<[what: string, spoil: (folder: string) => Promise<void>, env?: Record<string, string>]>([
    ['a folder that others may write', (folder) => chmod(folder, 0o777)],
    ['a broken file', (folder) => writeFile(join(folder, 'x.cjs'), 'not code')],
    ['an empty file', (folder) => writeFile(join(folder, 'x.cjs'), '')],
    ["Node's own switch", async () => undefined, { NODE_DISABLE_COMPILE_CACHE: '1' }],
  ])('%s is not used', async (_, spoil, env) => {
    await start();
    await spoil(await kept());
    await writeFile(app(), says('new'));
    expect(await start(env)).toBe('new');
  });

  test('one flipped bit, wherever it is: the code is not used, and made anew', async () => {
    await start();
    const path = join(await kept(), 'x.cjs');
    const whole = await readFile(path);
    for (let turn = 0; turn < 12; turn += 1) {
      const damaged = Buffer.from(whole);
      const bit = Math.floor(((turn + 0.5) * 8 * whole.length) / 12);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      await writeFile(app(), says('new'));
      await writeFile(path, damaged);
      expect([turn, await start()]).toEqual([turn, 'new']);
      // What was made anew is of the new text.
      await writeFile(app(), says('old'));
      expect([turn, await start()]).toEqual([turn, 'new']);
    }
  });

  test.skipIf(process.getuid?.() !== 0)('a folder of another user is not used (needs root)', async () => {
    await start();
    await chown(await kept(), 65_534, 65_534);
    await writeFile(app(), says('new'));
    expect(await start()).toBe('new');
  });

  test('XDG_CACHE_HOME comes first, when it is an absolute path', async () => {
    await start({ XDG_CACHE_HOME: join(root, 'xdg') });
    expect(await readdir(await kept('xdg/hybridctl'))).toEqual(['x.cjs']);
    await start({ XDG_CACHE_HOME: 'relative' });
    expect(await readdir(await kept())).toEqual(['x.cjs']);
  });

  test.each<[what: string, env: () => Promise<Record<string, string>>]>([
    ['no HOME', async () => ({ HOME: '' })],
    ['a HOME that is not there', async () => ({ HOME: join(root, 'nowhere') })],
    [
      'a cache folder that cannot be made',
      async () => {
        await writeFile(join(root, 'home/.cache'), 'a file is in the way');
        return {};
      },
    ],
  ])('with %s nothing is kept, and the command runs', async (_, env) => {
    const before = await env();
    expect(await start(before)).toBe('old');
    expect((await readdir(root, { recursive: true })).filter((name) => name.includes('hybridctl'))).toEqual([]);
    await writeFile(app(), says('new'));
    expect(await start(before)).toBe('new');
  });

  test('the newest few builds keep their code', async () => {
    const cache = join(root, 'home/.cache/hybridctl');
    for (let build = 1; build <= 9; build += 1) {
      await mkdir(join(cache, `build${build}-v1-x64`), { recursive: true });
      await writeFile(join(cache, `build${build}-v1-x64/x.cjs`), '');
      await utimes(join(cache, `build${build}-v1-x64`), build, build);
    }
    await start();
    expect((await readdir(cache)).filter((name) => name.startsWith('build'))).toEqual(
      [6, 7, 8, 9].map((build) => `build${build}-v1-x64`),
    );
    expect(await readdir(cache)).toHaveLength(5);
  });
});

describe('a Node that is too old', () => {
  const launcher = readFileSync('scripts/launcher.cjs', 'utf8');

  test('can read the launcher: it holds no syntax that Node 12 does not know', async () => {
    // esbuild rewrites what the target does not know, so two targets give the same text when there is nothing of it.
    const [modern, old] = await Promise.all(
      ['esnext', 'node12'].map((target) => transform(launcher, { target, format: 'cjs', platform: 'node' })),
    );
    expect(old!.code).toBe(modern!.code);
    // And Node 12 knows no built-in module by its "node:" name.
    expect(launcher).not.toMatch(/require\(['"]node:/);
  });

  /** Runs the launcher under a Node that says it is of another version. */
  const under = async (version: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'hybridctl-launcher-'));
    try {
      await mkdir(join(folder, 'app'));
      await copyFile('scripts/launcher.cjs', join(folder, 'x.cjs'));
      await writeFile(join(folder, 'app/x.cjs'), 'console.log("runs");');
      await writeFile(
        join(folder, 'version.cjs'),
        `Object.defineProperty(process.versions, 'node', { value: '${version}' });`,
      );
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['-r', join(folder, 'version.cjs'), join(folder, 'x.cjs')],
        { encoding: 'utf8', env: { NODE_DISABLE_COMPILE_CACHE: '1' } },
      );
      return { status, stdout, stderr };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  test.each(['12.22.12', '18.20.8', '20.16.0', '21.7.3', '22.12.0', '23.4.0'])(
    '%s gets one line that says what is needed, and exit 4',
    async (version) => {
      expect(await under(version)).toEqual({
        status: 4,
        stdout: '',
        stderr: `hybridctl needs Node.js 20.17, 22.13, 24 or later; this is Node.js ${version} (${process.execPath})\n`,
      });
    },
  );

  test.each(['20.17.0', '22.13.0', '23.5.0', '24.0.0', '26.1.0'])('%s is new enough', async (version) => {
    expect(await under(version)).toEqual({ status: 0, stdout: 'runs\n', stderr: '' });
  });

  test('the launcher, the set-up and package.json name the same versions', () => {
    expect(JSON.parse(readFileSync('package.json', 'utf8')).engines.node).toBe('^20.17 || ^22.13 || >=23.5');
    for (const file of ['scripts/launcher.cjs', 'scripts/setup.mjs'])
      expect(readFileSync(file, 'utf8')).toContain('const LEAST_MINOR = { 20: 17, 22: 13, 23: 5 };');
  });
});

describe('the built command line', () => {
  beforeAll(builtProgram);
  const shell = (line: string) => run('bash', ['-c', `set -o pipefail; ${line}`]);

  test('a reader that leaves early is no error', async () => {
    expect(
      (await shell('for i in 1 2 3; do node dist/hybridctl.cjs completion bash | head -c 1 || exit 9; done')).stdout,
    ).toBe('###');
  });

  test.each(['--version', '--help', 'vpn lint --rules', 'vpn lint --rules --json', 'config schema', 'no-such-command'])(
    'what can not be written is an error: %s > /dev/full',
    async (line) => {
      const { code, stderr } = await shell(`node dist/hybridctl.cjs ${line} > /dev/full`).then(
        () => ({ code: 0, stderr: '' }),
        (error: { code: number; stderr: string }) => error,
      );
      if (line === 'no-such-command') expect(code).toBe(2);
      else
        expect([code, stderr]).toEqual([
          1,
          expect.stringContaining("hybridctl: can't write the output: ENOSPC\nnext: "),
        ]);
    },
  );

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
