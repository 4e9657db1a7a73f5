import { execFileSync } from 'node:child_process';
import { chown, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { files } from '../../src/lib/adapters/files.ts';
import { until } from '../helpers/power-cut.ts';
import { bundled } from '../helpers/terminal.ts';

const isRoot = process.getuid?.() === 0;

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hybridctl-whole-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const at = (name: string): string => join(root, name);
const seven = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

describe('all files or none, also where a rename fails', () => {
  test.skipIf(!isRoot)('the seventh is a mount point: the six before are put back, new ones are gone', async () => {
    for (const name of seven.slice(1)) await writeFile(at(name), `old ${name}`, { mode: 0o640 });
    const before = await stat(at('b'));
    execFileSync('mount', ['--bind', at('g'), at('g')]);
    try {
      await expect(
        files.write(seven.map((name) => ({ path: at(name), content: `new ${name}`, mode: 0o600 }))),
      ).rejects.toThrow(`can't write ${at('g')}: EBUSY`);
    } finally {
      execFileSync('umount', [at('g')]);
    }
    expect((await readdir(root)).sort()).toEqual(seven.slice(1));
    for (const name of seven.slice(1)) expect(await readFile(at(name), 'utf8')).toBe(`old ${name}`);
    const after = await stat(at('b'));
    expect([after.ino, after.mode, after.nlink]).toEqual([before.ino, before.mode, 1]);
  });

  test('where all goes well nothing is left beside them', async () => {
    for (const turn of ['one', 'two']) {
      await files.write(seven.map((name) => ({ path: at(name), content: turn, mode: 0o600 })));
      expect((await readdir(root)).sort()).toEqual(seven);
      for (const name of seven) expect(await readFile(at(name), 'utf8')).toBe(turn);
    }
  });
});

/** At work on a file beside its target until it is killed. */
const AT_WORK = `
  import { writeFileSync } from 'node:fs';
  import { beside } from './src/lib/adapters/replace.ts';
  writeFileSync(beside(process.argv[2]!), 'secret');
  process.stdout.write('begun\\n');
  setInterval(() => undefined, 1_000);
`;

test('what a killed run left is removed by the next write there; what a living one is at work on stays', async () => {
  const program = await bundled(AT_WORK);
  const writer = until(program.file, [at('key')]);
  try {
    await expect.poll(() => writer.last(), { timeout: 60_000 }).toBe('begun');
    const left = (await readdir(root)).filter((name) => name.endsWith('.hybridctl-tmp'));
    expect(left).toHaveLength(1);
    await files.write([{ path: at('site'), content: 'a', mode: 0o644 }]);
    expect((await readdir(root)).sort()).toEqual([...left, 'site']);
    await writer.kill();
    await files.write([{ path: at('site'), content: 'b', mode: 0o644 }]);
    expect(await readdir(root)).toEqual(['site']);
  } finally {
    await writer.kill();
    await program.remove();
  }
}, 60_000);

describe('a file that is written over', () => {
  test.skipIf(!isRoot)('keeps owner and group; its mode only where that is asked', async () => {
    for (const [keep, mode] of [
      [{ keepMode: true as const }, 0o640],
      [{}, 0o644],
    ] as const) {
      await writeFile(at('site'), 'old', { mode: 0o640 });
      await chown(at('site'), 1_000, 1_001);
      await files.write([{ path: at('site'), content: 'new', mode: 0o644, ...keep }]);
      const { uid, gid, mode: bits } = await stat(at('site'));
      expect([uid, gid, bits & 0o777, await readFile(at('site'), 'utf8')]).toEqual([1_000, 1_001, mode, 'new']);
      await rm(at('site'));
    }
  });

  test('behind a link: the link stays, and what it leads to is written', async () => {
    await writeFile(at('real'), 'old');
    await symlink('real', at('link'));
    await files.write([{ path: at('link'), content: 'new', mode: 0o644 }]);
    expect([(await lstat(at('link'))).isSymbolicLink(), await readFile(at('real'), 'utf8')]).toEqual([true, 'new']);
  });

  test.skipIf(!isRoot)(
    "behind somebody else's link to a third one's file: the link is replaced, the file stays",
    async () => {
      await writeFile(at('real'), 'old');
      await symlink('real', at('link'));
      execFileSync('chown', ['-h', '1000:1000', at('link')]);
      await files.write([{ path: at('link'), content: 'new', mode: 0o644 }]);
      expect([await readFile(at('real'), 'utf8'), await readFile(at('link'), 'utf8')]).toEqual(['old', 'new']);
    },
  );
});
