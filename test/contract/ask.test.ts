import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ask } from '../../src/lib/core/ports.ts';
import { fakeAsk, type Answers } from '../fakes/ask.ts';
import { atTerminal, bundled, type Exchange } from '../helpers/terminal.ts';

const ENTER = '\r';
const DOWN = '\u001b[B';
const CTRL_C = '\u0003';

/** One question put to both sides: the same call, the same result. */
interface Case {
  readonly what: string;
  /** Called on either side; it is sent to the real one as text, so it may use nothing but its argument. */
  readonly call: (ask: Ask) => Promise<unknown>;
  readonly script: Answers;
  readonly keys: readonly Exchange[];
  readonly result: unknown;
}

const CASES: readonly Case[] = [
  {
    what: 'an input',
    call: (ask) => ask.input('Name'),
    script: { name: 'office' },
    keys: [{ see: 'Name', type: `office${ENTER}` }],
    result: 'office',
  },
  {
    what: 'an input left at its default',
    call: (ask) => ask.input('VLAN', { default: '100' }),
    script: {},
    keys: [{ see: 'VLAN', type: ENTER }],
    result: '100',
  },
  {
    what: 'an empty default',
    call: (ask) => ask.input('Id', { default: '', validate: (text) => text === '' || 'no' }),
    script: {},
    keys: [{ see: 'Id', type: ENTER }],
    result: '',
  },
  {
    what: 'an input that is refused once',
    call: (ask) => ask.input('CIDR', { validate: (text) => text.includes('/') || 'write it like 10.0.0.0/16' }),
    script: { cidr: ['10.0.0.0', '10.0.0.0/8'] },
    keys: [
      { see: 'CIDR', type: `10.0.0.0${ENTER}` },
      { see: 'write it like 10.0.0.0/16', type: `/8${ENTER}` },
    ],
    result: '10.0.0.0/8',
  },
  {
    what: 'a choice',
    call: (ask) =>
      ask.select(
        'Crypto',
        [
          { name: 'seed', value: 1 },
          { name: 'modern', value: 2 },
          { name: 'cnsa', value: 3 },
        ],
        { default: 2 },
      ),
    script: { crypto: 'cnsa' },
    keys: [{ see: 'Crypto', type: `${DOWN}${ENTER}` }],
    result: 3,
  },
  {
    what: 'a choice left at its default',
    call: (ask) =>
      ask.select(
        'Crypto',
        [
          { name: 'seed', value: 1 },
          { name: 'modern', value: 2 },
        ],
        { default: 2 },
      ),
    script: {},
    keys: [{ see: 'Crypto', type: ENTER }],
    result: 2,
  },
  {
    what: 'a yes',
    call: (ask) => ask.confirm('Change it?'),
    script: { change: true },
    keys: [{ see: 'Change it?', type: `y${ENTER}` }],
    result: true,
  },
  {
    what: 'no answer, which is no yes',
    call: (ask) => ask.confirm('Change it?'),
    script: {},
    keys: [{ see: 'Change it?', type: ENTER }],
    result: false,
  },
  {
    what: 'a password',
    call: (ask) => ask.password('Key', { validate: (text) => text.length >= 8 || 'too short' }),
    script: { key: 'hunter2hunter2' },
    keys: [{ see: 'Key', type: `hunter2hunter2${ENTER}` }],
    result: 'hunter2hunter2',
  },
];

let program: Awaited<ReturnType<typeof bundled>>;
beforeAll(async () => {
  const cases = CASES.map(({ what, call }) => `${JSON.stringify(what)}: ${call.toString()}`).join(',\n');
  program = await bundled(`
    import { ask } from './src/lib/adapters/ask.ts';
    const cases: Record<string, (asked: typeof ask) => Promise<unknown>> = {${cases}, back: (asked) => asked.input('Name', { back: true }) };
    cases[process.argv[2]!]!(ask).then((result) => process.stdout.write(JSON.stringify(result)), (error) => { process.stdout.write(error.name); process.exitCode = 7; });
  `);
}, 60_000);
afterAll(() => program?.remove());

describe('ask: the fake', () => {
  it.each(CASES)('$what', async ({ call, script, result }) => {
    expect(await call(fakeAsk(script))).toEqual(result);
  });
});

describe('ask: inquirer at a pseudo-terminal', () => {
  it.each(CASES)('$what', async ({ what, keys, result }) => {
    const { stdout, exit } = await atTerminal(program.file, [what], keys);
    // Nothing but the answer on stdout: the questions went to the terminal by stderr.
    expect([stdout, exit]).toEqual([JSON.stringify(result), 0]);
  });

  it('never shows a password', async () => {
    const { screen } = await atTerminal(program.file, ['a password'], CASES.at(-1)!.keys);
    expect(screen).toContain('Key');
    expect(screen).not.toContain('hunter2');
  });

  it('Ctrl-C is an ExitPromptError, which the command line ends with 130', async () => {
    const { stdout, exit } = await atTerminal(program.file, ['an input'], [{ see: 'Name', type: CTRL_C }]);
    expect([stdout, exit]).toEqual(['ExitPromptError', 7]);
  });
});

describe('ask: a terminal that can not move its cursor (TERM=dumb)', () => {
  const dumb = (what: string, keys: readonly Exchange[]) =>
    atTerminal(program.file, [what], keys, process.cwd(), 'dumb');

  it.each([
    ['an input', [{ see: 'Name: ', type: 'offix\u007fce\n' }], 'office'],
    ['an input left at its default', [{ see: 'VLAN [100]: ', type: '\n' }], '100'],
    [
      'an input that is refused once',
      [
        { see: 'CIDR: ', type: '10.0.0.0\n' },
        { see: 'write it like 10.0.0.0/16', type: '10.0.0.0/8\n' },
      ],
      '10.0.0.0/8',
    ],
    ['a choice', [{ see: 'Crypto (number or name) [modern]: ', type: '3\n' }], 3],
    ['a yes', [{ see: 'Change it? (y/N): ', type: 'y\n' }], true],
    ['a password', [{ see: 'Key: ', type: 'hunter2hunterX\u007f2\r' }], 'hunter2hunter2'],
  ] as const)('%s; Backspace takes a character away', async (what, keys, result) => {
    const { stdout, exit, screen } = await dumb(what, keys);
    expect([stdout, exit]).toEqual([JSON.stringify(result), 0]);
    expect(screen).not.toMatch(/\u001b|hunter2/);
  });

  it('goes back by <, and ends by Ctrl-C', async () => {
    expect(await dumb('back', [{ see: 'Name (< goes back): ', type: '<\n' }])).toMatchObject({
      stdout: 'BackPromptError',
    });
    expect(await dumb('an input', [{ see: 'Name: ', type: CTRL_C }])).toMatchObject({
      stdout: 'ExitPromptError',
      exit: 7,
    });
  });
});
