import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { until } from './charon-pair.ts';
import { frrSpaces } from './frr-spaces.ts';

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

/**
 * Two real FRRs in two namespaces, 169.254.10.1 and .2, with a BFD session of 50 ms x 3 between them. Needs root and
 * frr.
 */
export const bfdPair = async (): Promise<BfdPair> => {
  const spaces = await frrSpaces(['a', 'b']);
  const end = async (letter: 'a' | 'b', address: string, other: string): Promise<BfdEnd> => {
    const { folder, run, daemon, vtysh } = spaces.space[letter]!;
    await run('ip', 'addr', 'add', `${address}/30`, 'dev', 'dx');
    await run('nft', 'add table inet lost; add chain inet lost in { type filter hook input priority 0; }');
    const session = async (command: string): Promise<void> =>
      void (await vtysh('configure terminal', 'bfd', `peer ${other} interface dx`, command));
    let bfdd: ChildProcess;
    const start = async (): Promise<void> => {
      bfdd = daemon('bfdd', '--bfdctl', `${folder}/bfdctl.sock`);
      await until(`bfdd of ${letter}`, async () => (await vtysh('show bfd peers')).includes('Peers'));
      for (const command of ['receive-interval 50', 'transmit-interval 50', 'no shutdown']) await session(command);
    };
    daemon('zebra');
    await until(`zebra of ${letter}`, async () => (await vtysh('show interface brief')).includes('dx'));
    await start();
    return {
      socket: join(folder, 'bfdd.vty'),
      address,
      session,
      status: async () => (JSON.parse(await vtysh('show bfd peers json')) as { status: string }[])[0]!.status,
      deafen: async (lost) =>
        void (await run('nft', lost ? 'add rule inet lost in udp dport 3784 drop' : 'flush chain inet lost in')),
      kill: () => void bfdd.kill('SIGKILL'),
      start,
    };
  };
  try {
    await spaces.join(['a', 'dx'], ['b', 'dx']);
    const [a, b] = await Promise.all([
      end('a', '169.254.10.1', '169.254.10.2'),
      end('b', '169.254.10.2', '169.254.10.1'),
    ]);
    return { a, b, stop: spaces.stop };
  } catch (error) {
    await spaces.stop();
    throw error;
  }
};
