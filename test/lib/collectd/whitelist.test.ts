import { expectLinear } from '../../helpers/growth.ts';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keysOf, parseBlocked, preview, suggest } from '../../../src/lib/domain/collectd/metrics.ts';
import { costOf, priceListOf } from '../../../src/lib/domain/collectd/price.ts';
import { SETS } from '../../../src/lib/domain/collectd/sets.ts';
import { lintWhitelist } from '../../../src/lib/domain/collectd/whitelist-lint.ts';
import { readWhitelist, type Whitelist } from '../../../src/lib/domain/collectd/whitelist.ts';

const at = (name: string): string => fileURLToPath(new URL(`../../fixtures/collectd/${name}`, import.meta.url));
const SEED = parseBlocked(readFileSync(at('blocked_metrics'), 'utf8'));

interface Verdict {
  /** Whether each line takes part. */
  readonly lines: readonly boolean[];
  /** Whether each name is published; null: the file as a whole is no pattern. */
  readonly keys: readonly (boolean | null)[];
}

const verdict = ({ lines, judge }: Whitelist, keys: readonly string[]): Verdict => ({
  lines: lines.map(({ is }) => is === 'rule' || is === 'blank'),
  keys: keys.map((key) => ('problem' in judge ? null : judge.matches(key))),
});

test("the field document's line publishes exactly the four memory metrics of its list", () => {
  expect(SEED).toHaveLength(19);
  expect(preview(readWhitelist('memory--memory-.*\n'), SEED).published).toEqual([
    'memory--memory-used',
    'memory--memory-buffered',
    'memory--memory-cached',
    'memory--memory-free',
  ]);
});

describe('the rules of the plugin', () => {
  const KEYS = [
    'memory--memory-used',
    'cpu-0-cpu-idle',
    'xcpu-0-cpu-idle',
    'a.b',
    'axb',
    'cpu',
    'MEMORY--memory-used',
    'lines$',
    '{,2}',
    '',
  ];
  test.each<[name: string, text: string, published: readonly string[] | null, left?: readonly number[]]>([
    ['each line is anchored at both ends', 'cpu-0-cpu', []],
    ['a dot is any byte', 'a.b', ['a.b', 'axb']],
    [
      'a bare choice has no end before it, and no beginning after it but that of the name',
      'memory|idle',
      ['memory--memory-used'],
    ],
    ['brackets keep the ends', '(memory|cpu)', ['cpu']],
    ['blanks around a line do not count', '  cpu-0-cpu-idle\t\r', ['cpu-0-cpu-idle']],
    ['there are no comments', '# cpu\ncpu', ['cpu']],
    ['an empty file publishes nothing but a name that is empty', '', ['']],
    ['a line that Python refuses is left out, and the others stay', 'cpu-**\nswap-*+\ncpu', ['cpu'], [1, 2]],
    ['a lone wildcard is left out', '.*\n.+\n .* x\nx .*\ncpu', ['cpu'], [1, 2, 3, 4]],
    ['a dot alone is no lone wildcard', '.', []],
    ['other spellings of everything pass the guard', '(.*)', KEYS],
    [
      'a flag in one line counts for all',
      'cpu(?i)\nmemory--memory-used',
      ['memory--memory-used', 'cpu', 'MEMORY--memory-used'],
    ],
    ['a backslash at the end eats the end', 'lines\\', ['lines$']],
    ['{,2} is a repeat in Python', 'c{,2}pu', ['cpu']],
    ['and so is {,}', '[^$]{,}', KEYS.filter((key) => key !== 'lines$')],
    ['a bracket that comes first in a class is one of it', '[]c]pu', ['cpu']],
    ['a letter that needs no escape may have one', '\\cpu', ['cpu']],
    ['two groups of one name: each line is well, the plugin does not start', '(?P<n>cpu)\n(?P<n>a)', null],
    ['a look ahead', '(?!x)(?!.*used).*idle', ['cpu-0-cpu-idle']],
    ['a verbose line makes what follows a # of any line nothing', '(?x) c p u\na # b', ['a.b', 'axb', 'cpu']],
  ])('%s', (_name, text, published, left = []) => {
    const read = readWhitelist(text);
    expect(
      'problem' in read.judge ? null : KEYS.filter((key) => 'matches' in read.judge && read.judge.matches(key)),
    ).toEqual(published);
    expect(read.lines.filter(({ is }) => is === 'invalid' || is === 'unsafe').map(({ number }) => number)).toEqual(
      left,
    );
  });

  test('with pass-through a lone wildcard counts', () => {
    const { judge } = readWhitelist('.*', { passThrough: true });
    expect('matches' in judge && KEYS.every((key) => judge.matches(key))).toBe(true);
  });

  test('bytes, not characters: a dot is half an é', () => {
    expect(verdict(readWhitelist('a.b\na..c'), ['aéb', 'aéc']).keys).toEqual([false, true]);
  });

  test('a hundred groups are too many for the file, though each line is well', () => {
    const { judge } = readWhitelist(Array.from({ length: 100 }, (_, index) => `(m${index})`).join('\n'));
    expect(judge).toMatchObject({ broken: true, problem: expect.stringContaining('100 named groups') });
  });

  test.each(['(a)\\1', '(?P<n>a)(?P=n)', '(a)(?(1)b|c)', '(?u)a', '(?:'.repeat(200) + ')'.repeat(200), 'a{70000}'])(
    '%s is not judged',
    (line) => {
      expect(readWhitelist(line).judge).toMatchObject({ broken: false });
    },
  );
});

