/** What became of one probe. */
export interface Sample {
  /** When the outcome was known, ms on a monotonic clock. */
  readonly at: number;
  /** When it was sent, ms on the same clock; only the rounds of the 3-ping loop ask for it. Default: `at`. */
  readonly sentAt?: number;
  /** `unknown`: our own fault (loop late, send failed); it changes nothing. */
  readonly kind: 'reply' | 'lost' | 'unknown';
  readonly rttMs?: number;
  /** `large`: DF set, as big as the tunnel's MTU allows; small ones pass where a PMTU hole eats the data. */
  readonly size: 'small' | 'large';
  /**
   * Only in an unknown one: an answer came, but it is no proof. Of a relayed target, `own`: the gateway's kernel gives it
   * itself, its relay is not loaded; `unreadable`: the gateway is this machine, and its rules can't be read. Of another,
   * `elsewhere`: its packets go another way than over the link. Of both, `unseen`: nothing has shown yet who answers.
   */
  readonly doubt?: 'own' | 'unseen' | 'unreadable' | 'elsewhere';
}

/** One target, probed for as long as the prober runs. */
export interface ProbeSpec {
  /** Unique among the specs given together; it comes back with every sample. */
  readonly id: string;
  /** Any answer is life: an echo reply; a SYN-ACK or an RST; a datagram back or an ICMP port-unreachable. */
  readonly kind: 'icmp' | 'tcp' | 'udp';
  readonly address: string;
  /** TCP and UDP only, and then required. */
  readonly port?: number;
  /** Our own address, which decides the way out on a box with several. */
  readonly source?: string;
  readonly intervalMs: number;
  /**
   * A second, slower stream with DF set, `bytes` long from its IP header on. A TCP target's is an ICMP echo to its
   * address: a SYN carries no data.
   */
  readonly large?: { readonly bytes: number; readonly intervalMs: number };
  /**
   * A gateway hands these probes on into its tunnel, and an echo of `bytes` from its IP header on too. An answer counts
   * only where an echo has shown that the gateway does not give it itself (see domain/health/proof.ts).
   */
  readonly relayed?: { readonly bytes: number };
  /** Not relayed: where its packets go first is for the routes here, and an answer counts only if they go the link's way. */
  readonly way?: Way;
}

/** The first hop of packets that go over a link, as an echo with TTL 1 shows it; addresses. */
export interface Way {
  /**
   * This gateway; on the gateway itself they leave by the device with an address inside `tunnel`. Absent: any may be,
   * and one that tells nothing too.
   */
  readonly via?: { readonly gateway: string; readonly tunnel: string };
  /** None of these may be it. */
  readonly never?: readonly string[];
}

export interface Prober {
  /**
   * Probes every target at its own pace, spread over the interval, until stopped. Every probe ends in exactly one
   * sample, on a monotonic clock of the process (`performance.now()`). Nothing is thrown for a target: what can't be
   * sent is unknown.
   */
  start(specs: readonly ProbeSpec[], onSample: (id: string, sample: Sample) => void): Probing;
}

/** Probes under way. */
export interface Probing {
  /**
   * From now on the large probes of that target leave so far apart, the next one so long after the last, at once if
   * that is over. No probe is lost by it: one that can't be waited for any more is unknown. Nothing happens where it is
   * so already, or where the target has no large stream.
   */
  pace(id: string, intervalMs: number): void;
  stop(): Promise<void>;
}
