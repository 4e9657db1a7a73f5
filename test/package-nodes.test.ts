import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testCloud } from './helpers/cloud.ts';
import { freshClone, installGlobally, npmPack, runInstalled } from './helpers/package.ts';

const exec = promisify(execFile);

let folder = '';
let prefix = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hybridctl-nodes-'));
  const clone = await freshClone();
  try {
    prefix = await installGlobally((await npmPack(clone)).path, join(folder, 'prefix'));
  } finally {
    await rm(clone, { recursive: true, force: true });
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The npm package `node` brings a binary. @returns its path, or undefined where no registry can be reached. */
const node = async (version: string): Promise<string | undefined> => {
  const home = join(folder, `node-${version}`);
  await mkdir(home, { recursive: true });
  try {
    await exec('npm', ['install', '--prefix', home, '--no-save', '--no-audit', '--no-fund', `node@${version}`]);
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    if (/ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ENOTCACHED|E404/.test(stderr ?? '')) return undefined;
    throw error;
  }
  return join(home, 'node_modules/node/bin/node');
};
const UNREACHABLE = 'the npm registry, which has the Node binaries, can not be reached';

describe('the installed package', () => {
  test.for(['20', '22', '24'])('works on Node %s', async (version, { skip }) => {
    const binary = await node(version);
    if (binary === undefined) return skip(UNREACHABLE);
    const cwd = await mkdtemp(join(folder, 'empty-'));
    const hybridctl = runInstalled(binary, prefix, cwd);
    expect(hybridctl('--version')).toMatchObject({ status: 0, stderr: '', stdout: '0.1.0\n' });
    expect(hybridctl('vpn', 'init', '--example', 'lab')).toMatchObject({ status: 0 });
    expect(hybridctl('config', 'validate')).toMatchObject({ status: 0 });
    const cloud = await testCloud((await import('node:fs')).readFileSync(join(cwd, 'hybridctl.yaml'), 'utf8'));
    const args = 'route set --table private-1 --destination 10.10.0.0/16 --to vpn-b --yes --json'.split(' ');
    const { stdout } = await exec(binary, [join(prefix, 'bin/hybridctl'), ...args], {
      cwd,
      env: {
        PATH: process.env['PATH'],
        HOME: cwd,
        AWS_ENDPOINT_URL: cloud.url,
        AWS_ACCESS_KEY_ID: 'lab',
        AWS_SECRET_ACCESS_KEY: 'lab',
      },
    });
    expect(JSON.parse(stdout)).toMatchObject({ routes: [{ status: 'moved' }] });
  });

  test.for(['12', '14', '18'])('says on Node %s what it needs, in one line', async (version, { skip }) => {
    const binary = await node(version);
    if (binary === undefined) return skip(UNREACHABLE);
    const { status, stdout, stderr } = runInstalled(binary, prefix, folder)('--version');
    expect({ status, stdout, stderr }).toEqual({
      status: 4,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(`^hybridctl needs Node\\.js 20\\.17, 22\\.13, 24 or later; this is Node\\.js ${version}\\..*\\n$`),
      ),
    });
  });
});
