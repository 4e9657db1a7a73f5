import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { complete } from '../src/commands/complete.ts';
import type { Group } from '../src/commands/registry.ts';
import type { Command, Flag } from '../src/lib/core/command.ts';
import { run, words } from './helpers/run.ts';

const command = (path: string, more: object = {}): Command => ({
  path,
  summary: `about ${path}`,
  flags: [],
  examples: [],
  parse: () => ({}),
  run: async () => ({ result: {} }),
  human: () => '',
  ...more,
});

const SITE: Flag = { flags: '--site <file>', summary: 'site file', completion: 'files' };
const YES: Flag = { flags: '-y, --yes', summary: 'do not ask for confirmation' };

const GROUPS: readonly Group[] = [
  {
    name: 'vpn',
    summary: 'tunnels',
    load: async () => [
      command('vpn render', {
        flags: [
          SITE,
          YES,
          { flags: '--crypto <level>', summary: 'level', choices: ['legacy', 'modern'] },
          { flags: '--tunnel <name>', summary: 'tunnels', repeats: true },
        ],
        args: [{ name: '[how]', summary: 'how', choices: ['fast', 'slow'] }],
      }),
      command('vpn lint', { args: [{ name: '<file...>', summary: 'files' }] }),
      command('vpn key list'),
      command('vpn key make'),
      command('vpn internal', { hidden: true }),
      command('vpn test', { args: [{ name: '[how]', summary: 'how', choices: ['fast'] }] }),
      command('vpn test far', { flags: [YES] }),
    ],
  },
  { name: 'route', summary: 'routes', load: () => Promise.reject(new Error('loaded without being named')) },
];

describe('what may stand at the cursor (|)', () => {
  test.each<[line: string, values: readonly string[] | 'files']>([
    ['|', ['vpn', 'route']],
    ['r|', ['route']],
    ['-|', ['--json', '-o', '--jq', '--quiet', '--no-color', '--help', '--version']],
    ['--json |', ['vpn', 'route']],
    ['nothing |', []],
    ['vpn |', ['render', 'lint', 'key', 'test']],
    ['vpn test |', ['fast', 'far']],
    ['vpn test far |', []],
    ['vpn test fast |', []],
    ['vpn test far --y|', ['--yes']],
    ['vpn --json k|', ['key']],
    ['vpn key |', ['list', 'make']],
    ['vpn key list |', []],
    ['vpn render |', ['fast', 'slow']],
    ['vpn render s|', ['slow']],
    ['vpn render fast |', []],
    ['vpn render --c|', ['--crypto']],
    ['vpn render --crypto |', ['legacy', 'modern']],
    ['vpn render --crypto m|', ['modern']],
    ['vpn render --crypto=m|', ['--crypto=modern']],
    ['vpn render --crypto = |', ['legacy', 'modern']],
    ['vpn render --crypto = m|', ['modern']],
    ['vpn render --site |', 'files'],
    ['vpn render --site x.yaml |', ['fast', 'slow']],
    ['vpn render -y -|', ['--site', '--crypto', '--tunnel', '--json', '-o', '--jq', '--quiet', '--no-color', '--help']],
    ['vpn render -o |', ['text', 'json', 'yaml', 'table', 'name']],
    ['vpn -o y|', ['yaml']],
    ['vpn render --tunnel a --t|', ['--tunnel']],
    ['vpn lint |', 'files'],
    ['vpn lint a b |', 'files'],
  ])('%s', async (line, values) => {
    const typed = words(line.replace(/\|$/, ''));
    if (/\s\|$|^\|$/.test(line)) typed.push('');
    const found = await complete(typed, GROUPS);
    expect(found === 'files' ? found : found.map(({ value }) => value)).toEqual(values);
  });
});

test("the hidden command speaks the shells' protocol", async () => {
  expect((await run(['completion', 'words', '--', 'completion', ''])).out).toBe('bash\t\nzsh\t\nfish\t\n');
  expect((await run(['completion', 'words', '--', '--v'])).out).toBe('--version\tprint the version\n');
  expect((await run('completion words -- xyzzy ""')).out).toBe('');
});

describe('names of the site file', () => {
  const site = readFileSync('test/fixtures/lab.yaml', 'utf8');
  test.each([
    ['route set --to |', ['dx-1', 'vpn-a', 'vpn-b']],
    ['route set --table |', ['private-1', 'private-2']],
    ['vpn up |', ['gw-1', 'gw-2', 'rtr-1', 'rtr-2']],
    ['vpn up --site other.yaml |', []],
    ['vpn status --tunnel |', ['vpn1', 'vpn2']],
    ['vpn init --table |', []],
    ['lab exec gw|', ['gw-1', 'gw-2']],
    ['lab cut wan|', []],
    ['lab cut d|', ['dx-1']],
    ['drill dx-1/blackhole/b|', ['dx-1/blackhole/both']],
    ['alarm list --region cn|', ['cn-north-1', 'cn-northwest-1']],
  ])('%s', async (line, expected) => {
    const typed = line.replace(/\|$/, '').split(' ');
    const { out } = await run(['completion', 'words', '--', ...typed], { files: { 'hybridctl.yaml': site } });
    expect(
      out
        .split('\n')
        .map((one) => one.split('\t')[0])
        .filter((one) => one !== ''),
    ).toEqual(expected);
  });

  test('where the site file is none, nothing is offered and nothing is said', async () => {
    const ran = await run(['completion', 'words', '--', 'vpn', 'up', ''], { files: { 'hybridctl.yaml': '[' } });
    expect(ran).toMatchObject({ exit: 0, out: '', err: '' });
  });
});

describe('in a real bash', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hybridctl-completion-'));
    await writeFile(join(folder, 'script'), (await run('completion bash')).out);
    // The built command line under its own name, as a shell would find it.
    await symlink(resolve('dist/hybridctl.cjs'), join(folder, 'hybridctl'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const press = async (...typed: string[]): Promise<string[]> => {
    const script = `source ${folder}/script; COMP_WORDS=(hybridctl "$@"); COMP_CWORD=$#; _hybridctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', ...typed], {
      env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
    });
    return stdout.trimEnd().split('\n');
  };

  test('TAB completes groups, commands and arguments', async () => {
    expect(await press('')).toEqual(expect.arrayContaining(['vpn', 'route', 'lab']));
    expect(await press('comp')).toEqual(['completion']);
    expect(await press('completion', 'z')).toEqual(['zsh']);
    expect(await press('--')).toEqual(['--json', '--jq', '--quiet', '--no-color', '--help', '--version']);
  });
});

test.each(['zsh', 'fish'])('%s accepts its script, where it is installed', async (shell) => {
  const { out } = await run(`completion ${shell}`);
  expect(out).toContain('completion words --');
  const folder = await mkdtemp(join(tmpdir(), 'hybridctl-completion-'));
  try {
    await writeFile(join(folder, 'script'), out);
    await promisify(execFile)(shell, ['-n', join(folder, 'script')]).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
