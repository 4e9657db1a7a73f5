import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FLAG } from '../src/commands/flags.ts';
import type { Command } from '../src/lib/core/command.ts';
import { defineCommand } from '../src/lib/core/define.ts';
import { EXIT, failure, interrupted, partly, usageError } from '../src/lib/core/errors.ts';
import { flag } from '../src/lib/core/flags.ts';
import { choice, text } from '../src/lib/core/flags/kinds.ts';
import { GROUPS } from '../src/commands/registry.ts';
import { run, words } from './helpers/run.ts';

/** A group of one's own: what main() does must not depend on what the real commands do today. */
const echo = (path: string, more: Partial<Command> = {}): Command => {
  const command = defineCommand({
    path,
    summary: `says what ${path} got`,
    details: 'A paragraph.',
    flags: {
      site: FLAG.site,
      yes: FLAG.yes,
      level: flag(choice(['low', 'high']), 'a choice', { env: 'TEST_LEVEL' }),
      name: flag(text({ placeholder: 'name', like: 'n' }), 'a list', { env: 'TEST_NAME', many: true }),
      fail: flag(text({ placeholder: 'how', like: 'crash' }), 'fails'),
    },
    examples: [{ line: `hybridctl ${path} --level low`, why: 'says low' }],
    async run(options, ports) {
      ports.progress('working');
      if (options.fail === 'usage')
        throw usageError('is wrong', { field: '--fail', next: 'do better', more: ['line 3: no', 'line 4: no'] });
      if (options.fail === 'crash') throw new TypeError('x is not a function\nsecond line');
      if (options.fail === 'interrupted') throw interrupted();
      if (options.fail === 'partly') throw partly('one of two');
      if (options.fail === 'failed') throw failure('no');
      return options.fail === 'pending' ? { result: options, exit: EXIT.changesPending } : { result: options };
    },
    human: (result) => JSON.stringify(result),
  });
  // Whatever its arguments are: as they were typed.
  const parse: Command['parse'] = (raw, ports) => ({ args: raw.args, ...(command.parse(raw, ports) as object) });
  return { ...command, parse, ...more };
};

const groups = GROUPS as { name: string; summary: string; load(): Promise<readonly Command[]> }[];
const real = [...groups];
beforeEach(() => {
  groups.splice(0, groups.length, {
    name: 'route',
    summary: 'a group',
    load: async () => [
      echo('route status', { args: [{ name: '[table...]', summary: 'tables' }] }),
      echo('route table list'),
      echo('route secret', { hidden: true }),
      echo('route exec', {
        args: [
          { name: '<node>', summary: 'node' },
          { name: '[command...]', summary: 'command' },
        ],
        passThrough: true,
      }),
    ],
  });
});
afterEach(() => void groups.splice(0, groups.length, ...real));

const defaults = { args: [], site: 'hybridctl.yaml', yes: false, name: [] };

describe('words', () => {
  test('split as a shell would', () => {
    expect(words(`a 'b c' --d="e f" g`)).toEqual(['a', 'b c', '--d=e f', 'g']);
  });
});

