import type { HybridError } from '../../core/errors.ts';
import type { Initiated, Testimony, Vici, ViciSection, Witness } from '../../core/ports.ts';
import { tunnelStatuses } from '../../domain/sa.ts';
import { connectVici, parseViciUri } from '../vici/client.ts';
import { again, type Conversation } from './again.ts';

/** An SA begins or ends. Rekeys have events of their own (`ike-rekey`, `child-rekey`) and are no news. */
const EVENTS = ['ike-updown', 'child-updown'] as const;

/** What each connection has: an ESP pair that can carry, or only peers that agree on each other. */
type Connections = ReadonlyMap<string, 'established' | 'ike-only'>;

const connectionsOf = (sas: readonly ViciSection[]): Connections => {
  const found = new Map<string, 'established' | 'ike-only'>();
  for (const { connection, state } of tunnelStatuses([], sas)) {
    if (state === 'established' || (state === 'ike-only' && !found.has(connection))) found.set(connection, state);
  }
  return found;
};

/**
 * Who had an ESP pair and has none now. One of several that ends is no loss: it was rekeyed, or replaced by a new
 * authentication. A death is told once, by the strongest that is seen of it.
 */
const lost = (before: Connections, after: Connections): readonly Testimony[] =>
  [...before].flatMap(([about, state]) =>
    state === 'established' && after.get(about) !== 'established'
      ? [{ about, evidence: after.has(about) ? ('child-down' as const) : ('ike-down' as const) }]
      : [],
  );

/** Nobody listens on the socket. Only a local one says that: what is cut off from a remote one are we. */
const isGone = (uri: string, error: unknown): boolean =>
  uri.startsWith('unix:') &&
  ['ENOENT', 'ECONNREFUSED'].includes(((error as HybridError).cause as NodeJS.ErrnoException | undefined)?.code ?? '');

/** What a try to begin a tunnel may take in all, ms: a peer that is there answers in two round trips. */
const INITIATE_MS = 5_000;

/**
 * Begins the children of a connection that are down. What is being negotiated is left alone: charon goes on trying it,
 * and a second try would make a second association.
 */
const initiate = async (vici: Vici, connection: string): Promise<Initiated> => {
  const down = tunnelStatuses(
    await vici.stream('list-conns', 'list-conn'),
    await vici.stream('list-sas', 'list-sa'),
  ).filter(
    (one) => one.connection === connection && one.configured && (one.state === 'down' || one.state === 'ike-only'),
  );
  const failed: string[] = [];
  for (const { child } of down)
    await vici
      .request('initiate', { ike: connection, child, timeout: String(Math.ceil(INITIATE_MS / down.length)) })
      .catch((error: HybridError) => failed.push(error.message));
  if (down.length === 0) return { outcome: 'idle' };
  return failed.length === 0 ? { outcome: 'up' } : { outcome: 'failed', because: failed.join('; ') };
};

/**
 * charon's security associations. Events only say when to look: what counts is the difference between two looks, so
 * that an SA that was replaced is none, and what was missed while the connection was away is made up for.
 *
 * A charon that is gone takes its SAs with it: `ike-down` for every connection that had an ESP pair. (Killed outright
 * it leaves those of kernel ESP behind, which carry on until they expire. That is why it takes lost probes too.)
 */
export const charonWitness = (uri: string): Witness => {
  parseViciUri(uri, '--uri');
  return {
    name: `charon at ${uri}`,
    watch({ evidence, heard }) {
      let known: Connections = new Map();
      const learn = (now: Connections): void => {
        const before = known;
        known = now;
        lost(before, now).forEach(evidence);
      };
      const converse = async ({ signal, heard: hears }: Conversation): Promise<never> => {
        const vici = await connectVici(uri).catch((error: unknown) => {
          if (isGone(uri, error)) learn(new Map());
          throw error;
        });
        const close = (): void => vici.close();
        signal.addEventListener('abort', close);
        if (signal.aborted) close();
        try {
          const look = lookAgain(async () => {
            learn(connectionsOf(await vici.stream('list-sas', 'list-sa')));
            hears();
          }, vici);
          for (const event of EVENTS) await vici.listen(event, look);
          look();
          throw await vici.ended;
        } finally {
          signal.removeEventListener('abort', close);
          vici.close();
        }
      };
      return again(converse, heard);
    },
    async initiate(connection) {
      const vici = await connectVici(uri, { timeoutMs: 2 * INITIATE_MS });
      try {
        return await initiate(vici, connection);
      } finally {
        vici.close();
      }
    },
  };
};

/** Looks when asked, one look at a time; asked meanwhile, once more after it. A look that fails ends the connection. */
const lookAgain = (work: () => Promise<void>, vici: Pick<Vici, 'close'>): (() => void) => {
  let looking = false;
  let asked = false;
  const run = async (): Promise<void> => {
    looking = true;
    while (asked) {
      asked = false;
      await work();
    }
    looking = false;
  };
  return () => {
    asked = true;
    if (!looking) run().catch(() => vici.close());
  };
};
