import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { files, namesIn } from '../../src/lib/adapters/files.ts';
import { runLock } from '../../src/lib/adapters/run-lock.ts';
import { save } from '../../src/lib/adapters/save.ts';
import { canMake, makeDisk, type Disk, type FileSystem } from '../helpers/power-cut.ts';
import { run } from '../helpers/run.ts';

// What exit 0 says is on disk, where the power goes a moment later.

const kinds: readonly FileSystem[] = ['ext4', 'xfs'];
const able = new Map(await Promise.all(kinds.map(async (kind) => [kind, await canMake(kind)] as const)));
const LINE =
  'vpn init --name office --region cn-north-1 --vpc-cidr 172.16.0.0/16 --network 10.10.0.0/16 ' +
  '--gateway az=cn-north-1a,private=172.16.1.157,public=203.0.113.11 --router public=198.51.100.77,dialect=ios-vti';

let disk: Disk | undefined;
afterEach(async () => {
  await disk?.remove();
  disk = undefined;
});

const contents = async (folder: string): Promise<Record<string, string>> => {
  const names = await readdir(folder, { recursive: true });
  const found: Record<string, string> = {};
  for (const name of names.sort()) {
    const path = join(folder, name);
    const is = await lstat(path);
    if (is.isFile()) found[`${name} ${(is.mode & 0o777).toString(8)}`] = await readFile(path, 'utf8');
  }
  return found;
};

describe.each(kinds)('a power cut on %s', (kind) => {
  test('right after "vpn init" takes nothing back: keys, site file, rendered files', async (ctx) => {
    if (!able.get(kind)) return ctx.skip(`needs root, loop devices, perl and mkfs.${kind}`);
    disk = await makeDisk(kind);
    const cwd = join(disk.folder, 'sites', 'beijing');
    const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
    const line = LINE.replace('vpn init', `vpn init --site ${cwd}/office.yaml`);
    const { exit, err } = await run(line, { ports: { files, namesIn, lock: runLock, cwd: disk.folder, random } });
    expect(exit, err).toBe(0);
    const before = await contents(disk.folder);
    await disk.cutPower(async () => undefined);
    expect(Object.keys(before).length).toBeGreaterThan(10);
    expect(await contents(disk.folder)).toEqual(before);
  });

  test('right after an object was saved takes nothing back', async (ctx) => {
    if (!able.get(kind)) return ctx.skip(`needs root, loop devices, perl and mkfs.${kind}`);
    disk = await makeDisk(kind);
    await save(
      join(disk.folder, 'a/b/c.log'),
      (async function* () {
        yield Buffer.from('whole');
      })(),
    );
    await disk.cutPower(async () => undefined);
    expect(await readFile(join(disk.folder, 'a/b/c.log'), 'utf8')).toBe('whole');
  });
});
