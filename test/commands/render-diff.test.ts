import { describe, expect, it } from 'vitest';
import { diffsOf } from '../../src/lib/site/file-diff.ts';
import { fakeFiles } from '../fakes/files.ts';
import { run } from '../helpers/run.ts';

const INIT =
  'vpn init --name office --region cn-north-1 --vpc-cidr 172.16.0.0/16 --network 10.10.0.0/16 ' +
  '--gateway az=cn-north-1a,private=172.16.1.157,public=203.0.113.11';
const DIALECTS = ['ios-vti', 'ios-cryptomap', 'asa-8.3', 'asa-9.7-vti', 'swanctl', 'libreswan'] as const;

describe('vpn render --diff', () => {
  it.each(DIALECTS)('%s: what changes, line by line, and no key', async (dialect) => {
    const made = await run(`${INIT} --router public=198.51.100.77,dialect=${dialect}`);
    expect(made.exit, made.err).toBe(0);
    const key = made.files['psk/vpn1']!.content.trim();
    const site = made.files['hybridctl.yaml']!;
    const another = {
      ...made.files,
      'hybridctl.yaml': { ...site, content: site.content.replaceAll('198.51.100.77', '198.51.100.78') },
      // The old key is no longer known to anybody: it must not be shown either.
      'psk/vpn1': { content: `${'N3w'.repeat(12)}\n`, mode: 0o600 },
    };
    const ran = await run('vpn render --dry-run --diff', { files: another });
    expect(ran.exit, ran.err).toBe(0);
    expect(ran.out).toMatch(/^-.*198\.51\.100\.77/m);
    expect(ran.out).toMatch(/^\+.*198\.51\.100\.78/m);
    const data = await run('vpn render --dry-run --diff --json', { files: another });
    expect(data.json().files.some(({ diff }: { diff: string }) => diff.startsWith('--- '))).toBe(true);
    for (const text of [ran.out, ran.err, data.out]) {
      expect(text).not.toContain(key);
      expect(text).not.toContain('N3wN3w');
    }
    // Nothing was written.
    expect(ran.files['rendered/rtr-1']).toBeUndefined();
    expect((await run('vpn render --dry-run --diff', { files: made.files })).out).not.toContain('--- ');
  });

  it('says where only keys differ, and shows a new file as new', async () => {
    const files = fakeFiles({ '/a': { content: 'conn x\n: PSK "old"\n', mode: 0o600 } });
    expect(
      await diffsOf(files, [
        { path: '/a', content: 'conn x\n: PSK "new"\n', mode: 0o600 },
        { path: '/b', content: 'x\n', mode: 0o644 },
      ]),
    ).toEqual([
      { path: '/a', diff: '--- /a\n+++ /a\n(only keys differ, which are not shown)\n' },
      { path: '/b', diff: '--- /dev/null\n+++ /b\n@@ -0,0 +1,1 @@\n+x\n' },
    ]);
  });
});

it('"Change it?" of vpn init comes after what would change', async () => {
  const made = await run(`${INIT} --router public=198.51.100.77,dialect=ios-vti`);
  const ran = await run('vpn init --router name=rtr-1,public=198.51.100.80', {
    files: made.files,
    answers: { 'hybridctl.yaml is there already. Change it?': false },
  });
  expect([ran.exit, ran.asked.at(-1)]).toEqual([1, 'hybridctl.yaml is there already. Change it?']);
  expect(ran.err).toMatch(/^-.*198\.51\.100\.77/m);
  expect(ran.err).toMatch(/^\+.*198\.51\.100\.80/m);
  expect(ran.err).toContain('cancelled; nothing was changed');
});
