import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { placeOf, readDocument, sentenceOf } from '../../../src/lib/site/document.ts';
import { generatePsk, pskProblem, pskWarning } from '../../../src/lib/site/psk.ts';
import { nearest, show } from '../../../src/lib/core/words.ts';

const LAB = readFileSync(new URL('../../fixtures/lab.yaml', import.meta.url), 'utf8');
const with_ = (from: string, to: string): string => {
  expect(LAB).toContain(from);
  return LAB.replace(from, () => to);
};
const lines = (text: string): readonly string[] =>
  readDocument(text).mistakes.map((one) => `${placeOf('f', one)}: ${sentenceOf(one)}`);
const ROOT_KEYS = 'version, site, folder, crypto, cloud, gateways, onprem, tunnels, links, route_tables, monitor';

const CASES: readonly (readonly [what: string, text: string, ...lines: string[]])[] = [
  ['nothing', '', 'f:1: is empty: run "hybridctl vpn init" to write one'],
  ['only a comment', '# later\n', 'f:1: is empty: run "hybridctl vpn init" to write one'],
  ['a word', 'hello', 'f:1: hello does not fit: give a map of keys and values'],
  ['a list', '- a', 'f:1: a list does not fit: give a map of keys and values'],
  ['a tab', 'version: 1\ncloud:\n\tregion: x\n', 'f:3: a tab indents this line: use spaces'],
  [
    'a quote left open',
    with_('site: demo', 'site: "demo'),
    'f:40: a bracket, quote or comma is missing: close what was opened',
  ],
  ['wrong indentation', with_('  region', '   region'), 'f:7: the indentation does not fit the lines above: align it'],
  ['a key twice', with_('crypto: modern', 'site: demo'), 'f:4: site is given twice: remove one'],
  ['two documents', `${LAB}---\n${LAB}`, 'f:40: a second document starts here: keep one, remove the line "---"'],
  ['a NUL', with_('demo', 'de\0mo'), 'f:3: has the control character U+0000: remove it'],
  ['an escape', with_('demo', 'de\u001b[2Jmo'), 'f:3: has the control character U+001B: remove it'],
  ['a line separator', with_('demo', 'de\u2028mo'), 'f:3: has the control character U+2028: remove it'],
  ['old Mac line ends', LAB.replaceAll('\n', '\r'), 'f:1: has the control character U+000D: remove it'],
  ['bytes that are not UTF-8', with_('demo', 'd\uFFFDmo'), 'f:3: is not UTF-8 text: save the file as UTF-8'],
  ['a tag', with_('site: demo', 'site: !!js/function "x"'), 'f:3: a tag (!…) is not known here: remove it'],
  [
    'an alias of nothing',
    with_('site: demo', 'site: *x'),
    'f:1: uses more than 100 aliases, or one that is not defined: write the values out',
  ],
  ['a merge key', with_('site: demo', 'site: demo\n<<: {a: 1}'), `f:4: <<: is not a key here: known are ${ROOT_KEYS}`],
  [
    'an own __proto__',
    with_('crypto: modern', '__proto__: {site: x}'),
    `f:4: __proto__: is not a key here: known are ${ROOT_KEYS}`,
  ],
  [
    'a misspelt section',
    with_('gateways:', 'gatways:'),
    'f:2: gateways: is missing: add it (a list)',
    'f:10: gatways: is not a key here: did you mean gateways?',
  ],
  [
    'a misspelt key',
    with_('wan: wan', 'wam: wan'),
    'f:28: onprem.routers[0].wam: is not a key here: did you mean wan?',
  ],
  [
    'a dash for an underscore',
    with_('lan_ip: 10.10.0.2', 'lan-ip: 10.10.0.2'),
    'f:28: onprem.routers[0].lan-ip: is not a key here: did you mean lan_ip?',
  ],
  [
    'a misspelt key of a link',
    with_('vlan: 100', 'vlam: 100'),
    'f:34: links[0].vlam: is not a key here: did you mean vlan?',
  ],
  [
    'a key of the other kind of link',
    with_('tunnel: vpn1 }', 'tunnel: vpn1, vlan: 5 }'),
    'f:35: links[1].vlan: is not a key here: known are name, kind, tunnel, probe',
  ],
  [
    'a key that holds nothing',
    with_('networks: [10.10.0.0/16]', 'networks:'),
    'f:26: onprem.networks: is empty: give a list',
  ],
  [
    'an empty list',
    with_('networks: [10.10.0.0/16]', 'networks: []'),
    'f:26: onprem.networks: is an empty list: give at least one',
  ],
  ['a number for text', with_('site: demo', 'site: 12'), 'f:3: site: 12 must be text: put it in quotes'],
  ['text for a number', with_('vlan: 100', 'vlan: "100"'), 'f:34: links[0].vlan: 100 does not fit: give a number'],
  ['a fraction', with_('vlan: 100', 'vlan: 1.5'), 'f:34: links[0].vlan: 1.5 does not fit: give a whole number'],
  [
    'a VLAN beyond the last',
    with_('vlan: 100', 'vlan: 4095'),
    'f:34: links[0].vlan: 4095 is too big: 4094 is the most',
  ],
  [
    'a misspelt level',
    with_('crypto: modern', 'crypto: moden'),
    'f:4: crypto: moden is not known here: did you mean modern?',
  ],
  [
    'an unknown level',
    with_('crypto: modern', 'crypto: rot13'),
    'f:4: crypto: rot13 is not known here: use legacy, modern, cnsa',
  ],
  [
    'an unknown kind',
    with_('kind: dx', 'kind: mpls'),
    'f:34: links[0].kind: mpls is not a kind of link: use vpn or dx',
  ],
  ['no version', with_('version: 1\n', ''), 'f:2: version: is missing: add it (1)'],
  [
    'host bits',
    with_('10.10.0.0/16', '10.10.0.1/16'),
    'f:26: onprem.networks[0]: 10.10.0.1/16 has host bits set: did you mean 10.10.0.0/16?',
  ],
  [
    'an octal address',
    with_('198.51.100.77', '198.051.100.77'),
    'f:28: onprem.routers[0].public_ip: 198.051.100.77 is not an IPv4 address: write it like 172.16.1.157',
  ],
  [
    'a private address where a public one belongs',
    with_('198.51.100.77', '10.1.1.1'),
    'f:28: onprem.routers[0].public_ip: 10.1.1.1 is a private address: use the public one (the Elastic IP, or what the internet sees)',
  ],
  [
    'a public address where a private one belongs',
    with_('172.16.1.157', '8.8.8.8'),
    'f:13: gateways[0].private_ip: 8.8.8.8 is a public address: use the private one (as the machine itself sees it)',
  ],
  [
    'a name with a newline',
    with_('site: demo', 'site: "de\\nmo"'),
    'f:3: site: "de?mo" must be 1 to 31 letters, digits or "-", beginning with a letter',
  ],
  [
    'a name with a shell in it',
    with_('site: demo', 'site: "$(reboot)"'),
    'f:3: site: "$(reboot)" must be 1 to 31 letters, digits or "-", beginning with a letter',
  ],
  [
    'a pasted key in place of its file',
    with_('psk/vpn1', '"hunter two"'),
    'f:31: tunnels[0].psk_file: the value is not a plain path: letters, digits, ".", "_", "-" and "/"',
  ],
  [
    'a name of 200 KB',
    with_('name: gw-1', `name: ${'x'.repeat(200_000)}`),
    `f:11: gateways[0].name: "${'x'.repeat(40)}…" (200000 characters) must be 1 to 31 letters, digits or "-", beginning with a letter`,
  ],
  [
    'a key of 200 KB',
    with_('site: demo', `? ${'x'.repeat(200_000)}\n: 1`),
    'f:2: site: is missing: add it (text)',
    `f:4: "${'x'.repeat(40)}…" (200000 characters): is not a key here: known are ${ROOT_KEYS}`,
  ],
  [
    'a wrong destination',
    with_('subnets: [172.16.11.0/24]', 'destinations: [office]'),
    'f:38: route_tables[0].destinations[0]: office is neither a network like 10.10.0.0/16 nor a prefix list id like pl-0123456789abcdef0',
  ],
  [
    'a reserved /30',
    with_('169.254.200.0/30', '169.254.5.0/30'),
    'f:32: tunnels[1].inside: 169.254.5.0/30 is reserved by AWS: take another /30, like 169.254.100.0/30',
  ],
];

