import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { fileLoad } from '../../src/lib/adapters/file-load.ts';
import { mountWorld, type MountWorld } from '../helpers/mounts.ts';

const LONG = 120_000;
let world: MountWorld;
beforeEach(async () => {
  world = await mountWorld();
  writeFileSync(world.at('own.key'), 'lab:never-shown\n', { mode: 0o600 });
  expect(
    await world.run(`mount office-logs ${world.at('mnt')} --key-file ${world.at('own.key')} --name web --yes`),
  ).toMatchObject({ exit: 0 });
}, 60_000);
const left = async () => (await world.aws.ask('s3', 'ListObjectsV2', { Bucket: 'office-logs' })).Contents ?? [];

describe('s3 bench', () => {
  it('measures both ways, and leaves nothing', { timeout: LONG }, async () => {
    const { exit, json } = await world.run(`bench ${world.at('mnt')} --size 9 --files 6 --parallel 3 --json`, {
      ports: { fileLoad: async () => fileLoad },
    });
    expect([exit, json().rows.map(({ what }: { what: string }) => what)]).toEqual([
      0,
      ['write', 'read', 'create', 'stat', 'remove'],
    ]);
    for (const { mount, raw } of json().rows)
      expect([mount, raw].every((rate) => Number.isFinite(rate) && rate > 0)).toBe(true);
    expect([await left(), (await world.sh(`ls -A ${world.at('mnt')}`)).stdout]).toEqual([[], '']);
  });

  it('cleans up after Ctrl-C, in the middle of it', { timeout: LONG }, async () => {
    const stopping = new AbortController();
    let written = 0;
    const load = {
      ...fileLoad,
      write: async (path: string, size: number) => {
        await fileLoad.write(path, size);
        if ((written += 1) === 3) stopping.abort();
      },
    };
    const { exit } = await world.run(`bench ${world.at('mnt')} --size 1 --files 20 --parallel 2`, {
      ports: { fileLoad: async () => load, signal: stopping.signal },
    });
    expect([exit, written >= 3, await left(), (await world.sh(`ls -A ${world.at('mnt')}`)).stdout]).toEqual([
      130,
      true,
      [],
      '',
    ]);
  });

  it('refuses what is no mount of ours, and figures that are none', { timeout: LONG }, async () => {
    for (const [line, wanted, says] of [
      [`bench ${world.at('other')}`, 1, 'has made no mount'],
      [`bench ${world.at('mnt')} --size 0`, 2, '--size'],
      [`bench ${world.at('mnt')} --files many`, 2, '--files'],
    ] as const) {
      const { exit, err } = await world.run(line);
      expect([line, exit, err]).toEqual([line, wanted, expect.stringContaining(says)]);
    }
  });
});
