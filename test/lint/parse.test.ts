import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lint } from '../../src/lib/lint/index.ts';
import { detectKind, parseFile } from '../../src/lib/lint/parse.ts';
import { KINDS } from '../../src/lib/lint/types.ts';
import { EXIT } from '../../src/lib/core/errors.ts';
import { expectLinear } from '../helpers/growth.ts';

const each = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join('');
const address = (index: number): string => `198.${18 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;

describe('reading files to lint', () => {
  it.each([
    ['connections {\n}', 'swanctl'],
    ['charon {\n}', 'swanctl'],
    ['config setup\nconn a', 'ipsec-conf'],
    ['1.2.3.4 5.6.7.8 : PSK "x"', 'ipsec-conf'],
    [': RSA gw-1.pem', 'ipsec-conf'],
    ['203.0.113.11 : ECDSA gw-1.pem', 'ipsec-conf'],
    ['crypto isakmp policy 10\ncrypto map M 10 ipsec-isakmp\ninterface GigabitEthernet1', 'ios'],
    ['crypto isakmp policy 10\ncrypto map M 10 match address A\ncrypto map M interface outside', 'asa'],
    ['net.ipv4.ip_forward = 1', 'sysctl'],
    ['hello', undefined],
    ['', undefined],
  ])('%j is %s', (text, kind) => expect(detectKind(text.split('\n'))).toBe(kind));

  it('reads several settings and sections on one line, comments and quotes', () => {
    const { conns, secrets } = parseFile(
      'f',
      'connections { a { version = 2\n remote_addrs = 192.0.2.1 # here\n children { net { if_id_in = 7 } } } }\nsecrets { ike-1 { id-1 = x\n secret = "a # b" } }',
    );
    expect([conns[0]?.version, conns[0]?.remote?.value, conns[0]?.ifId[0]?.value, secrets]).toEqual([
      2,
      '192.0.2.1',
      '7',
      [{ line: 5, value: 'a # b', ids: ['x'] }],
    ]);
  });

  it('a section has what it refers to, its own settings first; a reference in a circle ends', () => {
    const { conns, secrets } = parseFile(
      'f',
      'base { version = 1\n dpd_delay = 10s\n remote { id = other }\n }\ndeep { children : base { } }\nloop : loop2 { a = 1 }\nloop2 : loop { b = 2 }\n' +
        'connections { a : base, loop, nobody { version = 2\n remote_addrs = 192.0.2.1\n remote { auth = psk } } }\nsecrets { ike : loop { secret = x } }',
    );
    const [conn] = conns;
    expect([conns.length, conn?.version, conn?.remoteId?.value, secrets[0]?.value]).toEqual([1, 2, 'other', 'x']);
    expect(conn?.raw.map(({ key }) => key)).toEqual(expect.arrayContaining(['dpd_delay', 'auth', 'a', 'b']));
  });

  it('references can not multiply a file', () => {
    const nested = Array.from({ length: 40 }, (_, at) => `s${at} : ${`s${at + 1}, `.repeat(30)}s${at + 1} { x = 1 }`);
    expect(parseFile('f', `connections { }\n${nested.join('\n')}`).conns).toEqual([]);
  });

  it.each([
    ['!! IOS XR Configuration 7.3.2\nrouter bgp 65010', 'IOS XR'],
    ['interface TenGigE0/0/0/0\n ipv4 address 198.51.100.1 255.255.255.252\nrouter bgp 1', 'IOS XR'],
    ['!Command: show running-config\nfeature bgp\nrouter bgp 1', 'NX-OS'],
    ['! device: leaf1 (DCS-7050, EOS-4.28.1F)\nrouter bgp 65001', 'Arista EOS'],
    ['frr version 8.4.4\nrouter bgp 65010', 'FRR'],
    ['set security ike policy p mode main', 'Junos'],
    ['config vpn ipsec phase1-interface\n edit "aws"', 'FortiOS'],
  ])('%j is told to be another language', (text, name) => {
    expect(() => parseFile('f', text)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(name), exit: EXIT.usage, field: 'f' }),
    );
    expect(parseFile('f', text, { kind: 'ios' }).kind).toBe('ios');
  });

  it('follows %default and also=', () => {
    const { conns } = parseFile(
      'f',
      'conn %default\n keyexchange=ikev2\nconn base\n right=192.0.2.1\nconn a\n also=base\n auto=start\n',
    );
    expect(conns.map(({ name, version, remote, start }) => [name, version, remote?.value, start?.value])).toEqual([
      ['base', 2, '192.0.2.1', undefined],
      ['a', 2, '192.0.2.1', 'start'],
    ]);
  });

  it.each([
    ['binary', 'conn a\0', 'is not text'],
    ['another encoding', '\ufffd'.repeat(40), 'is not text'],
    ['too large', 'conn a\n'.repeat(700_000), 'larger than 4 MiB'],
    ['of no kind', 'hello', "can't tell what kind"],
  ])('refuses what is %s', (_what, text, message) =>
    expect(() => parseFile('f', text)).toThrow(
      expect.objectContaining({ exit: EXIT.usage, field: 'f', message: expect.stringContaining(message) }),
    ),
  );

  it('stands any input, of any kind', () => {
    const word = fc.constantFrom(
      'conn ',
      'crypto map M 10 ',
      'match address A',
      'nat (inside) 0 access-list A',
      'access-list A extended permit ip ',
      '10.0.0.0 ',
      '255.0.0.0 ',
      'any ',
      'object ',
      '{',
      '}',
      '=',
      '"',
      '#',
      '\n',
      ' ',
      'proposals',
      'aes128-sha1;modp1024',
      ': PSK ',
      'interface Tunnel1',
      'ip address ',
      'set ',
      'track 1',
      'ip route ',
      '__proto__',
      'constructor',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(word, fc.string({ maxLength: 6 })), { maxLength: 60 }),
        fc.constantFrom(...KINDS),
        (parts, kind) => {
          const text = parts.join('').replaceAll('\0', '');
          expect(Array.isArray(lint(parseFile('f', text, { kind })))).toBe(true);
        },
      ),
    );
  });

  it.each([
    ['a million open sections', 'swanctl', 1_000_000, (n: number) => 'a{'.repeat(n)],
    ['one line of quotes', 'swanctl', 500_000, (n: number) => 'a="{'.repeat(n)],
    ['proposals without end', 'ipsec-conf', 500_000, (n: number) => `conn a\nike=${'aes-'.repeat(n)}`],
    ['blanks before no colon', 'ipsec-conf', 1_000_000, (n: number) => `conn a\n${' '.repeat(n)}PSK`],
    ['many entries', 'asa', 40_000, (n: number) => 'access-list A extended permit ip any any\n'.repeat(n)],
    ['many routes', 'ios', 40_000, (n: number) => 'ip route 10.0.0.0 255.0.0.0 Tunnel1 track 1 tag 1\n'.repeat(n)],
    ['many connections', 'ipsec-conf', 40_000, (n: number) => 'conn a\nright=192.0.2.1\nmark=1\n'.repeat(n)],
    [
      'settings that connections take over',
      'ipsec-conf',
      12_000,
      (n: number) =>
        `conn %default\n${each(n, (i) => ` x${i}=1\n`)}${each(n, (i) => `conn c${i}\n right=192.0.2.1\n`)}`,
    ],
    [
      'connections that refer to others',
      'ipsec-conf',
      12_000,
      (n: number) => each(n, (i) => `conn c${i}\n also=c${i + 1}\n right=192.0.2.1\n`),
    ],
    [
      'connections and keys',
      'swanctl',
      4_000,
      (n: number) =>
        `connections {\n${each(n, (i) => ` c${i} {\n remote_addrs=${address(i)}\n }\n`)}}\nsecrets {\n${each(n, (i) => ` ike${i} {\n id=${address(i)}\n secret=x${i}\n }\n`)}}\n`,
    ],
    [
      'tunnels and profiles',
      'ios',
      4_000,
      (n: number) =>
        each(
          n,
          (i) =>
            `crypto ipsec transform-set T${i} esp-aes esp-sha-hmac\ncrypto ipsec profile P${i}\n set transform-set T${i}\ninterface Tunnel${i}\n ip mtu 1400\n ip tcp adjust-mss 1300\n tunnel destination ${address(i)}\n tunnel protection ipsec profile P${i}\n`,
        ),
    ],
    [
      'crypto maps and access lists',
      'ios',
      4_000,
      (n: number) =>
        each(
          n,
          (i) =>
            `crypto map M ${i + 1} ipsec-isakmp\n match address A${i}\n set peer ${address(i)}\nip access-list extended A${i}\n permit ip 10.0.0.0 0.0.0.255 host ${address(i)}\n`,
        ),
    ],
    [
      'tunnel groups',
      'asa',
      4_000,
      (n: number) =>
        each(
          n,
          (i) =>
            `tunnel-group ${address(i)} type ipsec-l2l\ntunnel-group ${address(i)} ipsec-attributes\n ikev1 pre-shared-key k${i}\ncrypto map M ${i + 1} set peer ${address(i)}\naccess-list A${i} extended permit ip any any\ncrypto map M ${i + 1} match address A${i}\n`,
        ),
    ],
    ['keys', 'ios', 12_000, (n: number) => each(n, (i) => `crypto isakmp key k${i} address ${address(i)}\n`)],
  ] as const)('takes no more than its length on %s', (_what, kind, size, text) => {
    expectLinear((n) => lint(parseFile('f', text(n), { kind })), size);
  });
});
