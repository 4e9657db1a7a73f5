import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import endSource from '../../../templates/lab/stream-end.cjs?raw';
import { failure } from '../core/errors.ts';
import type { Shell } from '../core/ports.ts';
import { companion, inside, must, ownMachine } from './run.ts';
import { nodeNamed, type Topology } from './topology.ts';

const TABLE = 'hybridctl_stream';

export interface Gap {
  /** ms since the first packet. */
  readonly at: number;
  /** From the last packet that arrived before to the first after, by arrival. */
  readonly ms: number;
  readonly lost: number;
}

/** What came of the packets at one place. Times in ms, with microseconds behind the point. */
export interface Arrivals {
  readonly received: number;
  readonly longestGapMs: number;
  /** Holes in which packets were lost, longest first. */
  readonly gaps: readonly Gap[];
  /** Of packets at the stream's end that never came: a silence that was not over yet. */
  readonly silentAtEndMs: number;
}

/** The way there is told by the fields of `Arrivals` themselves: what the far end received. */
export interface StreamResult extends Arrivals {
  readonly sent: number;
  /** What an application feels: the echoes that came back to the sender. */
  readonly roundTrip: Arrivals;
  /** The way back alone: the longest time in which the far end's echoes were lost. */
  readonly backGapMs: number;
  /** Packets of the stream that the VPC router handed to each way out, by node. */
  readonly paths: Readonly<Record<string, number>>;
  /** Echoes that came into the VPC router from each way, by node. */
  readonly pathsBack: Readonly<Record<string, number>>;
  /** The sender's own longest pause: no gap can be known better than this. */
  readonly precisionMs: number;
}

export interface StreamOptions {
  readonly from: string;
  readonly to: string;
  /** At least this long, and until `during` is done. */
  readonly durationMs: number;
  readonly periodMs?: number;
  /** What happens while the stream runs; called once packets arrive. */
  readonly during?: () => Promise<void>;
}

type Packet = readonly [sequence: number, sent: number, arrived: number];
type Echo = readonly [sequence: number, sent: number, echoed: number, arrived: number];

/**
 * Pure. `packets` in order of arrival. A hole is where packets never came: those of a slow path that a faster one
 * overtook are none.
 */
export const judge = (packets: readonly Packet[]): Omit<Arrivals, 'silentAtEndMs'> => {
  const first = packets[0];
  if (first === undefined) return { received: 0, longestGapMs: Number.POSITIVE_INFINITY, gaps: [] };
  const arrived = new Set(packets.map(([sequence]) => sequence));
  const gaps: Gap[] = [];
  let longest = 0;
  let top = first;
  for (const packet of packets.slice(1)) {
    if (packet[0] <= top[0]) continue;
    const ms = (packet[2] - top[2]) / 1000;
    longest = Math.max(longest, ms);
    let lost = 0;
    for (let sequence = top[0] + 1; sequence < packet[0]; sequence += 1) if (!arrived.has(sequence)) lost += 1;
    if (lost > 0) gaps.push({ at: (top[2] - first[2]) / 1000, ms, lost });
    top = packet;
  }
  return { received: arrived.size, longestGapMs: longest, gaps: gaps.sort((a, b) => b.ms - a.ms) };
};

/**
 * Pure. The longest time, ms, in which echoes were lost, by the times at which the far end sent them: what was lost on
 * the way there is not in it.
 *
 * @param packets in order of arrival at the far end. `returned`: sequences whose echo came back.
 */
export const lostOnTheWayBack = (packets: readonly Packet[], returned: ReadonlySet<number>): number => {
  let longest = 0;
  let since: number | undefined;
  for (const [sequence, , echoed] of packets) {
    if (since !== undefined) longest = Math.max(longest, (echoed - since) / 1000);
    if (returned.has(sequence)) since = undefined;
    else since ??= echoed;
  }
  return longest;
};

/** Starts one end; `first` resolves with its first line, `stop` ends it and resolves with its last. */
const end = (topology: Topology, node: string, args: readonly string[]) => {
  const child: ChildProcess = companion(
    'ip',
    inside(nodeNamed(topology, node).netns, ownMachine([process.execPath, '-e', endSource, ...args])),
    topology.lab,
  );
  let text = '';
  let trouble = '';
  const line = new Promise<string>((resolve, reject) => {
    child.stdout!.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    child.stderr!.setEncoding('utf8').on('data', (part: string) => (trouble += part));
    child.on('error', reject);
    child.on('close', () =>
      reject(failure(`the stream's end on ${node} stopped`, { more: trouble.split('\n').slice(0, 3) })),
    );
  });
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    first: async <T>(): Promise<T> => JSON.parse(await line) as T,
    async stop<T>(): Promise<T> {
      child.stdin!.end();
      await closed;
      const last = text.trimEnd().split('\n').at(-1)!;
      return JSON.parse(last) as T;
    },
    kill: () => void child.kill('SIGKILL'),
  };
};

