import { join } from 'node:path';
import type { Ports } from '../core/ports.ts';
import { pairCounters, tunnelStatuses, type TunnelState } from '../domain/sa.ts';
import { deviceCounters, TUNNEL_TYPES, type Counter, type Reading } from '../domain/traffic.ts';

/** Everything at one time. */
export interface Look {
  readonly tunnels: Reading;
  readonly interfaces: Reading;
  readonly states: ReadonlyMap<string, TunnelState>;
}

export interface Sources {
  /** vici sockets of charons. */
  readonly uris: readonly string[];
  /** Interfaces by name; undefined: all that are tunnels. */
  readonly interfaces: readonly string[] | undefined;
}

type Eyes = Pick<Ports, 'files' | 'clock' | 'vici'>;

const SYS = '/sys/class/net';

/** A charon that is asked anew each time: one that was started again is met without a word. */
const tunnelsAt = async (
  { vici }: Eyes,
  uri: string,
): Promise<{ readonly counters: readonly Counter[]; readonly states: readonly (readonly [string, TunnelState])[] }> => {
  const connection = await vici(uri);
  try {
    const conns = await connection.stream('list-conns', 'list-conn');
    const sas = await connection.stream('list-sas', 'list-sa');
    return {
      counters: pairCounters(conns, sas),
      states: tunnelStatuses(conns, sas).map(({ name, state }) => [name, state] as const),
    };
  } finally {
    connection.close();
  }
};

/** Reads the kernel's counters and each charon's. Its memory of interfaces saves a look at each of them every time. */
export const trafficReader = (eyes: Eyes, { uris, interfaces }: Sources) => {
  const kinds = new Map<string, boolean>();
  let boot: string | undefined;
  const word = async (path: string): Promise<string> => ((await eyes.files.read(path)) ?? '').trim();

  const interfaceCounters = async (): Promise<readonly Counter[]> => {
    // Indexes begin anew with the machine, and so do counters.
    boot ??= await word('/proc/sys/kernel/random/boot_id');
    const counters: Counter[] = [];
    for (const { name, ...amounts } of deviceCounters((await eyes.files.read('/proc/net/dev')) ?? '')) {
      if (interfaces !== undefined && !interfaces.includes(name)) continue;
      const index = await word(join(SYS, name, 'ifindex'));
      // It went between the two reads.
      if (index === '') continue;
      const life = `${boot}/${index}`;
      const known = kinds.get(`${name}\n${life}`) ?? TUNNEL_TYPES.has(await word(join(SYS, name, 'type')));
      kinds.set(`${name}\n${life}`, known);
      if (interfaces !== undefined || known) counters.push({ of: name, life, ...amounts });
    }
    return counters;
  };

  /** @param onTrouble told of a charon that does not answer; its tunnels are then not in the look. */
  return async (onTrouble: (uri: string, error: Error) => void): Promise<Look> => {
    const at = eyes.clock.now();
    const charons = [];
    for (const uri of uris) {
      try {
        charons.push(await tunnelsAt(eyes, uri));
      } catch (error) {
        onTrouble(uri, error as Error);
      }
    }
    return {
      tunnels: { at, counters: charons.flatMap(({ counters }) => counters) },
      interfaces: { at, counters: await interfaceCounters() },
      states: new Map(charons.flatMap(({ states }) => states)),
    };
  };
};