describe('what a line means', () => {
  test.each<[line: string, env: Record<string, string>, got: unknown]>([
    ['route status', {}, { ...defaults, args: [[]] }],
    ['route status a b', {}, { ...defaults, args: [['a', 'b']] }],
    ['route table list --yes', {}, { ...defaults, yes: true }],
    ['route secret', {}, defaults],
    [
      'route table list',
      { HYBRIDCTL_SITE: 'x.yaml', HYBRIDCTL_YES: '1', TEST_LEVEL: 'high', TEST_NAME: 'n' },
      { ...defaults, site: 'x.yaml', yes: true, level: 'high', name: ['n'] },
    ],
    [
      'route table list --site y.yaml --level low',
      { HYBRIDCTL_SITE: 'x.yaml', TEST_LEVEL: 'high' },
      { ...defaults, site: 'y.yaml', level: 'low' },
    ],
    // Nothing ever assumes yes: "0" and an empty variable are no.
    ['route table list', { HYBRIDCTL_YES: '0', HYBRIDCTL_SITE: '' }, defaults],
    [
      'route exec host jq --json -q --site z',
      {},
      { ...defaults, args: ['host', ['jq', '--json', '-q', '--site', 'z']] },
    ],
    ['route exec --site z host ls', {}, { ...defaults, site: 'z', args: ['host', ['ls']] }],
    ['route exec host -- ls --json', {}, { ...defaults, args: ['host', ['ls', '--json']] }],
    ['route status -- --json', {}, { ...defaults, args: [['--json']] }],
  ])('%s %j', async (line, env, got) => {
    const ran = await run(line, { env });
    expect({ exit: ran.exit, got: ran.json(), err: ran.err }).toEqual({ exit: 0, got, err: 'working\n' });
  });

  test.each([
    '--json route table list',
    'route --json table list',
    'route table list --json',
    'route table --json list --yes',
  ])('--json anywhere: %s', async (line) => {
    const ran = await run(line);
    expect(ran).toMatchObject({ exit: 0, err: 'working\n' });
    expect(ran.json()).toMatchObject({ site: 'hybridctl.yaml' });
  });

  test.each(['-q route table list', 'route table list --quiet'])('quiet: %s', async (line) => {
    expect(await run(line)).toMatchObject({ exit: 0, err: '', out: `${JSON.stringify(defaults)}\n` });
  });

  test('a command chooses its exit code', async () => {
    expect(await run('route table list --fail pending')).toMatchObject({ exit: 3 });
  });

  test.each<[line: string, env: Record<string, string>, plain: boolean]>([
    ['route table list', {}, false],
    ['route table list --no-color', {}, true],
    ['--no-color route table list', {}, true],
    ['route table list', { NO_COLOR: '1' }, true],
    ['route table list', { NO_COLOR: '' }, false],
  ])('colours: %s %j', async (line, env, plain) => {
    const seen = vi.fn();
    await run(line, { env, onStyle: seen });
    expect(seen.mock.calls).toEqual([[plain]]);
  });
});

describe('refusals, one line each', () => {
  test.each<[line: string, exit: number, err: string]>([
    ['rotue', 2, "hybridctl: unknown command 'rotue': did you mean route?\n  next: see --help\n"],
    ['rotue status', 2, "hybridctl: unknown command 'rotue': did you mean route?\n  next: see --help\n"],
    ['xyzzy --site x', 2, "hybridctl: unknown command 'xyzzy'\n  next: see --help\n"],
    ['route stauts --site x', 2, "hybridctl: unknown command 'stauts': did you mean status?\n  next: see --help\n"],
    ['route table lits', 2, "hybridctl: unknown command 'lits': did you mean list?\n  next: see --help\n"],
    ['route table list --sit x', 2, "hybridctl: unknown option '--sit': did you mean --site?\n  next: see --help\n"],
    ['route table list --site', 2, "hybridctl: option '--site <file>' argument missing\n  next: see --help\n"],
    [
      'route table list --site --json',
      2,
      `{"error":{"exit":2,"message":"option '--site <file>' argument missing","next":"see --help"}}\n`,
    ],
    [
      'route table list extra',
      2,
      "hybridctl: too many arguments for 'list'. Expected 0 arguments but got 1.\n  next: see --help\n",
    ],
    ['route exec', 2, "hybridctl: missing required argument 'node'\n  next: see --help\n"],
    ['route table list --level mid', 2, 'hybridctl: --level: mid is not one of low, high\n'],
    [
      '--yes route table list',
      2,
      "hybridctl: unknown option '--yes'\n  next: name the command first: hybridctl <group> <command> [flags]\n",
    ],
    [
      'route --yes',
      2,
      "hybridctl: unknown option '--yes'\n  next: name the command first: hybridctl <group> <command> [flags]\n",
    ],
    [
      'route table --yes',
      2,
      "hybridctl: unknown option '--yes'\n  next: name the command first: hybridctl <group> <command> [flags]\n",
    ],
    [
      '--json rotue',
      2,
      `{"error":{"exit":2,"message":"unknown command 'rotue': did you mean route?","next":"see --help"}}\n`,
    ],
    [
      '-q route table list --fail usage',
      2,
      'hybridctl: --fail: is wrong\n  line 3: no\n  line 4: no\n  next: do better\n',
    ],
    [
      'route table list --fail usage --json',
      2,
      'working\n{"error":{"exit":2,"message":"is wrong","field":"--fail","next":"do better","more":["line 3: no","line 4: no"]}}\n',
    ],
    [
      '-q route table list --fail crash',
      1,
      'hybridctl: x is not a function\n  next: this is a fault in hybridctl: set HYBRIDCTL_DEBUG=1 for the stack\n',
    ],
    ['-q route table list --fail interrupted', 130, 'hybridctl: interrupted\n'],
    [
      '-q route exec --fail usage jq --json',
      2,
      'hybridctl: --fail: is wrong\n  line 3: no\n  line 4: no\n  next: do better\n',
    ],
  ])('%s', async (line, exit, err) => {
    const ran = await run(line);
    expect({ exit: ran.exit, out: ran.out, err: ran.err }).toEqual({ exit, out: '', err });
  });

  test('a variable outside its choices is named', async () => {
    expect(await run('route table list', { env: { TEST_LEVEL: 'mid' } })).toMatchObject({
      exit: 2,
      err: 'hybridctl: TEST_LEVEL: mid is not one of low, high\n',
    });
  });

  test('HYBRIDCTL_DEBUG=1 adds the stack', async () => {
    const { err } = await run('-q route table list --fail crash', { env: { HYBRIDCTL_DEBUG: '1' } });
    expect(err).toMatch(/\nTypeError: x is not a function\nsecond line\n +at /);
  });

  test.each([
    ['crash', 130],
    ['failed', 130],
    ['partly', 5],
  ])('after Ctrl-C, %s ends with %i', async (how, exit) => {
    expect(await run(`route table list --fail ${how}`, { ports: { signal: AbortSignal.abort() } })).toMatchObject({
      exit,
    });
  });
});

