import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readDocument } from '../../src/lib/site/document.ts';
import { draftOf, newSiteText, amendedText } from '../../src/lib/site/write.ts';
import { arbitrarySiteInput } from '../helpers/arbitrary-site.ts';
import { run } from '../helpers/run.ts';

const LAB = readFileSync('test/fixtures/lab.yaml', 'utf8');
const KEY = { content: 'Lab.key_0123456789abcdef0123456789\n', mode: 0o600 };
const KEYS = { 'psk/vpn1': KEY, 'psk/vpn2': KEY };

describe('config validate', () => {
  test('a valid site: its tunnels, links and the MTU sum', async () => {
    const ran = await run('config validate', { files: { 'hybridctl.yaml': LAB, ...KEYS } });
    expect([ran.exit, ran.err]).toEqual([0, '']);
    expect(ran.out).toBe(
      `demo  crypto modern
TUNNEL  FROM  TO     MODE   INSIDE            MTU   MSS
vpn1    gw-1  rtr-1  route  169.254.100.0/30  1438  1398
vpn2    gw-2  rtr-2  route  169.254.200.0/30  1438  1398
vpn1: 1500 - 20 outer IPv4 header - 8 UDP header (NAT-T) - 8 ESP header - 8 GCM IV - 16 GCM ICV - 2 ESP trailer = MTU 1438; MSS 1438 - 40 = 1398
vpn2: 1500 - 20 outer IPv4 header - 8 UDP header (NAT-T) - 8 ESP header - 8 GCM IV - 16 GCM ICV - 2 ESP trailer = MTU 1438; MSS 1438 - 40 = 1398
links: dx-1 (dx), vpn-a (vpn), vpn-b (vpn)
warning: hybridctl.yaml:34: links[0].bgp_password_file: is not set: AWS always sets an MD5 key on the BGP session of dx-1, which stays down until the router has the same key
warning: hybridctl.yaml:29: onprem.routers[1].private_ip: the NAT at 198.51.100.140 has to forward UDP 500 and 4500 to 10.10.2.100 (rtr-2), since the gateway begins: or set initiator: router on its tunnels
warning: hybridctl.yaml:34: links[0]: dx-1 is probed at rtr-1 (10.10.0.2) and a dead line behind it is not seen: name hosts of the office in probe.targets
hybridctl.yaml is valid
`,
    );
  });

  test('every mistake, each on a line of its own, with its place; exit 2', async () => {
    const text = LAB.replace('crypto: modern', 'crypto: moden')
      .replace('cidr: 172.16.0.0/16', 'cidr: 172.16.0.1/16')
      .replace('name: vpn1', 'nam: vpn1');
    const ran = await run('config validate bad.yaml', { files: { 'bad.yaml': text } });
    expect([ran.exit, ran.err]).toEqual([2, '']);
    expect(ran.out).toBe(`bad.yaml:4: crypto: moden is not known here: did you mean modern?
bad.yaml:8: cloud.cidr: 172.16.0.1/16 has host bits set: did you mean 172.16.0.0/16?
bad.yaml:31: tunnels[0].name: is missing: add it (text)
bad.yaml:31: tunnels[0].nam: is not a key here: did you mean name?
4 mistakes
`);
    expect((await run('config validate bad.yaml --json', { files: { 'bad.yaml': text } })).json()).toMatchObject({
      file: 'bad.yaml',
      valid: false,
      mistakes: [
        { line: 4, column: 9, path: 'crypto', message: 'moden is not known here', fix: 'did you mean modern?' },
        { line: 8, column: 9, path: 'cloud.cidr' },
        { line: 31 },
        { line: 31 },
      ],
    });
  });

  test('key files are judged too, where the shape or the meaning is wrong elsewhere', async () => {
    const open = { ...KEY, mode: 0o644 };
    for (const text of [LAB.replace('name: dx-1', 'nam: dx-1'), LAB.replace('169.254.200.0/30', '169.254.5.0/30')]) {
      const { out, exit } = await run('config validate bad.yaml', {
        files: { 'bad.yaml': text, 'psk/vpn1': open, 'psk/vpn2': KEY },
      });
      expect(exit).toBe(2);
      expect(out).toMatch(/^bad\.yaml:31: tunnels\[0\]\.psk_file: psk\/vpn1 .*chmod 600/m);
    }
  });

  test('unknown names are said together with the mistakes of the shape', async () => {
    const text = LAB.replace('crypto: modern', 'crypto: moden').replaceAll('vpn-b]', 'vpn-z]');
    const { out } = await run('config validate bad.yaml', { files: { 'bad.yaml': text } });
    expect(out).toContain('bad.yaml:4: crypto: moden is not known here');
    expect(out).toContain('no link is called vpn-z: there are dx-1, vpn-a, vpn-b');
  });

  test('key files: missing is a warning, open to others or unfit is a mistake, and none is shown', async () => {
    const files = {
      'hybridctl.yaml': LAB,
      'psk/vpn1': { content: 'with "quotes"', mode: 0o600 },
      'psk/vpn2': { ...KEY, mode: 0o644 },
    };
    const bad = await run('config validate', { files });
    expect([bad.exit, bad.out]).toEqual([
      2,
      `hybridctl.yaml:31: tunnels[0].psk_file: psk/vpn1: the key has a character that not every box takes: use letters, digits, "." and "_"
hybridctl.yaml:32: tunnels[1].psk_file: psk/vpn2 can be read by others (mode 0644): chmod 600 /site/psk/vpn2
2 mistakes
`,
    ]);
    const absent = await run('config validate', { files: { 'hybridctl.yaml': LAB } });
    expect([absent.exit, absent.out.match(/^warning: .*$/gm)]).toEqual([
      0,
      [
        'warning: hybridctl.yaml:34: links[0].bgp_password_file: is not set: AWS always sets an MD5 key on the BGP session of dx-1, which stays down until the router has the same key',
        'warning: hybridctl.yaml:29: onprem.routers[1].private_ip: the NAT at 198.51.100.140 has to forward UDP 500 and 4500 to 10.10.2.100 (rtr-2), since the gateway begins: or set initiator: router on its tunnels',
        'warning: hybridctl.yaml:34: links[0]: dx-1 is probed at rtr-1 (10.10.0.2) and a dead line behind it is not seen: name hosts of the office in probe.targets',
        ...[1, 2].map(
          (n) =>
            `warning: hybridctl.yaml:${30 + n}: tunnels[${n - 1}].psk_file: psk/vpn${n} is not there: run "hybridctl vpn init" to make it, or write it with mode 0600`,
        ),
      ],
    ]);
  });

  test('a password of BGP is held to its rule too', async () => {
    const text = LAB.replace('cloud_asn: 64512', 'cloud_asn: 64512, bgp_password_file: psk/bgp');
    const ran = await run('config validate', {
      files: { 'hybridctl.yaml': text, ...KEYS, 'psk/bgp': { content: 'pass word', mode: 0o600 } },
    });
    expect([ran.exit, ran.out.split('\n')[0]]).toEqual([
      2,
      'hybridctl.yaml:34: links[0].bgp_password_file: psk/bgp: the password is not 6 to 80 letters, digits, ".", "_" or "-": choose another',
    ]);
  });

  test('no file, a folder of a file, a giant', async () => {
    expect((await run('config validate')).err).toBe(
      'hybridctl: hybridctl.yaml: no such file\n  next: run "hybridctl vpn init", or name one with --site\n',
    );
    expect((await run('config validate', { files: { 'hybridctl.yaml': `# ${'x'.repeat(1_100_000)}` } })).err).toBe(
      'hybridctl: hybridctl.yaml: has 1100002 bytes, a site file at most 1048576\n  next: name the right file with --site\n',
    );
    expect((await run(`config validate ${'n'.repeat(200_000)}`)).err.length).toBeLessThan(200);
  });

  test('other commands refuse the same file with the same line', async () => {
    const ran = await run('vpn render', {
      files: { 'hybridctl.yaml': LAB.replace('169.254.200.0', '169.254.5.0').replace('psk/vpn2', 'psk/vpn1') },
    });
    expect([ran.exit, ran.err]).toEqual([
      2,
      'hybridctl: hybridctl.yaml:32: tunnels[1].inside: 169.254.5.0/30 is reserved by AWS: take another /30, like 169.254.100.0/30\n  hybridctl.yaml:32: tunnels[1].psk_file: is the key file of tunnels[0].psk_file too: each tunnel has its own key\n',
    ]);
  });
});

