import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testCloud } from './helpers/cloud.ts';
import { contents, freshClone, installGlobally, npmPack, runInstalled, type Packed } from './helpers/package.ts';

const exec = promisify(execFile);
const MIB = 2 ** 20;

let clone = '';
let prefix = '';
let packed: Packed;
beforeAll(async () => {
  clone = await freshClone();
  packed = await npmPack(clone);
  prefix = await installGlobally(packed.path, await mkdtemp(join(tmpdir(), 'hybridctl-prefix-')));
}, 300_000);
afterAll(async () => {
  for (const folder of [clone, prefix]) if (folder !== '') await rm(folder, { recursive: true, force: true });
});

describe('npm pack', () => {
  test('holds the bundle, the documents, the schema, the licence, and nothing else', async () => {
    const { stdout } = await exec('git', ['ls-files', '--', 'docs', 'schema', 'LICENSE', 'README.md', 'CHANGELOG.md']);
    const expected = ['dist/hybridctl.cjs', 'package.json', ...stdout.trim().split('\n')].sort();
    const inBundle = (path: string): boolean => /^dist\/app\/[\w-]+\.cjs$/.test(path);
    expect(packed.files.filter((path) => !inBundle(path))).toEqual(expected);
    expect(packed.files).toContain('LICENSE');
    expect(packed.files).not.toContain('dist/app/demo.cjs');
    expect(packed.files.filter(inBundle).length).toBeGreaterThan(50);
  });

  test('is a few megabytes', () => {
    expect(packed.size).toBeLessThan(4 * MIB);
    expect(packed.unpackedSize).toBeLessThan(16 * MIB);
  });

  test('is the same, byte by byte, from a tree that was used', { timeout: 120_000 }, async () => {
    await mkdir(join(clone, 'dist/.cache/old-v20'), { recursive: true });
    await mkdir(join(clone, 'coverage'));
    for (const path of ['dist/.cache/old-v20/x.cjs', 'dist/app/chunk-OLDOLDOL.cjs', 'dist/app/x.cjs.map', 'coverage/a'])
      await writeFile(join(clone, path), 'left behind');
    await writeFile(join(clone, 'dist/app/hybridctl.cjs'), 'changed by hand');
    expect((await npmPack(clone)).shasum).toBe(packed.shasum);
  });

  test('names nothing of the machine it was made on', async () => {
    const texts = await contents(clone, packed.files);
    expect(packed.files.filter((_, at) => [clone, process.cwd()].some((path) => texts[at]!.includes(path)))).toEqual(
      [],
    );
  });
});

describe('the installed package', () => {
  const home = () => join(prefix, 'lib/node_modules/hybridctl');

  test('is one package, without dependencies', async () => {
    expect(await readdir(join(prefix, 'lib/node_modules'))).toEqual(['hybridctl']);
    expect(await readdir(home())).not.toContain('node_modules');
    const manifest = JSON.parse(await readFile(join(home(), 'package.json'), 'utf8'));
    expect([manifest.dependencies, manifest.optionalDependencies, manifest.peerDependencies]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('works in an empty folder, and no run changes a file of it', { timeout: 120_000 }, async () => {
    const before = await contents(home(), packed.files);
    const folder = await mkdtemp(join(tmpdir(), 'hybridctl-empty-'));
    try {
      const hybridctl = runInstalled(process.execPath, prefix, folder);
      expect(hybridctl('--version')).toMatchObject({ status: 0, stdout: '0.1.0\n', stderr: '' });
      expect(hybridctl('vpn', 'init', '--example', 'lab')).toMatchObject({ status: 0 });
      const valid = hybridctl('config', 'validate');
      expect([valid.status, valid.stdout], valid.stderr).toEqual([
        0,
        expect.stringContaining('hybridctl.yaml is valid'),
      ]);
      const cloud = await testCloud(await readFile(join(folder, 'hybridctl.yaml'), 'utf8'));
      const env = { AWS_ENDPOINT_URL: cloud.url, AWS_ACCESS_KEY_ID: 'lab', AWS_SECRET_ACCESS_KEY: 'lab' };
      // The cloud answers from this very process, so it must not stand still while the command runs.
      const { stdout } = await exec(
        process.execPath,
        [join(prefix, 'bin/hybridctl'), ...'route set --table private-1 --destination 10.10.0.0/16'.split(' ')].concat(
          '--to vpn-b --yes --json'.split(' '),
        ),
        { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder, ...env } },
      );
      expect(JSON.parse(stdout)).toMatchObject({ routes: [{ status: 'moved', change: 'create' }] });
      expect(await cloud.calls()).toContain('CreateRoute');
      expect(await contents(home(), packed.files)).toEqual(before);
      expect((await readdir(home(), { recursive: true })).filter((path) => path.includes('.cache'))).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
