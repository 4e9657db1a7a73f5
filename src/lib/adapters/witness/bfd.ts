import { setTimeout as delay } from 'node:timers/promises';
import { failure } from '../../core/errors.ts';
import type { Testimony, Witness } from '../../core/ports.ts';
import { again, type Conversation } from './again.ts';
import { openVty } from './vty.ts';

/**
 * How often bfdd is asked. None is missed: a session that went down sends at most once a second (RFC 5880, 6.8.3), so
 * it stays down longer than this. FRR had a socket that told by itself until 10.0; it was taken out after.
 */
const ASK_MS = 100;

/** What is read of a peer in `show bfd peers json` (FRR bfdd/bfdd_vty.c, __display_peer_json). */
export interface BfdPeer {
  /** Tells sessions with one address apart. */
  readonly key: string;
  readonly address: string;
  readonly status: string;
  /** The other end took it down of its own will. */
  readonly byPeer: boolean;
}

/**
 * What a peer gives as its reason when it was shut down or started anew. One that misses our packets says so
 * (`control detection time expired`). RFC 5880 wants `administratively down`; FRR 8.4 sends none.
 */
const WILFUL = ['administratively down', 'ok'];

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Throws a failure on what is no list of peers. */
export const readPeers = (json: string): readonly BfdPeer[] => {
  let list: unknown;
  try {
    list = JSON.parse(json);
  } catch {
    // said below
  }
  if (!Array.isArray(list)) throw failure("the answer is not bfdd's list of peers");
  return list
    .filter((entry): entry is Record<string, unknown> => typeof entry === 'object' && entry !== null)
    .map((entry) => ({
      key: ['vrf', 'interface', 'local', 'peer'].map((name) => text(entry[name])).join(' '),
      address: text(entry['peer']),
      status: text(entry['status']),
      byPeer:
        text(entry['diagnostic']) === 'neighbor signaled session down' &&
        WILFUL.includes(text(entry['remote-diagnostic'])),
    }));
};

/**
 * Sessions that were up and are not. One that an operator shut down, here (`shutdown`) or there, is no evidence, nor is
 * one that is no longer configured: neither says anything of packets.
 */
const lost = (before: ReadonlySet<string>, after: readonly BfdPeer[]): readonly Testimony[] =>
  after.flatMap(({ key, address, status, byPeer }) =>
    before.has(key) && (status === 'down' || status === 'init') && !byPeer
      ? [{ evidence: 'bfd-down' as const, about: address }]
      : [],
  );

/** FRR's BFD sessions, over one connection to bfdd. The end of bfdd itself is no evidence: packets don't need it. */
export const bfdWitness = (socket: string): Witness => ({
  name: `bfdd at ${socket}`,
  watch({ evidence, heard }) {
    const converse = async ({ signal, heard: hears }: Conversation): Promise<never> => {
      const vty = await openVty(socket);
      const close = (): void => vty.close();
      signal.addEventListener('abort', close);
      if (signal.aborted) close();
      try {
        await vty.ask('enable');
        for (let up: ReadonlySet<string> = new Set(); ; await delay(ASK_MS, undefined, { signal })) {
          const peers = readPeers(await vty.ask('show bfd peers json'));
          hears();
          lost(up, peers).forEach(evidence);
          up = new Set(peers.filter(({ status }) => status === 'up').map(({ key }) => key));
        }
      } finally {
        signal.removeEventListener('abort', close);
        vty.close();
      }
    };
    return again(converse, heard);
  },
});
