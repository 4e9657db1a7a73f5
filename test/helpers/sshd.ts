import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './charon-pair.ts';

const exec = promisify(execFile);

export interface Sshd {
  readonly target: string;
  readonly port: number;
  /** Private key that is let in. */
  readonly identity: string;
  readonly knownHosts: string;
  /** Of this test alone, for further keys and files. */
  readonly folder: string;
  /** How many connections were let in so far. */
  logins(): Promise<number>;
  stop(): Promise<void>;
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/**
 * A real sshd with keys, configuration and port of its own, for root with one key. Needs root.
 * @param enter words before sshd's own, to start it in a namespace. @param given the port; default: a free one, in a
 * namespace 2222.
 * @param path the PATH of its sessions.
 */
export const startSshd = async (enter: readonly string[] = [], given?: number, path?: string): Promise<Sshd> => {
  const folder = await mkdtemp(join(tmpdir(), 'hys-'));
  const port = given ?? (enter.length > 0 ? 2222 : await freePort());
  const log = join(folder, 'log');
  for (const name of ['host', 'user', 'stranger'])
    await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  await writeFile(
    join(folder, 'known_hosts'),
    `[127.0.0.1]:${port} ${await readFile(join(folder, 'host.pub'), 'utf8')}`,
  );
  await writeFile(
    join(folder, 'sshd_config'),
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${folder}/host
PidFile none
AuthorizedKeysFile ${folder}/user.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
SetEnv HOME=${folder}/home${path === undefined ? '' : ` PATH=${path}`}
`,
  );
  // A home of its own: what this machine's ~/.bashrc starts would run before each command.
  await mkdir(join(folder, 'home'));
  // sshd's own folder for privilege separation; the package's service would make it.
  const [program = '', ...words] = [
    ...enter,
    'sh',
    '-c',
    'mkdir -p /run/sshd && exec "$0" "$@"',
    '/usr/sbin/sshd',
    '-D',
    '-f',
    join(folder, 'sshd_config'),
    '-E',
    log,
  ];
  await mkdir('/run/sshd', { recursive: true });
  const child = spawn(program, words, { stdio: 'ignore' });
  const logged = () => readFile(log, 'utf8');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until('sshd listens', async () => (await logged()).includes('Server listening'));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    target: `root@127.0.0.1:${port}`,
    port,
    identity: join(folder, 'user'),
    knownHosts: join(folder, 'known_hosts'),
    folder,
    logins: async () => [...(await logged()).matchAll(/Accepted publickey/g)].length,
    stop,
  };
};
