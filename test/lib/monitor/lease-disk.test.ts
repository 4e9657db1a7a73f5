import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaseFile } from '../../../src/lib/adapters/lease-file.ts';
import { seeded } from '../../../src/lib/domain/seeded.ts';
import { canMake, makeDisk, until, type Disk, type FileSystem } from '../../helpers/power-cut.ts';
import { sized } from '../../helpers/size.ts';
import { bundled } from '../../helpers/terminal.ts';

// The lease on disks whose power is cut at a random moment, and on full ones.

/** Renews as fast as it can, and says each number once it is promised to be durable. */
const RENEWER = `
  import { leaseFile } from './src/lib/adapters/lease-file.ts';
  void leaseFile(process.argv[2]!).then(async (store) => {
    for (let n = Number(process.argv[3]); ; n += 1) {
      if (!(await store.swap(await store.read(), JSON.stringify({ n, more: 'x'.repeat(n % 900) })))) throw new Error('not ours');
      process.stdout.write(n + '\\n');
    }
  });
`;
let program: { file: string; remove: () => Promise<void> };
beforeAll(async () => void (program = await bundled(RENEWER)));
afterAll(() => program?.remove());

const kinds: readonly FileSystem[] = ['ext4', 'xfs'];
const able = new Map(await Promise.all(kinds.map(async (kind) => [kind, await canMake(kind)] as const)));
const numberIn = (text: string | undefined): number => (JSON.parse(text!) as { n: number }).n;

describe.each(kinds)('the lease on %s', (kind) => {
  it('a cut of power at any moment leaves a whole lease, no older than promised, and nothing in the way of the next', async (ctx) => {
    if (!able.get(kind)) return ctx.skip(`needs root, loop devices, perl and mkfs.${kind}`);
    const disk: Disk = await makeDisk(kind);
    const path = `${disk.folder}/demo.lease.json`;
    const random = seeded(7);
    try {
      let from = 1;
      for (let cut = 0; cut < sized(6, 60); cut += 1) {
        const run = until(program.file, [path, String(from)]);
        while (run.last() === undefined && run.error() === '') await new Promise((resolve) => setTimeout(resolve, 5));
        await new Promise((resolve) => setTimeout(resolve, random() * 120));
        const promised = Number(run.last());
        await disk.cutPower(() => run.kill());
        const store = await leaseFile(path);
        const found = numberIn(await store.read());
        expect(found).toBeGreaterThanOrEqual(promised);
        expect(await store.swap(await store.read(), JSON.stringify({ n: found + 1 }))).toBe(true);
        from = found + 2;
      }
    } finally {
      await disk.remove();
    }
  }, 300_000);

  it('a full disk does not end a lease that is held, nor (ext4) keep the next process from taking it', async (ctx) => {
    if (!able.get(kind)) return ctx.skip(`needs root, loop devices, perl and mkfs.${kind}`);
    const disk = await makeDisk(kind);
    const path = `${disk.folder}/demo.lease.json`;
    try {
      const store = await leaseFile(path);
      const text = (n: number): string => JSON.stringify({ holder: store.me, n });
      expect(await store.swap(undefined, text(1))).toBe(true);
      expect(await store.swap(text(1), text(2))).toBe(true);
      await disk.fill();
      for (let n = 2; n < 40; n += 1) expect(await store.swap(text(n), text(n + 1)), `renewal ${n}`).toBe(true);
      expect((await readdir(disk.folder)).filter((name) => name.startsWith('demo'))).toEqual([
        'demo.lease.json',
        'demo.lease.json.spare',
      ]);
      // xfs has no room for the name of another process.
      if (kind === 'xfs') return;
      const run = until(program.file, [path, '41']);
      while (Number(run.last() ?? 0) < 45 && run.error() === '') await new Promise((resolve) => setTimeout(resolve, 5));
      await run.kill();
      expect(run.error()).toBe('');
    } finally {
      await disk.remove();
    }
  }, 60_000);
});