/** Ways out of the VPC: the VGW and the gateways, by node and device of the VPC router. */
const waysOut = ({ links, nodes }: Topology) =>
  links.flatMap(({ cloud, onprem }) => {
    const role = nodes.find(({ name }) => name === onprem.node)?.role;
    return cloud.node === 'vpc' && (role === 'vgw' || role === 'gateway')
      ? [{ node: onprem.node, dev: cloud.dev }]
      : [];
  });

const arrivals = (packets: readonly Packet[], sent: number, periodMs: number): Arrivals => {
  const last = packets.reduce((most, [sequence]) => Math.max(most, sequence), -1);
  return { ...judge(packets), silentAtEndMs: (sent - 1 - last) * periodMs };
};

/**
 * Sends one UDP packet every `periodMs` from one node to another, which sends each back, and finds the longest silence
 * of the round trip and of each way. Counts at the VPC router which way each packet and each echo took.
 *
 * @throws a failure when an end can't run or no packet arrives before `during` begins.
 */
export const measureGap = async (
  shell: Shell,
  topology: Topology,
  { from, to, durationMs, periodMs = 1, during }: StreamOptions,
): Promise<StreamResult> => {
  const vpc = nodeNamed(topology, 'vpc').netns;
  const address = nodeNamed(topology, to)
    .addresses.find(({ dev }) => dev !== 'lo')!
    .address.split('/')[0]!;
  const ways = waysOut(topology);
  const receiver = end(topology, to, ['echo', address, '0']);
  let sender: ReturnType<typeof end> | undefined;
  try {
    const { port } = await receiver.first<{ port: number }>();
    const table = `${TABLE}_${port}`;
    const counters = ways.flatMap(({ dev }, at) => [
      { name: `there${at}`, match: `oifname "${dev}" udp dport ${port}` },
      { name: `back${at}`, match: `iifname "${dev}" udp sport ${port}` },
    ]);
    const text = [
      `table inet ${table} {`,
      ...counters.map(({ name }) => `  counter ${name} { }`),
      '  chain forward {',
      '    type filter hook forward priority 0;',
      ...counters.map(({ name, match }) => `    ${match} counter name ${name}`),
      '  }',
      '}',
      '',
    ].join('\n');
    await must(shell, 'ip', inside(vpc, ['nft', '-f', '-']), { input: text });
    try {
      sender = end(topology, from, ['send', address, String(port), String(periodMs * 1000)]);
      await sender.first();
      const enough = delay(durationMs);
      await during?.();
      await enough;
      const { sent, pause, echoes } = await sender.stop<{ sent: number; pause: number; echoes: Echo[] }>();
      const { packets } = await receiver.stop<{ packets: Packet[] }>();
      const counted = countersOf(
        await must(shell, 'ip', inside(vpc, ['nft', '-j', 'list', 'counters', 'table', 'inet', table])),
      );
      const byNode = (way: 'there' | 'back') =>
        Object.fromEntries(ways.map(({ node }, at) => [node, counted.get(`${way}${at}`) ?? 0]));
      return {
        sent,
        ...arrivals(packets, sent, periodMs),
        roundTrip: arrivals(
          echoes.map(([sequence, left, , arrived]): Packet => [sequence, left, arrived]),
          sent,
          periodMs,
        ),
        backGapMs: lostOnTheWayBack(packets, new Set(echoes.map(([sequence]) => sequence))),
        paths: byNode('there'),
        pathsBack: byNode('back'),
        precisionMs: pause / 1000,
      };
    } finally {
      await shell.run('ip', inside(vpc, ['nft', 'delete', 'table', 'inet', table]));
    }
  } finally {
    sender?.kill();
    receiver.kill();
  }
};

const countersOf = (text: string): ReadonlyMap<string, number> => {
  const { nftables } = JSON.parse(text) as { nftables: { counter?: { name: string; packets: number } }[] };
  return new Map(nftables.flatMap(({ counter }) => (counter === undefined ? [] : [[counter.name, counter.packets]])));
};
