import { expect, test } from 'vitest';
import { amendedText, draftOf } from '../../../src/lib/site/write.ts';

const TEXT = `# ours
site: demo   # the name
crypto: modern
gateways:
  - { name: gw-1, public_ip: 203.0.113.11, subnets: [172.16.1.0/24, 172.16.2.0/24] }   # EIP
  - {name: gw-2, public_ip: "203.0.113.12"}
`;

test('where only values change all else stays to the byte', () => {
  const draft = draftOf(TEXT) as unknown as { crypto: string; gateways: { public_ip: string; name: string }[] };
  draft.crypto = 'cnsa';
  draft.gateways[0]!.public_ip = '203.0.113.99';
  draft.gateways[1]!.name = 'two words, and: more';
  expect(amendedText(TEXT, draft as never)).toBe(
    TEXT.replace('modern', 'cnsa').replace('203.0.113.11', '203.0.113.99').replace('gw-2', '"two words, and: more"'),
  );
  expect(amendedText(TEXT, draftOf(TEXT))).toBe(TEXT);
});

test.each(['yes', 'null', '1.5', '~', '0x10', '2026-12-01', 'a,b', 'a]', '# a', '*x', 'true', '北京'])(
  'a value that YAML would read otherwise is quoted: %s',
  (value) => {
    const draft = { ...draftOf(TEXT), crypto: value };
    expect(draftOf(amendedText(TEXT, draft as never))).toEqual(draft);
  },
);

test('what is more than a value is written anew, comments stay', () => {
  const draft = draftOf(TEXT) as unknown as Record<string, unknown>;
  const text = amendedText(TEXT, { ...draft, wan_mtu: 1492 } as never);
  expect(draftOf(text)).toEqual({ ...draft, wan_mtu: 1492 });
  expect(text).toContain('# the name');
});
