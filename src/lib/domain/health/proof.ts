import type { Way } from '../../core/ports.ts';
import { cidr, contains } from '../cidr.ts';
import type { Sample } from './types.ts';

/**
 * Whether an answer crossed the tunnel. A gateway relays some probes into its tunnel; when the relay's rules are gone
 * (`nft flush ruleset`, a restart of nftables, `firewall-cmd --reload`), the gateway's own kernel answers the same
 * probes: a TCP probe with RST, an echo with an echo reply. What tells the two apart is the TTL of an echo reply: the
 * router's has crossed one hop more than the gateway's own, or started at another value (Cisco: 255, Linux: 64).
 *
 * So two echoes are compared: one of the relayed length, and one of another length, which the gateway never relays and
 * answers itself.
 */
export interface Proof {
  /** TTL of the gateway's own answers; undefined: it has not answered an echo yet. */
  ownTtl: number | undefined;
  /** Whether it answered the newest echo that is its own to answer; undefined: none was asked yet. */
  ownAnswers: boolean | undefined;
  /** TTL of the newest answer to a relayed echo. */
  relayedTtl: number | undefined;
  /** Relayed echoes without an answer since then. */
  lostInARow: number;
}

/**
 * `own`: the gateway itself answers, so an answer says nothing of the tunnel. `unseen`: no echo has shown yet who
 * answers.
 */
export type Doubt = NonNullable<Sample['doubt']>;
export type Answerer = 'far-end' | 'own' | 'unseen';

/** One echo may be late or lost. Two without an answer, from a gateway that answers its own: they were relayed. */
const RELAYED_AFTER = 2;
/** So many relayed echoes without an answer, and the answers before them prove nothing any more. */
const FORGOTTEN_AFTER = 3;

/**
 * What is said of a link whose probes are answered, but not provably through the tunnel.
 * @param gateway whose relay hands the probes on.
 */
export const doubtText = (doubt: Doubt, gateway: string): string => {
  switch (doubt) {
    case 'own':
      return `${gateway} itself answers the probes: its probe relay is not loaded (on ${gateway}: "nft -f /etc/hybridctl/probe.nft")`;
    case 'unseen':
      return `something answers the probes, but nothing shows that it is behind the tunnel of ${gateway}`;
    case 'elsewhere':
      return 'the probes are answered, but their packets go another way than over this link: see the route to their target where the monitor runs';
    case 'unreadable':
      return `${gateway} is this machine and its nftables rules can't be read, so its own answer can't be told from the router's (needs root; a service needs CAP_NET_ADMIN: run "hybridctl monitor install" again)`;
  }
};

export const startProof = (): Proof => ({
  ownTtl: undefined,
  ownAnswers: undefined,
  relayedTtl: undefined,
  lostInARow: 0,
});

/** @param ttl of the answer to an echo that the gateway does not relay; undefined: no answer. */
export const hearOwn = (proof: Proof, ttl: number | undefined): void => {
  proof.ownAnswers = ttl !== undefined;
  if (ttl !== undefined) proof.ownTtl = ttl;
};

/** @param ttl of the answer to an echo of the relayed length; undefined: no answer. */
export const hearRelayed = (proof: Proof, ttl: number | undefined): void => {
  proof.lostInARow = ttl === undefined ? proof.lostInARow + 1 : 0;
  if (ttl !== undefined) proof.relayedTtl = ttl;
};

export const answererOf = ({ ownTtl, ownAnswers, relayedTtl, lostInARow }: Proof): Answerer => {
  if (ownAnswers === undefined) return 'unseen';
  // The gateway answers echoes, but not those of the relayed length: they went into the tunnel.
  if (lostInARow >= RELAYED_AFTER && ownAnswers) return 'far-end';
  if (relayedTtl === undefined || lostInARow >= FORGOTTEN_AFTER) return 'unseen';
  return relayedTtl === ownTtl ? 'own' : 'far-end';
};

/**
 * What an echo with TTL 1 brought: the hop where it ended, or an answer of the target itself, which is next door then.
 * On the gateway itself its own addresses on the device that the packets leave by. None: nothing came.
 */
export interface FirstHop {
  readonly hop?: string | undefined;
  readonly answered?: boolean;
  readonly leavesBy?: readonly string[];
}

/**
 * Whether packets go the link's way. A host that is reached over another link answers as well as one that is reached
 * over this: what tells them apart is who forwards the packets first.
 */
export const doubtOfWay = ({ via, never = [] }: Way, { hop, answered, leavesBy }: FirstHop): Doubt | undefined => {
  if (hop !== undefined && never.includes(hop)) return 'elsewhere';
  if (via === undefined) return undefined;
  const tunnel = cidr(via.tunnel);
  if (leavesBy !== undefined) return leavesBy.some((address) => contains(tunnel, address)) ? undefined : 'elsewhere';
  if (hop === undefined) return answered === true ? 'elsewhere' : 'unseen';
  return hop === via.gateway ? undefined : 'elsewhere';
};
