import { shell } from '../../src/lib/adapters/shell.ts';
import type { Prober } from '../../src/lib/core/ports.ts';
import { proberIn } from './prober-process.ts';

/** The real prober in a network namespace of its own, where addresses can fall silent. */
export interface ProbeRoom {
  readonly prober: Prober;
  readonly pid: number;
  /** Nothing reaches the address any more, or nothing above `passes` bytes. */
  silence(address: string, passes?: number): Promise<void>;
  /** The machine itself has no route to the address any more. */
  unroute(address: string): Promise<void>;
  heal(): Promise<void>;
  /** Large packets that have left for the last of the addresses. */
  largeSent(): Promise<number>;
  /** Process numbers of ping(8) inside. */
  pings(): Promise<readonly number[]>;
  close(): Promise<void>;
}

const TABLE = 'hybridctl_test';
const COUNTER = 'hybridctl_count';

export const probeRoom = async (name: string, addresses: readonly string[]): Promise<ProbeRoom> => {
  const ip = async (args: readonly string[], input?: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await shell.run('ip', args, input === undefined ? {} : { input });
    if (exitCode !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const nft = (text: string) => ip(['netns', 'exec', name, 'nft', '-f', '-'], text);
  await shell.run('ip', ['netns', 'delete', name]);
  await ip(['netns', 'add', name]);
  await ip(['-n', name, 'link', 'set', 'lo', 'up']);
  for (const address of addresses) await ip(['-n', name, 'addr', 'add', `${address}/32`, 'dev', 'lo']);
  // Rules of ours go before the table of local addresses, which is first of all otherwise.
  await ip(['-n', name, 'rule', 'add', 'pref', '100', 'lookup', 'local']);
  await ip(['-n', name, 'rule', 'del', 'pref', '0']);
  const heal = async (): Promise<void> => {
    await nft(
      `table inet ${TABLE}\ndelete table inet ${TABLE}\ntable inet ${TABLE} {\n  chain in { type filter hook input priority 0; }\n}\n`,
    );
    for (const address of addresses) await shell.run('ip', ['-n', name, 'rule', 'del', 'pref', '50', 'to', address]);
  };
  await heal();
  const large = `ip daddr ${addresses.at(-1)} ip length > 1000`;
  await nft(
    `table inet ${COUNTER} {\n  counter large { }\n  chain out {\n type filter hook output priority 0\n ${large} icmp type echo-request counter name large\n ${large} udp dport 7 counter name large\n }\n}\n`,
  );

  const { prober, pid, close } = await proberIn(name);
  return {
    prober,
    pid,
    silence: async (address, passes) =>
      void (await nft(
        `add rule inet ${TABLE} in ip daddr ${address} ${passes === undefined ? '' : `ip length > ${passes} `}drop`,
      )),
    unroute: async (address) =>
      void (await ip(['-n', name, 'rule', 'add', 'pref', '50', 'to', address, 'unreachable'])),
    heal,
    async largeSent() {
      return Number(
        /packets (\d+)/.exec(await ip(['netns', 'exec', name, 'nft', 'list', 'table', 'inet', COUNTER]))![1],
      );
    },
    async pings() {
      const { stdout } = await shell.run('sh', [
        '-c',
        `for pid in $(ip netns pids ${name}); do [ "$(cat /proc/$pid/comm 2>/dev/null)" = ping ] && echo $pid; done; true`,
      ]);
      return stdout
        .split('\n')
        .filter((line) => line !== '')
        .map(Number);
    },
    async close() {
      await close();
      await shell.run('ip', ['netns', 'delete', name]);
    },
  };
};