describe('Python itself', () => {
  test('300 files as Python 2.7.18, which the plugin needs, judged them', () => {
    const rows = JSON.parse(readFileSync(at('python-2.7.json'), 'utf8')) as readonly (readonly [
      string,
      boolean,
      readonly boolean[],
      Readonly<Record<string, boolean | null>>,
    ])[];
    expect(rows).toHaveLength(300);
    const ours = rows.map(([text, passThrough, , keys]) => [
      text,
      verdict(readWhitelist(text, { passThrough }), Object.keys(keys)),
    ]);
    expect(ours).toEqual(rows.map(([text, , lines, keys]) => [text, { lines, keys: Object.values(keys) }]));
  });

  // What Python 3 reads otherwise than 2 does is in the file above: flags amid a pattern, escapes of letters,
  // possessive repeats, (?a).
  const atom = fc.constantFrom(
    'a',
    'b',
    '-',
    'cpu',
    'memory',
    '.',
    '\\.',
    '\\-',
    '\\d',
    '\\w',
    '\\W',
    '\\s',
    '[ab]',
    '[^a]',
    '[a-c]',
    '[]a]',
    '[\\w-]',
    '\\b',
    '^',
    '$',
    '\\x61',
    '0',
    '.*',
    ' ',
    '|',
    '(',
    ')',
    '[',
  );
  const { pattern } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
    pattern: fc.array(tie('part'), { minLength: 0, maxLength: 4 }).map((parts) => parts.join('')),
    part: fc.oneof(
      { weight: 6, arbitrary: atom },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom('(', '(?:', '(?=', '(?!'), tie('pattern'), tie('pattern'))
          .map(([open, one, two]) => `${open}${one}|${two})`),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(atom, fc.constantFrom('*', '?', '+', '{2}', '{,2}', '{1,}', '*?'))
          .map(([one, many]) => `${one}${many}`),
      },
    ),
  }));
  const key = fc
    .array(fc.constantFrom('a', 'b', 'c', '-', 'cpu', 'memory', '.', '0', '_', ' '), { maxLength: 5 })
    .map((parts) => parts.join(''));
  const file = fc.record({
    text: fc.array(pattern, { minLength: 1, maxLength: 4 }).map((lines) => lines.join('\n')),
    pass: fc.boolean(),
    keys: fc.array(key, { minLength: 4, maxLength: 8 }),
  });

  test('whatever is written, the same lines take part and the same names are published', () => {
    fc.assert(
      fc.property(fc.array(file, { minLength: 200, maxLength: 200 }), (all) => {
        const cases = all.filter(({ text }) => !/[*+?}]\+|\(\?(?![:=!])/.test(text));
        const wanted = JSON.parse(
          execFileSync('python3', [at('whitelist_reference.py')], {
            input: JSON.stringify(cases),
            encoding: 'utf8',
            maxBuffer: 1 << 26,
          }),
        ) as readonly Verdict[];
        expect(
          cases.map(({ text, pass, keys }) => ({ text, ...verdict(readWhitelist(text, { passThrough: pass }), keys) })),
        ).toEqual(cases.map(({ text }, index) => ({ text, ...wanted[index]! })));
      }),
      { numRuns: 3, endOnFailure: true },
    );
  }, 60_000);
});

