import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownCommand } from '../../src/lib/adapters/own-command.ts';
import { fixture } from '../helpers/cloud.ts';
import { builtProgram } from '../helpers/program.ts';

const exec = promisify(execFile);

let folder = '';
const at = (...names: string[]) => join(folder, ...names);
const script = async (path: string, text: string) => {
  await writeFile(path, text);
  await chmod(path, 0o755);
};
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'hybridctl-own-')));
  await mkdir(at('app'));
  await mkdir(at('bin'));
  await writeFile(at('app/node'), '');
  await writeFile(at('app/hybridctl.cjs'), '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('how a service can start this program again', () => {
  const running = () => ({ node: at('app/node'), program: at('app/hybridctl.cjs') });
  const which = (names: Readonly<Record<string, string>>) => ({
    which: async (name: string) => (names[name] === undefined ? undefined : at('bin', names[name])),
  });

  test('by a link on PATH that leads to what runs', async () => {
    await symlink('../app/node', at('bin/node-link'));
    await symlink('../app/hybridctl.cjs', at('bin/hybridctl-link'));
    expect(await ownCommand(running(), which({ node: 'node-link', hybridctl: 'hybridctl-link' }))).toEqual({
      node: at('bin/node-link'),
      program: at('bin/hybridctl-link'),
    });
  });

  test('past a wrapper on PATH, and when nothing is on PATH', async () => {
    await script(at('bin/shim'), '#!/bin/sh\nexec node hybridctl "$@"\n');
    for (const path of [{ node: 'shim', hybridctl: 'shim' }, {}])
      expect(await ownCommand(running(), which(path))).toEqual(running());
  });

  test('by the real file, where it was itself started by a link', async () => {
    await symlink('../app/hybridctl.cjs', at('bin/started-by'));
    expect(await ownCommand({ ...running(), program: at('bin/started-by') }, which({}))).toEqual(running());
  });

  test('not at all, when the file is gone', async () => {
    await expect(ownCommand({ ...running(), program: at('app/gone.cjs') }, which({}))).rejects.toThrow(
      /not there any more/,
    );
  });
});

describe('monitor install of the built program', () => {
  test.each<[what: string, text: (node: string, program: string) => string]>([
    ['a shell script', (node, program) => `#!/bin/sh\nexec '${node}' '${program}' "$@"\n`],
    ['a shim of npm', (_, program) => `#!/bin/sh\nif true; then exec node '${program}' "$@"; fi\n`],
  ])('behind %s the unit starts what really runs, and that works', async (_, text) => {
    const program = await builtProgram();
    await script(at('bin/hybridctl'), text(process.execPath, program));
    await writeFile(at('hybridctl.yaml'), fixture('lab'));
    await copyFile('schema/hybridctl.schema.json', at('hybridctl.schema.json'));
    const { stdout } = await exec(at('bin/hybridctl'), ['monitor', 'install', '--dry-run', '--json'], {
      cwd: folder,
      env: { ...process.env, PATH: `${at('bin')}${delimiter}${process.env['PATH']}` },
    });
    const [, command] = /^ExecStart=(.*?) route monitor /m.exec(JSON.parse(stdout).text)!;
    const [node, started] = command!.split(' ');
    expect(await realpath(node!)).toBe(await realpath(process.execPath));
    expect(await realpath(started!)).toBe(await realpath(program));
    expect((await exec(node!, [started!, '--version'], { env: {} })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
