import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectSsh } from '../../src/lib/adapters/ssh.ts';
import type { Machine } from '../../src/lib/core/machine.ts';
import { startSshd, type Sshd } from '../helpers/sshd.ts';

/** Against a real sshd on loopback. */
let sshd: Sshd;
let machine: Machine;
let root: string;
beforeAll(async () => {
  sshd = await startSshd();
  machine = await connectSsh(sshd);
  root = await mkdtemp(join(tmpdir(), 'hys-root-'));
});
afterAll(async () => {
  await machine?.close();
  await sshd?.stop();
  await rm(root, { recursive: true, force: true });
});

describe('a machine by ssh', () => {
  it('runs programs as they are: blanks, quotes, variables and newlines reach them unchanged', async () => {
    const odd = ['a b', `it's`, '$HOME', '`id`', '"', '\\', 'x\ny', '', '*', '-n', '; echo no'];
    const { stdout, exitCode } = await machine.shell.run('printf', ['%s|', ...odd]);
    expect([exitCode, stdout]).toEqual([0, `${odd.join('|')}|`]);
  });

  it('hands over exit code, both outputs, input, environment and folder', async () => {
    const said = await machine.shell.run('sh', ['-c', 'cat; echo "$WORD $PWD"; echo no >&2; exit 7'], {
      input: 'in\n',
      env: { WORD: 'two words' },
      cwd: root,
    });
    expect(said).toEqual({ exitCode: 7, stdout: `in\ntwo words ${root}\n`, stderr: 'no\n' });
  });

  it('finds programs in the sbin folders too, and says which is not there', async () => {
    expect(await machine.shell.which('sysctl')).toMatch(/\/sysctl$/);
    expect(await machine.shell.which('no-such-program')).toBeUndefined();
    await expect(machine.shell.run('no-such-program', [])).rejects.toMatchObject({
      exit: 4,
      message: `no-such-program is not installed on ${sshd.target}`,
    });
  });

  it('has one connection for all calls', async () => {
    await Promise.all([1, 2, 3].map(() => machine.shell.run('true', [])));
    expect(await sshd.logins()).toBe(1);
  });

  it('leaves no temp file beside what it wrote', async () => {
    const path = join(root, 'key');
    await machine.files.write([{ path, content: 'whole', mode: 0o600 }]);
    expect([(await stat(path)).mode & 0o777, await readFile(path, 'utf8'), await readdir(root)]).toEqual([
      0o600,
      'whole',
      ['key'],
    ]);
  });

  it('ends with the connection that it made, and leaves nothing', async () => {
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith('hybridctl-ssh-'));
    const other = await connectSsh(sshd);
    await other.close();
    expect(
      (await readdir(tmpdir())).filter((name) => name.startsWith('hybridctl-ssh-') && !before.includes(name)),
    ).toEqual([]);
  });
});

describe('refusals: exit 4, with the next step', () => {
  it('an unknown host key', async () => {
    const knownHosts = join(sshd.folder, 'none');
    await writeFile(knownHosts, '');
    await expect(connectSsh({ ...sshd, knownHosts })).rejects.toMatchObject({
      exit: 4,
      message: `the host key of ${sshd.target} is not known`,
      next: expect.stringContaining('--known-hosts'),
    });
  });

  it('another host key than the known one', async () => {
    const knownHosts = join(sshd.folder, 'other');
    await writeFile(
      knownHosts,
      `[127.0.0.1]:${sshd.port} ${await readFile(join(sshd.folder, 'stranger.pub'), 'utf8')}`,
    );
    await expect(connectSsh({ ...sshd, knownHosts })).rejects.toMatchObject({
      exit: 4,
      message: expect.stringContaining('is not the one that is known'),
    });
  });

  it('a key that is not let in', async () => {
    await expect(connectSsh({ ...sshd, identity: join(sshd.folder, 'stranger') })).rejects.toMatchObject({
      exit: 4,
      message: `${sshd.target} does not let us in`,
      next: expect.stringContaining('--identity'),
    });
  });

  it('nobody there', async () => {
    await expect(connectSsh({ ...sshd, target: 'root@127.0.0.1:1' })).rejects.toMatchObject({
      exit: 4,
      message: `root@127.0.0.1:1 can't be reached by ssh`,
    });
  });

  it.each(['gw-1', '-oProxyCommand=id@x', 'root@-x', 'root@host:0', 'root@host:99999', 'root@a b', 'root@a;id'])(
    'the target %j: usage',
    async (target) => {
      await expect(connectSsh({ ...sshd, target })).rejects.toMatchObject({ exit: 2, field: '--host' });
    },
  );
});
