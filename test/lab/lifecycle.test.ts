import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shell } from '../../src/lib/adapters/shell.ts';
import { nothing, traces, workshop, type Workshop } from './lab.ts';

// Labs that come and go: what they leave behind must be nothing, however they end.
const LAB = 'vtc';
const SECOND = 'vtd';
const HOST = '10.10.3.100';

let shop: Workshop;

beforeAll(async () => {
  shop = await workshop();
});

afterAll(async () => {
  for (const name of [LAB, SECOND]) await shop.run(['lab', 'down', '--name', name, '--yes']);
  await shop.remove();
}, 60_000);

describe('coming and going', () => {
  it('stands beside a second lab, and goes without a trace of either', async () => {
    const first = await shop.run(['lab', 'up', '--name', LAB, '--site', shop.site]);
    expect(first.exit).toBe(0);
    // The line that it prints serves the page of this lab.
    const page = /^live page (.*)hybridctl (status --web .*)$/m.exec(first.out)!;
    const served = await shell.run(
      'sh',
      ['-c', `${page[1]} timeout -s INT 8 ${process.execPath} ${shop.program} ${page[2]} --listen 127.0.0.1:0`],
      { cwd: shop.dir },
    );
    expect(served.stderr).toContain('status page of demo');
    const second = await shop.run(['lab', 'up', '--name', SECOND, '--site', shop.site]);
    expect(second).toMatchObject({ exit: 0 });
    expect(
      (await shop.run(['lab', 'exec', '--name', SECOND, 'app-2', '--', 'ping', '-n', '-q', '-c', '1', HOST])).exit,
    ).toBe(0);
    // Its record says "ready", but somebody has removed a namespace: "up" looks, and builds it anew.
    await shell.run('ip', ['netns', 'del', `${SECOND}-lan`]);
    const again = await shop.run(['lab', 'up', '--name', SECOND, '--site', shop.site, '--json']);
    expect([again.exit, JSON.parse(again.out).fresh], again.err).toEqual([0, true]);
    expect((await shop.run(['lab', 'down', '--name', SECOND, '--yes'])).exit).toBe(0);
    expect(await traces(SECOND)).toEqual(nothing);
    expect(
      (await shop.run(['lab', 'exec', '--name', LAB, 'app-1', '--', 'ping', '-n', '-q', '-c', '1', HOST])).exit,
    ).toBe(0);
    // A monitor that "lab exec" started would go on moving routes.
    const watch = shop.start([
      ...['lab', 'exec', '--name', LAB, 'app-1', '--', 'sh', '-c'],
      'trap "echo told; exit 7" TERM; echo $$ ready >&2; while :; do sleep 0.1; done',
    ]);
    await watch.says('ready');
    watch.child.kill('SIGTERM');
    expect(await watch.ended).toMatchObject({ exit: 7, out: 'told\n' });
    expect((await shop.run(['lab', 'down', '--name', LAB, '--yes'])).exit).toBe(0);
    expect(await traces(LAB)).toEqual(nothing);
    expect((await shop.run(['lab', 'down', '--name', LAB, '--yes'])).out).toBe(`no lab called ${LAB} was there\n`);
  }, 90_000);

  it.each(['network:', 'daemons:', 'cloud:', 'tunnels established'])(
    'leaves nothing after kill -9 at "%s" and down',
    async (line) => {
      const up = shop.start(['lab', 'up', '--name', SECOND, '--site', shop.site]);
      await up.says(line);
      up.child.kill('SIGKILL');
      await up.ended;
      const gone = await shop.run(['lab', 'down', '--name', SECOND, '--yes']);
      expect(gone).toMatchObject({ exit: 0, err: '' });
      expect(await traces(SECOND)).toEqual(nothing);
    },
    60_000,
  );

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'down works right after an up that got %s, with no pause between them',
    async (signal) => {
      const up = shop.start(['lab', 'up', '--name', SECOND, '--site', shop.site]);
      await up.says('daemons:');
      up.child.kill(signal);
      expect(await shop.run(['lab', 'down', '--name', SECOND, '--yes'])).toMatchObject({ exit: 0 });
      expect(await traces(SECOND)).toEqual(nothing);
      await up.ended;
    },
    60_000,
  );

  it('cleans up after Ctrl-C', async () => {
    const up = shop.start(['lab', 'up', '--name', SECOND, '--site', shop.site]);
    await up.says('daemons:');
    up.child.kill('SIGINT');
    expect((await up.ended).exit).toBe(130);
    expect(await traces(SECOND)).toEqual(nothing);
  }, 60_000);

  it('says what failed and cleans up when a tunnel cannot come up', async () => {
    const { exit } = await shop.run(['vpn', 'render', '--site', shop.site, '--out', 'rendered']);
    expect(exit).toBe(0);
    const path = `${shop.dir}/rendered/gw-1/etc/swanctl/conf.d/vpn1.conf`;
    await writeFile(path, (await readFile(path, 'utf8')).replace(/(\bproposals = ).*/, '$1aes128-sha256-modp2048'));
    const up = await shop.run(['lab', 'up', '--name', SECOND, '--site', shop.site, '--rendered', 'rendered']);
    expect(up.exit).toBe(1);
    expect(up.err).toMatch(/not every tunnel was established[\s\S]*NO_PROP/);
    expect(await traces(SECOND)).toEqual(nothing);
  }, 90_000);
});

describe('the field documents', () => {
  it.each([
    // IKEv1 and VTI between two gateways and two IOS routers; policy-based Openswan against a crypto map.
    ['seed-bjs', ['vpn1', 'vpn2']],
    ['seed-openswan', ['cisco']],
  ])(
    '%s carries packets both ways, with stand-ins for what does not run here',
    async (fixture, names) => {
      for (const name of names)
        await writeFile(`${shop.dir}/psk/${name}`, `lab.key.of.${name}.0123456789`, { mode: 0o600 });
      const site = `${shop.dir}/${fixture}.yaml`;
      await writeFile(site, await readFile(new URL(`../fixtures/${fixture}.yaml`, import.meta.url), 'utf8'));
      try {
        const up = await shop.run(['lab', 'up', '--name', SECOND, '--site', site, '--json']);
        expect(up).toMatchObject({ exit: 0 });
        expect(JSON.parse(up.out).notes.join('\n')).toContain('does not run here');
        const seen = await shop.run(['lab', 'status', '--name', SECOND, '--json']);
        expect(
          JSON.parse(seen.out).tunnels.map(({ name, state }: { name: string; state: string }) => [name, state]),
        ).toEqual(names.map((name) => [name, 'established']));
      } finally {
        await shop.run(['lab', 'down', '--name', SECOND, '--yes']);
      }
      expect(await traces(SECOND)).toEqual(nothing);
    },
    90_000,
  );
});