describe('hostile patterns', () => {
  const name = `${'a'.repeat(120)}!`;
  test.each([
    '(a+)+b',
    '(a|aa)+b',
    '(a*)*b',
    '(.*)(.*)(.*)(.*)(.*)(.*)(.*)b',
    '(?:(?:(?:a?){20}){20}){2}b',
    '(?=(a+)+b)a',
  ])('%s is judged in steps that grow with the name alone', (line) => {
    const { judge } = readWhitelist(line, { tries: 1_000_000 });
    expect('matches' in judge && judge.matches(name)).toBe(false);
  });
  test('what is too large is refused, and what takes too long ends', () => {
    expect(readWhitelist('((a{200}){200}){200}').judge).toMatchObject({ problem: expect.stringContaining('multiply') });
    const { judge } = readWhitelist(`${'(?=.*a)'.repeat(50)}b`, { tries: 1_000 });
    expect(() => 'matches' in judge && judge.matches(name)).toThrow('takes too long');
  });
});

test('names as the plugin builds them from value lists', () => {
  expect(keysOf({ identifier: 'gw-1/memory/memory-used', values: ['value'] })).toEqual(['memory--memory-used']);
  expect(keysOf({ identifier: 'gw-1/load/load', values: ['shortterm', 'midterm', 'longterm'] })).toEqual([
    'load--load-shortterm',
    'load--load-midterm',
    'load--load-longterm',
  ]);
  expect(keysOf({ identifier: 'gw-1/ping/if_octets-a-b', values: ['rx', 'tx'] })).toEqual([
    'ping--if_octets-a-b.rx',
    'ping--if_octets-a-b.tx',
  ]);
});

test('every set is well by itself and beside all others, and takes what its plugin sends', () => {
  const { lines, judge } = readWhitelist(SETS.flatMap(({ lines: own }) => own).join('\n'));
  expect(lines.filter(({ is }) => is !== 'rule')).toEqual([]);
  expect(lintWhitelist({ lines, joined: '', judge })).toEqual([]);
  const sent = [
    'swap--swap-free',
    'cpu--percent-active',
    'load--load-shortterm',
    'df-root-df_complex-free',
    'disk-sda-disk_ops-read',
    'disk-sda-pending_operations-',
    'interface-eth0-if_octets-rx',
    'uptime--uptime-',
    'users--users-',
    'processes--ps_state-running',
    'tcpconns-22-local-tcp_connections-ESTABLISHED',
    'ping--ping_droprate-10.0.0.1',
    'apache-local-apache_scoreboard-open',
    'apache-local-apache_bytes-',
    'nginx--nginx_requests-',
    'openvpn-tun0-if_octets-rx',
  ];
  expect(sent.filter((key) => !('matches' in judge) || !judge.matches(key))).toEqual([]);
});

test('lint names every line', () => {
  const text = [
    'memory--memory-.*',
    '# comment',
    '.*',
    '(.*)',
    'a|b',
    '[a',
    'end\\',
    '(?i)cpu',
    '(a)\\1',
    'memory--memory-.*',
    '(a|b)[|]\\|',
    '',
  ].join('\n');
  expect(lintWhitelist(readWhitelist(text)).map(({ line, severity, rule }) => `${line} ${severity} ${rule}`)).toEqual([
    '2 error comment',
    '3 error lone-wildcard',
    '4 error publishes-everything',
    '5 error bare-choice',
    '6 error invalid-pattern',
    '7 error open-end',
    '8 warning flags',
    '9 warning not-judged',
    '10 warning twice',
  ]);
  expect(lintWhitelist(readWhitelist('(?P<n>a)\n(?P<n>b)')).map(({ rule }) => rule)).toEqual(['joined']);
});

