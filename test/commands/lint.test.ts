import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { files } from '../../src/lib/adapters/files.ts';
import { EXIT } from '../../src/lib/core/errors.ts';
import { run } from '../helpers/run.ts';

const KEY = 'k7PqVt2.Wm9_xRb4Zc8nYd3FhJ6sLgQa';
const WARNING = 'net.ipv4.conf.default.rp_filter = 2\n';

describe('vpn lint', () => {
  it('prints one line for each finding, with line, rule and fix', async () => {
    expect(await run('vpn lint s.conf', { files: { 's.conf': `net.ipv4.ip_forward = 0\n${WARNING}` } })).toMatchObject({
      exit: EXIT.failed,
      err: '',
      out:
        's.conf:1: error ip-forward: ip_forward is off: the tunnel is up and nothing passes (troubleshooting case 2) — set net.ipv4.ip_forward = 1\n' +
        's.conf:2: warning rp-filter: net.ipv4.conf.all.rp_filter is not set: where the system has 1 there, the larger value wins — set all and the interface\n' +
        's.conf: sysctl, 1 error, 1 warning, 0 info\n',
    });
  });

  it('exits 0 for warnings, 1 with --strict', async () => {
    const given = { files: { 's.conf': WARNING } };
    expect([(await run('vpn lint s.conf', given)).exit, (await run('vpn lint --strict s.conf', given)).exit]).toEqual([
      EXIT.ok,
      EXIT.failed,
    ]);
  });

  it('has the same as data', async () => {
    expect((await run('vpn lint s.conf --json', { files: { 's.conf': WARNING } })).json()).toEqual({
      version: 1,
      file: 's.conf',
      kind: 'sysctl',
      counts: { error: 0, warning: 1, info: 0 },
      findings: [
        {
          rule: 'rp-filter',
          level: 'warning',
          line: 1,
          message: expect.any(String),
          fix: 'set all and the interface',
        },
      ],
    });
  });

  it('never shows a key, whatever is wrong with it', async () => {
    const keys = ['cisco', 'sh0rt!', KEY, `0${KEY}`, `\u201c${KEY}\u201d`];
    for (const key of keys) {
      const texts = [
        `192.0.2.1 : PSK "${key}"`,
        `secrets {\nike-1 {\nid-1 = a\nsecret = "${key}"\n}\n}`,
        `crypto isakmp key ${key} address 192.0.2.1`,
        `tunnel-group 192.0.2.1 ipsec-attributes\n ikev1 pre-shared-key ${key}`,
      ];
      for (const text of texts) {
        for (const flags of ['', '--json']) {
          const ran = await run(`vpn lint f ${flags}`, { files: { f: text } });
          expect(ran.out.length).toBeGreaterThan(10);
          expect(`${ran.out}${ran.err}`).not.toContain(key === 'cisco' ? '"cisco"' : key);
        }
      }
    }
  });

  it('lists its rules, each with a source', async () => {
    const { rules } = (await run('vpn lint --rules --json')).json();
    expect(rules.length).toBeGreaterThan(60);
    expect(rules[0]).toEqual({
      id: 'crypto-md5',
      level: 'error',
      kinds: ['ios', 'asa', 'swanctl', 'ipsec-conf'],
      title: 'MD5 is forbidden',
      source: expect.stringContaining('RFC 8247'),
    });
    expect((await run('vpn lint --rules')).out).toContain('ikev1');
  });

  it.each([
    ['vpn lint', 'missing file or --rules'],
    ['vpn lint none.conf', 'none.conf: no such file'],
    ['vpn lint --kind junos f', '--kind: junos is not one of ios, asa, '],
    ['vpn lint f', "f: can't tell what kind of configuration this is"],
  ])('%s is refused', async (line, message) =>
    expect(await run(line, { files: { f: 'hello' } })).toMatchObject({
      exit: EXIT.usage,
      out: '',
      err: expect.stringContaining(message),
    }),
  );

  it('refuses a file that never ends, without reading it whole', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lint-'));
    await writeFile(join(folder, 'big'), 'conn a\n'.repeat(700_000));
    for (const [path, why] of [
      ['/dev/zero', 'is a device, not a file'],
      [join(folder, 'big'), 'is larger than 4096 KiB'],
    ] as const) {
      expect(await run(`vpn lint ${path}`, { ports: { files } })).toMatchObject({
        exit: EXIT.usage,
        err: expect.stringContaining(why),
      });
    }
    await rm(folder, { recursive: true });
  });
});
