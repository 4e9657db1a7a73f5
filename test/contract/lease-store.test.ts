import { spawn } from 'node:child_process';
import { link, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { leaseFile } from '../../src/lib/adapters/lease-file.ts';
import type { LeaseStore } from '../../src/lib/core/ports.ts';
import { privateStore } from '../../src/lib/monitor/lease.ts';

const folders: string[] = [];
const folder = async (): Promise<string> => {
  const made = await mkdtemp(join(tmpdir(), 'hybridctl-lease-'));
  folders.push(made);
  return made;
};
afterEach(async () => void (await Promise.all(folders.splice(0).map((path) => rm(path, { recursive: true })))));

const SIDES: Readonly<Record<string, () => Promise<LeaseStore>>> = {
  'the file': async () => leaseFile(join(await folder(), 'deep', 'x.json')),
  'the private one': async () => privateStore(),
};

describe.each(Object.entries(SIDES))('lease store: %s', (_, open) => {
  it('changes only what is as it was seen', async () => {
    const store = await open();
    expect(await store.read()).toBeUndefined();
    expect(await store.swap('a', 'b')).toBe(false);
    expect(await store.swap(undefined, 'a')).toBe(true);
    expect(await store.swap(undefined, 'b')).toBe(false);
    expect(await store.swap('a', 'b')).toBe(true);
    expect(await store.read()).toBe('b');
    expect(await store.isGone(store.me)).toBe(false);
  });

  it('lets one of many through', async () => {
    const store = await open();
    const won = await Promise.all(Array.from({ length: 12 }, (_, index) => store.swap(undefined, `${index}`)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await store.read()).toBe(String(won.indexOf(true)));
  });
});

describe('the lease file', () => {
  const deadProcess = async (): Promise<string> => {
    const child = spawn('true');
    const { pid } = child;
    await new Promise((resolve) => child.on('exit', resolve));
    return String(pid);
  };

  it('knows a holder that is dead from one that is not to be judged here', async () => {
    const { me, isGone } = await leaseFile(join(await folder(), 'x.json'));
    const [host, boot, pid, start] = me.split('/');
    expect(pid).toBe(String(process.pid));
    expect(await isGone([host, boot, await deadProcess(), '1'].join('/'))).toBe(true);
    expect(await isGone([host, boot, pid, '1'].join('/')), 'the number is another process now').toBe(true);
    expect(await isGone([host, 'another boot', pid, start].join('/'))).toBe(true);
    expect(await isGone(['elsewhere', boot, '1', '1'].join('/'))).toBe(false);
    expect(await isGone('')).toBe(false);
  });

  it('takes away the lock of a dead process, and leaves nothing lying about', async () => {
    const dir = await folder();
    const path = join(dir, 'x.json');
    const store = await leaseFile(path);
    const [host, boot] = store.me.split('/');
    await writeFile(`${path}.lock`, [host, boot, await deadProcess(), '1'].join('/'));
    const won = await Promise.all([store.swap(undefined, 'a'), (await leaseFile(path)).swap(undefined, 'b')]);
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await readdir(dir)).toEqual(['x.json']);
  });

  it.each<readonly [what: string, lock: (me: string) => string]>([
    ['no byte of the name reached the disk', () => ''],
    ['half a name', (me) => me.slice(0, 20)],
    ['another boot', (me) => me.replace(/[^/]*-[^/]*-[^/]*(?=[/]\d)/, 'another-boot-id')],
    ['another boot, when the host had another name', () => 'ip-10-0-0-1/another-boot-id/17/4711'],
  ])("a lock that a power cut left is nobody's: %s", async (_, lock) => {
    const dir = await folder();
    const path = join(dir, 'x.json');
    const store = await leaseFile(path);
    await writeFile(`${path}.lock`, lock(store.me));
    expect(await store.swap(undefined, 'a')).toBe(true);
    expect(await readdir(dir)).toEqual(['x.json']);
  });

  it('so is a lock of today, of another boot or of a host that had another name then', async () => {
    const dir = await folder();
    const path = join(dir, 'x.json');
    const store = await leaseFile(path);
    let text: string | undefined;
    for (const name of [`00000000/0123456789abcdef/${process.pid}/1`, 'no name', '']) {
      await symlink(name === '' ? 'x' : name, `${path}.lock`);
      expect(await store.swap(text, `${name}!`)).toBe(true);
      text = `${name}!`;
    }
    expect(await readdir(dir)).toEqual(['x.json', 'x.json.spare']);
  });

  it('what a cut left half-way between the two files does no harm to either text', async () => {
    const dir = await folder();
    const path = join(dir, 'x.json');
    const store = await leaseFile(path);
    await store.swap(undefined, 'a');
    await store.swap('a', 'b');
    // The new text has its name already, or not yet; the old one has its second name.
    await link(path, `${path}.before`);
    expect(await store.swap('b', 'c')).toBe(true);
    await rm(`${path}.spare`);
    await rename(path, `${path}.before`);
    await writeFile(path, 'd');
    expect(await store.swap('d', 'e')).toBe(true);
    await link(path, `${path}.other`);
    for (const [before, after] of [
      ['e', 'f'],
      ['f', 'g'],
      ['g', 'h'],
    ] as const)
      expect(await store.swap(before, after)).toBe(true);
    expect((await readFile(`${path}.other`, 'utf8')).trimEnd(), 'what others hold is never written over').toBe('e');
  });

  it('a reader beside a writer reads whole texts only', async () => {
    const path = join(await folder(), 'x.json');
    const [writer, reader] = [await leaseFile(path), await leaseFile(path)];
    let text = JSON.stringify('a'.repeat(30_000));
    await writer.swap(undefined, text);
    let done = false;
    const reading = (async () => {
      while (!done) expect((await reader.read())!.length).toBe(30_002);
    })();
    for (const letter of 'bcdefghijklmnopqrstuvwxyz') {
      const next = JSON.stringify(letter.repeat(30_000));
      expect(await writer.swap(text, next)).toBe(true);
      text = next;
    }
    done = true;
    await reading;
  });

  it('has the mode it was opened with, from one text to the next', async () => {
    const path = join(await folder(), 'x.json');
    const store = await leaseFile(path, 0o600);
    for (const [before, after] of [
      [undefined, 'a'],
      ['a', 'b'],
    ] as const) {
      expect(await store.swap(before, after)).toBe(true);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
  });

  it('respects the lock of a living one', async () => {
    const path = join(await folder(), 'x.json');
    const store = await leaseFile(path);
    await writeFile(`${path}.lock`, store.me);
    await expect(store.swap(undefined, 'a')).rejects.toMatchObject({
      message: expect.stringContaining(`process ${process.pid}`),
    });
    expect(await store.read()).toBeUndefined();
  });
});