test.each([
  ['a byte order mark', '\ufeffmemory--memory-used\nload--load-.*\n', ['1 error byte-order-mark']],
  ['a comment behind a line', 'memory--memory-used # comment\n', ['1 error comment']],
  ['line ends of one carriage return', 'memory--memory-used\rload--load-.*\r', ['1 error carriage-return']],
  ['line ends of Windows', 'memory--memory-used\r\nload--load-.*\r\n', []],
  ['bytes that are not UTF-8', 'memory--memory-us\ufffdd\n', ['1 error not-utf-8']],
  [
    'a name with signs of patterns, as it was copied',
    'df-C:(Windows)-free\ncurl-a+b-size\n',
    ['1 warning not-itself', '2 warning not-itself'],
  ],
  ['the same as it must be written', 'df-C:\\(Windows\\)-free\ncurl-a\\+b-size\n', []],
  ['patterns, which do not match their own text', 'cpu-[0-9]+-cpu-user\n(a|b)-x\ncpu-\\d+-.*\n', []],
])('lint knows %s', (_, text, expected) => {
  const found = lintWhitelist(readWhitelist(text));
  expect(found.map(({ line, severity, rule }) => `${line} ${severity} ${rule}`)).toEqual(expected);
  for (const { rule, fix } of found.filter(({ rule: each }) => each === 'not-itself'))
    expect([rule, fix]).toEqual(['not-itself', expect.stringMatching(/^write it as (df-C:\\\(|curl-a\\\+b)/)]);
});

test('lint takes no more than its length', () => {
  expectLinear(
    (count) => lintWhitelist(readWhitelist(Array.from({ length: count }, (_, at) => `cpu-${at}--cpu-.*\n`).join(''))),
    8_000,
  );
});

test('suggestions: sets by name, then what is left', () => {
  expect(
    suggest([...SEED, 'foo-1-x-a', 'foo-2-x-a', 'bar--y.z-']).map(({ add, metrics }) => [add, metrics.length]),
  ).toEqual(
    [
      ['memory', 4],
      ['cpu', 8],
      ['interface', 6],
      ['load', 1],
      ['bar--y\\.z-', 1],
      ['foo-.*', 2],
    ].sort((a, b) => order(a[0]) - order(b[0])),
  );
});
const order = (name: string | number | undefined): number =>
  ['memory', 'cpu', 'load', 'interface', 'bar--y\\.z-', 'foo-.*'].indexOf(String(name));

test.each([
  ['us-east-1', {}, 4, 1, { currency: 'USD', metrics: 4, forMetrics: 1.2, forRequests: 0.44, perMonth: 1.64 }],
  ['eu-west-1', {}, 20, 1, { currency: 'USD', metrics: 20, forMetrics: 6, forRequests: 0.44, perMonth: 6.44 }],
  [
    'us-east-1',
    {},
    21,
    500,
    { currency: 'USD', metrics: 10_500, forMetrics: 3_050, forRequests: 438, perMonth: 3_488 },
  ],
  // 10,000 x 0.30, 240,000 x 0.10, 750,000 x 0.05 and 200,000 x 0.02.
  [
    'us-east-1',
    {},
    1_200,
    1_000,
    { currency: 'USD', metrics: 1_200_000, forMetrics: 68_500, forRequests: 26_280, perMonth: 94_780 },
  ],
  ['cn-north-1', {}, 4, 1, { currency: 'CNY', metrics: 4, forMetrics: 8, forRequests: 2.72, perMonth: 10.72 }],
  [
    'cn-northwest-1',
    {},
    21,
    500,
    { currency: 'CNY', metrics: 10_500, forMetrics: 20_333.65, forRequests: 2_724.36, perMonth: 23_058.01 },
  ],
  [
    'us-east-1',
    { metrics: [0.2], requests: 0 },
    21,
    500,
    { currency: 'USD', metrics: 10_500, forMetrics: 2_100, forRequests: 0, perMonth: 2_100 },
  ],
  [
    'us-east-1',
    { metrics: [0.2, 0.1] },
    21,
    500,
    { currency: 'USD', metrics: 10_500, forMetrics: 2_050, forRequests: 438, perMonth: 2_488 },
  ],
  ['us-east-1', {}, 0, 3, { currency: 'USD', metrics: 0, forMetrics: 0, forRequests: 0, perMonth: 0 }],
] as const)('%s %j: %i metrics of %i hosts', (region, own, metrics, hosts, cost) =>
  expect(costOf(priceListOf(region, own), metrics, hosts)).toEqual(cost),
);