describe('help', () => {
  test('--version prints the version and nothing else', async () => {
    expect(await run('--version')).toMatchObject({ exit: 0, out: '0.0.0-test\n', err: '' });
  });

  test.each(['version', '-v'])('%s is --version', async (line) => {
    expect(await run(line)).toMatchObject({ exit: 0, out: '0.0.0-test\n', err: '' });
  });

  test.each(['', 'route', 'route table list'])('help %s is --help behind it', async (topic) => {
    const ran = await run(`help ${topic}`);
    expect([ran.exit, ran.err, ran.out]).toEqual([0, '', (await run(`${topic} --help`)).out]);
  });

  test.each([
    ['help rotue', 'no command is called rotue: did you mean route?'],
    ['help route nothing', 'no command is called "route nothing"'],
  ])('%s is refused', async (line, said) => {
    const ran = await run(line);
    expect([ran.exit, ran.out]).toEqual([2, '']);
    expect(ran.err).toContain(said);
  });

  test.each(['', '--help', '-h'])('the program: "%s"', async (line) => {
    const ran = await run(line);
    expect(ran).toMatchObject({ exit: 0, err: '' });
    expect(ran.out).toContain('\n  route        a group\n');
  });

  test.each(['route', 'route --help'])('a group: %s', async (line) => {
    const ran = await run(line);
    expect(ran).toMatchObject({ exit: 0, err: '' });
    expect(ran.out).toContain('says what route status got\n');
    expect(ran.out).not.toContain('secret');
  });

  test('a command', async () => {
    expect((await run('route table list --help')).out).toBe(`Usage: hybridctl route table list [options]

says what route table list got

A paragraph.

Options:
  --site <file>   site file (env: HYBRIDCTL_SITE) (default: "hybridctl.yaml")
  -y, --yes       do not ask for confirmation (env: HYBRIDCTL_YES)
  --level <name>  a choice (env: TEST_LEVEL) (choices: "low", "high")
  --name <name>   a list (may be repeated) (env: TEST_NAME)
  --fail <how>    fails
  --json          print the result as JSON, like -o json
  -o <format>     print the result as text, json, yaml, table or name
  --jq <expr>     print what jq makes of the JSON
  -q, --quiet     no progress lines
  --no-color      no colours (env: NO_COLOR)
  -h, --help      show this help

Examples:
  hybridctl route table list --level low
      says low
`);
  });

  test('no group is loaded for it', async () => {
    const load = vi.fn();
    groups.splice(0, groups.length, { name: 'route', summary: 'a group', load });
    await run('--help');
    await run('--version');
    expect(load).not.toHaveBeenCalled();
  });
});
