import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './charon-pair.ts';

const exec = promisify(execFile);
const ip = (...args: string[]) => exec('ip', args);

export interface BfdEnd {
  /** bfdd's vty socket. */
  readonly socket: string;
  readonly address: string;
  /** Configures this end's session with the other: `no shutdown`, `shutdown` … */
  session(command: string): Promise<void>;
  /** As `show bfd peers json` says. */
  status(): Promise<string>;
  /** Loses what comes in of BFD, or no longer. */
  deafen(lost: boolean): Promise<void>;
  /** Kills bfdd outright. */
  kill(): void;
  /** bfdd again, with the session. */
  start(): Promise<void>;
}

export interface BfdPair {
  readonly a: BfdEnd;
  readonly b: BfdEnd;
  stop(): Promise<void>;
}

/** Two real FRRs in two namespaces, 169.254.10.1 and .2, with a BFD session of 50 ms x 3 between them. Needs root and frr. */
export const bfdPair = async (): Promise<BfdPair> => {
  const tag = `hyb-${randomBytes(3).toString('hex')}`;
  const root = await mkdtemp(join(tmpdir(), `${tag}-`));
  await chmod(root, 0o755);
  const [, , uid, gid] = (await readFile('/etc/passwd', 'utf8')).split('\n').find((line) => line.startsWith('frr:'))!.split(':');
  const children = new Set<ChildProcess>();

  const end = async (letter: 'a' | 'b', address: string, other: string): Promise<BfdEnd> => {
    const space = `${tag}-${letter}`;
    const folder = join(root, letter);
    await mkdir(folder);
    await chown(folder, Number(uid), Number(gid));
    await ip('-n', space, 'addr', 'add', `${address}/30`, 'dev', 'dx');
    for (const device of ['lo', 'dx']) await ip('-n', space, 'link', 'set', device, 'up');
    await exec('ip', ['netns', 'exec', space, 'nft', 'add table inet lost; add chain inet lost in { type filter hook input priority 0; }']);
    const daemon = (name: string, ...more: string[]): ChildProcess => {
      const child = spawn('ip', ['netns', 'exec', space, `/usr/lib/frr/${name}`, '-P', '0', '-f', '/dev/null', '-z', `${folder}/zserv.api`, '--vty_socket', folder, '-i', `${folder}/${name}.pid`, ...more], { stdio: 'ignore' });
      children.add(child);
      return child;
    };
    const vtysh = async (...commands: string[]): Promise<string> => (await exec('vtysh', ['--vty_socket', folder, '-d', 'bfdd', ...commands.flatMap((command) => ['-c', command])])).stdout;
    const session = async (command: string): Promise<void> => void (await vtysh('configure terminal', 'bfd', `peer ${other} interface dx`, command));
    let bfdd: ChildProcess;
    const start = async (): Promise<void> => {
      bfdd = daemon('bfdd', '--bfdctl', `${folder}/bfdctl.sock`);
      await until(`bfdd of ${letter}`, async () => (await vtysh('show bfd peers')).includes('Peers'));
      for (const command of ['receive-interval 50', 'transmit-interval 50', 'no shutdown']) await session(command);
    };
    daemon('zebra');
    await until(`zebra of ${letter}`, async () => (await exec('vtysh', ['--vty_socket', folder, '-d', 'zebra', '-c', 'show interface brief'])).stdout.includes('dx'));
    await start();
    return {
      socket: join(folder, 'bfdd.vty'),
      address,
      session,
      status: async () => (JSON.parse(await vtysh('show bfd peers json')) as { status: string }[])[0]!.status,
      deafen: async (lost) => void (await exec('ip', ['netns', 'exec', space, 'nft', lost ? 'add rule inet lost in udp dport 3784 drop' : 'flush chain inet lost in'])),
      kill: () => void bfdd.kill('SIGKILL'),
      start,
    };
  };

  const stop = async (): Promise<void> => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(['a', 'b'].map((letter) => ip('netns', 'del', `${tag}-${letter}`).catch(() => undefined)));
    await rm(root, { recursive: true, force: true });
  };

  try {
    await ip('netns', 'add', `${tag}-a`);
    await ip('netns', 'add', `${tag}-b`);
    await ip('link', 'add', 'dx', 'netns', `${tag}-a`, 'type', 'veth', 'peer', 'name', 'dx', 'netns', `${tag}-b`);
    const [a, b] = await Promise.all([end('a', '169.254.10.1', '169.254.10.2'), end('b', '169.254.10.2', '169.254.10.1')]);
    return { a, b, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