describe('each mistake is one line with its place and its fix', () => {
  test.each(CASES)('%s', (_, text, ...expected) => {
    expect(lines(text)).toEqual(expected);
    for (const line of expected) expect(line).toMatch(/^[ -~…]{1,260}$/);
  });
});

test('windows line ends, a byte order mark and anchors are no mistakes', () => {
  expect(lines(LAB.replaceAll('\n', '\r\n'))).toEqual([]);
  expect(lines(`\uFEFF${LAB}`)).toEqual([]);
  expect(
    lines(with_('az: cn-north-1a\n', 'az: &zone cn-north-1a\n').replace('az: cn-north-1a,', 'az: *zone,')),
  ).toEqual([]);
});

test('a mistake inside what an alias stands for is shown where the anchor is', () => {
  const text = with_('subnets: [172.16.11.0/24]', 'subnets: &nets [10.9.9.1/24]').replace(
    'subnets: [172.16.12.0/24]',
    'subnets: *nets',
  );
  expect(lines(text)[0]).toBe(
    'f:38: route_tables[0].subnets[0]: 10.9.9.1/24 has host bits set: did you mean 10.9.9.0/24?',
  );
});

/** Input made to hurt a parser: each is refused at once (the unguarded parser took minutes, or the stack). */
test.each([
  ['brackets', `a: ${'['.repeat(500_000)}`],
  ['braces', `a: ${'{a: '.repeat(100_000)}`],
  ['dashes', '- '.repeat(300_000)],
  ['a staircase', Array.from({ length: 1200 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ['a hundred thousand keys', Array.from({ length: 100_000 }, (_, index) => `k${index}: 1`).join('\n')],
  [
    'laughing aliases',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`).join('\n')}`,
  ],
])('%s', (_, text) => {
  // What grows faster than the text would not end within the limit of a test.
  expect(lines(text).length).toBeGreaterThan(0);
});

test('no text at all makes the reader throw, and every mistake has a line of the text', () => {
  const token = fc.constantFrom(
    'version: 1',
    'site:',
    'cloud:',
    '  cidr: 10.0.0.0/8',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '|',
    '>',
    '&a',
    '*a',
    '#',
    '?',
    ':',
    '\n',
    '\t',
    '---',
    '...',
    '%YAML',
    '!!x',
    '\0',
    '<<',
    'null',
    '1e9',
    'gateways: [1, {a: b}]',
  );
  const garbage = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(token, { maxLength: 30 }).map((parts) => parts.join('')),
    fc.array(token, { maxLength: 30 }).map((parts) => parts.join('\n')),
  );
  fc.assert(
    fc.property(garbage, (text) => {
      const { mistakes } = readDocument(text);
      expect(mistakes.length).toBeGreaterThan(0);
      for (const { line, column, message } of mistakes) {
        expect(line).toBeGreaterThan(0);
        expect(line).toBeLessThanOrEqual(text.split('\n').length);
        expect(column).toBeGreaterThan(0);
        expect(message).not.toMatch(/[\u0000-\u001f]/);
      }
    }),
    { numRuns: 400 },
  );
});

describe('pre-shared keys', () => {
  test('made ones satisfy the rule they are held to, at every level', () => {
    let state = 7;
    const random = (bytes: number) =>
      Uint8Array.from({ length: bytes }, () => (state = (state * 48_271) % 2_147_483_647) & 255);
    for (let count = 0; count < 500; count += 1) {
      const key = generatePsk(random);
      expect(key).toMatch(/^[A-Za-z1-9._][A-Za-z0-9._]{39}$/);
      expect([pskProblem(key, 'cnsa'), pskWarning(key)]).toEqual([undefined, undefined]);
    }
  });

  test('each of the 256 bytes counts, and every character as often as any other', () => {
    const counts = new Map<string, number>();
    for (let byte = 0; byte < 256; byte += 1) {
      const [, second] = generatePsk((bytes) =>
        Uint8Array.from({ length: bytes }, (_, index) => (index === 0 ? 0 : byte)),
      );
      counts.set(second!, (counts.get(second!) ?? 0) + 1);
    }
    expect([counts.size, new Set(counts.values())]).toEqual([64, new Set([4])]);
  });

  test.each([
    ['', 'legacy', 'the key is empty: put 8 to 64 letters, digits, "." or "_" in it'],
    ['cisco', 'modern', 'the key has 5 characters: 8 is the least, 32 are better'],
    ['cisco', 'legacy', undefined],
    ['two\nlines.of.key', 'modern', 'the key has a line break: put it on one line'],
    ['with"quote', 'legacy', 'the key has a character that not every box takes: use letters, digits, "." and "_"'],
    ['with blank', 'legacy', 'the key has a character that not every box takes: use letters, digits, "." and "_"'],
    ['schlüssel', 'modern', 'the key has a character that not every box takes: use letters, digits, "." and "_"'],
    ['0123456789', 'modern', 'the key begins with 0, which AWS refuses: begin it with another character'],
    ['x'.repeat(65), 'modern', 'the key has 65 characters: 64 is the most'],
    ['x'.repeat(64), 'modern', undefined],
  ] as const)('%j at level %s', (key, level, expected) => {
    expect(pskProblem(key, level)).toBe(expected);
    if (key.length > 3) expect(expected ?? '').not.toContain(key);
  });
});

test('shown values are short, printable and quoted when they are not plain', () => {
  expect([
    show('a-b'),
    show('a b'),
    show('\u001b[31m'),
    show('x'.repeat(99)),
    show([1]),
    show({}),
    show(null),
    show('北京'),
  ]).toEqual(['a-b', '"a b"', '"?[31m"', `"${'x'.repeat(40)}…" (99 characters)`, 'a list', 'a map', 'null', '"北京"']);
});

test('a near word is offered, a far one is not', () => {
  expect(nearest('gatway', ['gateway', 'router'])).toBe('gateway');
  expect(nearest('gatewya', ['gateway', 'router'])).toBe('gateway');
  expect(nearest('printer', ['gateway', 'router'])).toBeUndefined();
  expect(nearest('x'.repeat(200_000), ['gateway'])).toBeUndefined();
});
