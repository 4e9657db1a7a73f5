import { describe, expect, test } from 'vitest';
import { defineCommand } from '../../src/lib/core/define.ts';
import { HybridError } from '../../src/lib/core/errors.ts';
import { arg, flag, nameOf, toggle, type Flags } from '../../src/lib/core/flags.ts';
import { choice, count, duration, host, pair, path, text } from '../../src/lib/core/flags/kinds.ts';
import { readOptions, type Relations } from '../../src/lib/core/flags/read.ts';
import { region } from '../../src/lib/domain/kinds.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const name = text({ placeholder: 'name', shape: /^[a-z]{1,8}$/, like: 'office' });

describe('options', () => {
  const FLAGS = {
    site: flag(path(), 'site file', { env: 'T_SITE', default: 'site.yaml' }),
    level: flag(choice(['low', 'high']), 'level', { env: 'T_LEVEL' }),
    wait: flag(duration(), 'wait', { default: '60s' }),
    tag: flag(pair(name, name), 'tags', { many: true }),
    dx: flag(name, 'links', { many: true, bare: true }),
    region: flag(region(), 'region', { required: true, env: 'T_REGION' }),
    host: flag(host(), 'host', {
      moved: (given: string) => (given.includes('@') ? undefined : `a device is --device ${given}`),
    }),
    dryRun: toggle('dry'),
    yes: toggle('yes', { env: 'T_YES' }),
  } as const;
  const ARGS = { file: arg(path(), 'file'), more: arg(name, 'more', { many: true }) } as const;

  const read = (
    given: Record<string, string | true | readonly (string | true)[]>,
    { env = {}, args = [], ...relations }: { env?: Record<string, string>; args?: string[] } & Relations = {},
  ): unknown => {
    try {
      const [first, ...rest] = args;
      return readOptions(
        { args: ARGS, flags: FLAGS as Flags, ...relations },
        { args: [first, rest], given: { '--region': 'us-east-1', ...given } },
        { now: NOW, env },
      );
    } catch (error) {
      if (!(error instanceof HybridError)) throw error;
      return `${error.field}: ${error.message}`;
    }
  };
  const defaults = {
    file: undefined,
    more: [],
    site: 'site.yaml',
    level: undefined,
    wait: 60_000,
    tag: [],
    dx: [],
    region: 'us-east-1',
    host: undefined,
    dryRun: false,
    yes: false,
  };

  test('defaults, variables and the line, the last of them wins', () => {
    expect(read({})).toEqual(defaults);
    expect(read({}, { env: { T_SITE: 'x', T_LEVEL: 'high', T_YES: 'yes' } })).toEqual({
      ...defaults,
      site: 'x',
      level: 'high',
      yes: true,
    });
    expect(read({ '--site': 'y' }, { env: { T_SITE: 'x', T_YES: '0', T_LEVEL: '' } })).toEqual({
      ...defaults,
      site: 'y',
    });
    expect(
      read({ '--dry-run': true, '--tag': ['a=b', 'c=d'], '--dx': [true, 'one'] }, { args: ['f', 'a', 'b'] }),
    ).toEqual({
      ...defaults,
      file: 'f',
      more: ['a', 'b'],
      dryRun: true,
      tag: [
        ['a', 'b'],
        ['c', 'd'],
      ],
      dx: [true, 'one'],
    });
  });

  test.each<[said: string, given: Record<string, string | true | readonly string[]>, more: Parameters<typeof read>[1]]>(
    [
      ['--wait: 5 has no unit: write 5s', { '--wait': '5' }, {}],
      ['T_LEVEL: mid is not one of low, high', {}, { env: { T_LEVEL: 'mid' } }],
      ['more: X is not a name: write it like office', {}, { args: ['f', 'X'] }],
      ['--host: a device is --device gw-1', { '--host': 'gw-1' }, {}],
      [
        '--yes: cannot be used together with --dry-run: use one of them',
        { '--yes': true, '--dry-run': true },
        { conflicts: [['dryRun', 'yes']] },
      ],
      [
        '--site: cannot be used together with file: use one of them',
        { '--site': 'x' },
        { args: ['f'], conflicts: [['file', 'site']] },
      ],
      ['--tag: works only with --level: add that too', { '--tag': ['a=b'] }, { requires: { tag: ['level'] } }],
      ['file: missing file or --tag or --level', {}, { oneOf: [['file', 'tag', 'level']] }],
    ],
  )('%s', (message, given, more) => {
    expect(read(given, more)).toBe(message);
  });

  test("a variable satisfies what is needed, and is in nobody's way", () => {
    const more = { env: { T_LEVEL: 'low' } };
    expect(read({ '--tag': ['a=b'] }, { ...more, requires: { tag: ['level'] } })).toMatchObject({ level: 'low' });
    expect(read({}, { ...more, oneOf: [['file', 'level']] })).toMatchObject({ level: 'low' });
    expect(read({ '--dry-run': true }, { ...more, conflicts: [['dryRun', 'level']] })).toMatchObject({ level: 'low' });
  });

  test('what is required says how to give it', () => {
    expect(() =>
      readOptions({ args: {}, flags: FLAGS as Flags }, { args: [], given: {} }, { now: NOW, env: {} }),
    ).toThrow(expect.objectContaining({ message: 'missing --region', next: 'add --region <region>, or set T_REGION' }));
  });
});

test('options have the types of their kinds, and a misspelt name does not compile', () => {
  defineCommand({
    path: 'test types',
    summary: 'types',
    args: { file: arg(path(), 'file', { required: true }), names: arg(name, 'names', { many: true }) },
    flags: {
      wait: flag(duration(), 'wait'),
      count: flag(count(), 'count', { default: '1' }),
      level: flag(choice(['low', 'high']), 'level', { many: true }),
      dx: flag(name, 'dx', { bare: true }),
      dryRun: toggle('dry'),
    },
    // @ts-expect-error no flag is called so
    conflicts: [['wiat', 'count']],
    examples: [],
    run: async (options) => {
      const typed: {
        file: string;
        names: readonly string[];
        wait: number | undefined;
        count: number;
        level: readonly ('low' | 'high')[];
        dx: string | true | undefined;
        dryRun: boolean;
      } = options;
      // @ts-expect-error a number that may be absent is no number
      const wait: number = options.wait;
      // @ts-expect-error no flag is called so
      return { result: { typed, wait, misspelt: options.dryrun } };
    },
    human: () => '',
  });
  expect(nameOf('keepOnFailure')).toBe('--keep-on-failure');
  expect(nameOf('sha256')).toBe('--sha256');
});
