import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { files as realFiles } from '../../src/lib/adapters/files.ts';
import { connectSsh } from '../../src/lib/adapters/ssh.ts';
import { HybridError } from '../../src/lib/core/errors.ts';
import type { Machine } from '../../src/lib/core/machine.ts';
import type { Files } from '../../src/lib/core/ports.ts';
import { fakeFiles } from '../fakes/files.ts';
import { startSshd, type Sshd } from '../helpers/sshd.ts';

const folders: string[] = [];
const folder = async (): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'hybridctl-files-'));
  folders.push(path);
  return path;
};
afterEach(async () => {
  await Promise.all(folders.splice(0).map((path) => rm(path, { recursive: true, force: true })));
});

let sshd: Sshd;
let machine: Machine;
beforeAll(async () => {
  sshd = await startSshd();
  machine = await connectSsh(sshd);
});
afterAll(async () => {
  await machine?.close();
  await sshd?.stop();
});

const SIDES: Readonly<Record<string, () => Promise<{ files: Files; root: string }>>> = {
  'the disk': async () => ({ files: realFiles, root: await folder() }),
  'another machine, by ssh': async () => ({ files: machine.files, root: await folder() }),
  'the fake': async () => ({ files: fakeFiles(), root: '/root' }),
};

/** What both must do alike: every other test may then use either. */
describe.each(Object.entries(SIDES))('files: %s', (_, open) => {
  it('knows nothing of what is not there, under a file too', async () => {
    const { files, root } = await open();
    expect([await files.read(join(root, 'a')), await files.stat(join(root, 'a'))]).toEqual([undefined, undefined]);
    await files.write([{ path: join(root, 'a'), content: 'x', mode: 0o644 }]);
    expect([await files.read(join(root, 'a', 'b')), await files.stat(join(root, 'a', 'b'))]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('writes text, bytes and permission bits as given, into folders that it makes', async () => {
    const { files, root } = await open();
    const text = 'héllo\r\n北京\n';
    await files.write([
      { path: join(root, 'deep', 'er', 'key'), content: text, mode: 0o600 },
      { path: join(root, 'plain'), content: '', mode: 0o755 },
    ]);
    expect(await files.read(join(root, 'deep', 'er', 'key'))).toBe(text);
    expect(await files.stat(join(root, 'deep', 'er', 'key'))).toEqual({ mode: 0o600, size: Buffer.byteLength(text) });
    expect(await files.stat(join(root, 'plain'))).toEqual({ mode: 0o755, size: 0 });
  });

  it('replaces content and mode', async () => {
    const { files, root } = await open();
    const path = join(root, 'f');
    await files.write([{ path, content: 'one', mode: 0o644 }]);
    await files.write([{ path, content: 'two', mode: 0o600 }]);
    expect([await files.read(path), await files.stat(path)]).toEqual(['two', { mode: 0o600, size: 3 }]);
  });

  it('writes none when one can not be written', async () => {
    const { files, root } = await open();
    await files.write([{ path: join(root, 'file'), content: 'here', mode: 0o644 }]);
    const write = files.write([
      { path: join(root, 'a'), content: 'a', mode: 0o644 },
      { path: join(root, 'file'), content: 'changed', mode: 0o644 },
      { path: join(root, 'file', 'below'), content: 'b', mode: 0o644 },
    ]);
    await expect(write).rejects.toBeInstanceOf(HybridError);
    expect([await files.read(join(root, 'a')), await files.read(join(root, 'file'))]).toEqual([undefined, 'here']);
  });

  it('says that a folder is no file', async () => {
    const { files, root } = await open();
    await files.write([{ path: join(root, 'd', 'f'), content: '', mode: 0o644 }]);
    await expect(files.read(join(root, 'd'))).rejects.toMatchObject({
      exit: 2,
      field: join(root, 'd'),
      message: 'is a folder, not a file',
    });
    await expect(
      files.write([
        { path: join(root, 'x'), content: '', mode: 0o644 },
        { path: join(root, 'd'), content: '', mode: 0o644 },
      ]),
    ).rejects.toMatchObject({ exit: 1, message: `${join(root, 'd')} is a folder, not a file` });
    expect(await files.read(join(root, 'x'))).toBeUndefined();
  });
});

describe('the disk alone', () => {
  it('keeps modes under any umask, and the folder of a private file private', async () => {
    const root = await folder();
    const before = process.umask(0o077);
    try {
      await realFiles.write([{ path: join(root, 'open'), content: '', mode: 0o755 }]);
      process.umask(0);
      await realFiles.write([{ path: join(root, 'psk', 'vpn1'), content: 'k', mode: 0o600 }]);
    } finally {
      process.umask(before);
    }
    const mode = async (path: string) => (await stat(join(root, path))).mode & 0o777;
    expect([await mode('open'), await mode('psk'), await mode('psk/vpn1')]).toEqual([0o755, 0o700, 0o600]);
  });

  it('leaves no temporary file behind, written or refused', async () => {
    const root = await folder();
    await mkdir(join(root, 'd'));
    await writeFile(join(root, 'd', 'inner'), '');
    await realFiles.write([{ path: join(root, 'good'), content: 'g', mode: 0o644 }]);
    await expect(
      realFiles.write([
        { path: join(root, 'd', 'new'), content: 'n', mode: 0o644 },
        { path: join(root, 'd'), content: '', mode: 0o644 },
      ]),
    ).rejects.toThrow();
    expect((await readdir(root)).sort()).toEqual(['d', 'good']);
    expect(await readdir(join(root, 'd'))).toEqual(['inner']);
  });

  it('a reader sees the old text or the new, never a part', async () => {
    const root = await folder();
    const path = join(root, 'f');
    const texts = ['a', 'b'].map((letter) => letter.repeat(400_000));
    await realFiles.write([{ path, content: texts[0]!, mode: 0o644 }]);
    let done = false;
    const writer = (async () => {
      for (let turn = 0; turn < 12; turn += 1)
        await realFiles.write([{ path, content: texts[turn % 2]!, mode: 0o644 }]);
      done = true;
    })();
    while (!done) expect(texts).toContain(await readFile(path, 'utf8'));
    await writer;
  });

  it('names the path and the cause, and never the content', async () => {
    const root = await folder();
    await symlink('loop', join(root, 'loop'));
    await expect(realFiles.read(join(root, 'loop'))).rejects.toMatchObject({
      exit: 1,
      message: `can't read ${join(root, 'loop')}: ELOOP`,
    });
    await writeFile(join(root, 'file'), '');
    await chmod(join(root, 'file'), 0o600);
    await expect(
      realFiles.write([{ path: join(root, 'file', 'key'), content: 'hunter2', mode: 0o600 }]),
    ).rejects.toMatchObject({ message: expect.not.stringContaining('hunter2') });
  });
});