test('config schema prints what the repository publishes', async () => {
  const published = JSON.parse(readFileSync('schema/hybridctl.schema.json', 'utf8'));
  expect((await run('config schema --json')).json()).toEqual(published);
  expect((await run('config schema')).json()).toEqual(published);
});

describe('any site', () => {
  test('that is valid survives being written, read and written again', () => {
    fc.assert(
      fc.property(arbitrarySiteInput, (input) => {
        const text = newSiteText(input as never);
        expect(readDocument(text).mistakes).toEqual([]);
        expect(draftOf(text)).toEqual(JSON.parse(JSON.stringify(input)));
        expect(amendedText(text, draftOf(text))).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  test('becomes any other by an edit, and its comments stay', () => {
    fc.assert(
      fc.property(arbitrarySiteInput, arbitrarySiteInput, (before, after) => {
        const text = newSiteText(before as never).replace('\nsite: ', '\n# mine\nsite: ');
        const edited = amendedText(text, after as never);
        expect(draftOf(edited)).toMatchObject(JSON.parse(JSON.stringify(after)));
        expect(edited).toContain('# mine\nsite: ');
      }),
      { numRuns: 60 },
    );
  });

  test('spoilt in one place is either still valid or refused with a place, never a crash', () => {
    const weird = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        true,
        -1,
        1.5,
        1e300,
        '',
        ' ',
        '\n',
        '169.254.0.0/30',
        '0.0.0.0/0',
        'gw-1',
        [],
        {},
        [[]],
        '"',
        '\u202e',
        '__proto__',
      ),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.integer(),
    );
    fc.assert(
      fc.property(arbitrarySiteInput, fc.nat(), weird, fc.boolean(), (input, pick, value, drop) => {
        const copy = structuredClone(input) as never;
        const places: [Record<string, unknown>, string][] = [];
        const walk = (node: unknown): void => {
          if (typeof node !== 'object' || node === null) return;
          for (const [key, inner] of Object.entries(node)) {
            places.push([node as Record<string, unknown>, key]);
            walk(inner);
          }
        };
        walk(copy);
        const [parent, key] = places[pick % places.length]!;
        if (drop && !Array.isArray(parent)) delete parent[key];
        else parent[key] = value;
        for (const one of readDocument(stringify(copy)).mistakes) expect(one.line).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });
});
