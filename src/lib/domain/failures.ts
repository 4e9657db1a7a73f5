/**
 * charon's log lines to what failed, in plain words with the next. The phrases are those of strongSwan's libcharon (5.x
 * and 6.x); the cases are the three of the field's OpenSwan document, "common problems".
 */
export const CASES = {
  1: 'case 1: the tunnel does not come up (reachability, UDP 500 and 4500, then the parameters of both ends)',
  2: 'case 2: the tunnel is up but nothing passes (forwarding, security group, routes)',
  3: 'case 3: NAT in the way (exempt tunnel traffic from NAT)',
} as const;

export interface FailureKind {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly next: string;
  readonly case: (typeof CASES)[keyof typeof CASES];
  readonly pattern: RegExp;
  /** A mere consequence: it never hides a cause that the same attempt has named before. */
  readonly consequence?: true;
}

const ids =
  'both ids of the entry must be what the two ends send: behind an Elastic IP that is the EIP, not the private address';

/** First match wins, so a more telling phrase stands before the notify it leads to. */
export const FAILURES: readonly FailureKind[] = [
  {
    id: 'no-ike-config',
    title: 'no connection is configured here for that pair of addresses and IKE version',
    why: 'charon was asked for a tunnel between two addresses, or by an IKE version, that no connection here has',
    next: 'compare local_addrs, remote_addrs and version (left, right, keyexchange) with the addresses in the line; behind an Elastic IP the local one is private',
    case: CASES[1],
    pattern: /no IKE config found for /,
  },
  {
    id: 'no-shared-key',
    title: 'no pre-shared key for this pair of ids',
    why: 'the secrets hold no key whose ids match the two in the line',
    next: `add the key and load it ("swanctl --load-creds", "ipsec rereadsecrets"); ${ids}`,
    case: CASES[1],
    pattern: /no shared key found for /,
  },
  {
    id: 'wrong-key',
    title: 'the pre-shared keys of the two ends differ',
    why: 'the peer signed with another key (IKEv2), or what it encrypted with it is unreadable (IKEv1)',
    next: 'put the same key on both ends; look for a trailing blank, typographic quotes, or an older entry for the same ids',
    case: CASES[1],
    pattern: /but MAC mismatched|payload length, decryption failed\?|could not decrypt payloads|PAYLOAD_MALFORMED/,
  },
  {
    id: 'no-peer-config',
    title: "the peer's id fits no connection here",
    why: 'addresses and proposals are fine, but the id that the peer sends is not the one configured for it',
    next: 'set the remote id (rightid) to the id in brackets in the "looking for peer configs" line; write an address without "@"',
    case: CASES[1],
    pattern:
      /no matching peer config found|no peer config found|selected peer config '[^']*' unacceptable|no alternative config found|constraint checking failed/,
  },
  {
    id: 'selectors',
    title: 'the traffic selectors of the two ends do not meet',
    why: 'the networks that one end offers are not those that the other allows (a crypto ACL must be the mirror of the selectors)',
    next: 'make local_ts here equal remote_ts there and the reverse; toward a route-based end both are 0.0.0.0/0',
    case: CASES[1],
    pattern:
      /TS_UNACCEPTABLE|traffic selectors .{0,400} unacceptable|no acceptable traffic selectors|no matching CHILD_SA config found|INVALID_ID_INFORMATION/,
  },
  {
    id: 'no-proposal',
    title: 'the ends have no proposal in common',
    why: 'not one combination of cipher, hash and DH group is allowed on both ends; the responder may also lack a connection for our address or IKE version, which its own log says',
    next: 'configure one same proposal on both ends',
    case: CASES[1],
    pattern:
      /NO_PROPOSAL_CHOSEN|no proposal found|proposals unacceptable|no acceptable proposal found|no matching proposal found/,
  },
  {
    id: 'dh-group',
    title: 'the peer refused our key exchange',
    why: 'its DH group differs; a strongSwan peer says the same in IKEv1 when it has no pre-shared key for us',
    next: 'use the same DH group on both ends, and see that the peer has a key for our id',
    case: CASES[1],
    pattern: /INVALID_KE_PAYLOAD/,
  },
  {
    id: 'authentication',
    title: 'the peer rejected us',
    why: 'its log says which it was: another key, no key for our id, or no connection for our id',
    next: `compare key and ids on both ends; ${ids}`,
    case: CASES[1],
    pattern: /AUTHENTICATION_FAILED/,
  },
  {
    id: 'ike-version',
    title: 'the peer speaks another IKE version',
    why: 'one end is set to IKEv1 and the other to IKEv2',
    next: 'set the same version on both ends (2, unless a box cannot)',
    case: CASES[1],
    pattern: /unsupported IKE version|INVALID_MAJOR_VERSION/,
  },
  {
    id: 'kernel',
    title: 'the kernel did not take the security association',
    why: 'it has no ESP or not this cipher, or another tunnel holds the same selectors and mark',
    next: 'see that the modules esp4 and xfrm_user are there and that no two tunnels share mark or if_id; without kernel ESP load kernel-libipsec',
    case: CASES[2],
    pattern: /unable to install (?:[a-z ]{0,30})?IPsec|unable to add SAD entry|unable to add policy/,
  },
  {
    id: 'unreachable',
    title: 'no route to the peer from this machine',
    why: 'the kernel refused to send: no route, or a firewall rule on this machine',
    next: 'see "ip route get PEER"; a catch-all tunnel route must not cover the peer itself',
    case: CASES[1],
    pattern: /error writing to socket: /,
  },
  {
    id: 'half-open',
    title: 'the peer started and fell silent',
    why: 'its first packet came, the next ones did not: our answers are lost, or UDP 4500 is blocked where UDP 500 is not',
    next: 'open UDP 4500 both ways (security group, network ACL, the router before the peer)',
    case: CASES[1],
    pattern: /deleting half open IKE_SA with /,
    consequence: true,
  },
  {
    id: 'dead-peer',
    title: 'the peer stopped answering dead-peer detection',
    why: 'the tunnel was up; then the peer, its internet or its NAT binding was gone',
    next: 'ping the peer; once it answers, see that dpd_action is restart and keyingtries 0 on the end that initiates',
    case: CASES[1],
    pattern: /DPD check timed out/,
    consequence: true,
  },
  {
    id: 'no-answer',
    title: 'the peer does not answer',
    why: 'every retransmission was lost: peer down, wrong address, UDP 500 or 4500 blocked on the way, or (IKEv1) packets dropped because the keys differ',
    next: 'open UDP 500 and 4500 and protocol 50 in the security group, check the address, and look at the peer; "keyingtries = 0" keeps charon trying',
    case: CASES[1],
    pattern: /giving up after \d+ retransmits|peer not responding/,
    consequence: true,
  },
];

export interface LogFailure extends Omit<FailureKind, 'pattern' | 'consequence'> {
  /** `IKE` or `ESP`: which of the two negotiations it was; undefined where the log's lines can't be tied together. */
  readonly phase: 'IKE' | 'ESP' | undefined;
  /** Names of the connection and the peer's address, where the log tells them. */
  readonly connection: string | undefined;
  readonly peer: string | undefined;
  /** The time as the log prints it. */
  readonly at: string | undefined;
  /** charon's own words, and both proposal lists where it printed them. */
  readonly line: string;
  readonly details: readonly string[];
  /** A child SA of the same connection came up after it. */
  readonly recovered: boolean;
}

interface Entry {
  readonly at: string | undefined;
  /** What ties lines together: charon's IKE_SA number where the log has it, else the thread. */
  readonly key: string;
  readonly connection: string | undefined;
  readonly text: string;
}

const LINE = /(?:^|\s)(\d\d)\[([A-Z]{3})\] (?:<(?:([^|>]{1,200})\|)?(\d{1,10})> )?(.{0,2000})/;
/** Ids in a line are the peer's own bytes: nothing of it may steer a terminal. */
const printable = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?').slice(0, 300);

const parseLine = (line: string): Entry | undefined => {
  const match = LINE.exec(line.slice(0, 4000));
  if (match === null) return undefined;
  const [, thread, group, connection, number, text = ''] = match;
  // "CFG" also carries vici's account of what was loaded; only proposals and peer configs matter here.
  if (group === 'KNL' || group === 'LIB' || group === 'DMN') {
    if (!/unable to/.test(text)) return undefined;
  }
  const stamp = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,12}|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)/.exec(line);
  return {
    at: stamp?.[1],
    key: number === undefined ? `thread ${thread}` : `sa ${number}`,
    connection,
    text: printable(text),
  };
};

interface Attempt {
  connection: string | undefined;
  peer: string | undefined;
  ikeUp: boolean;
  named: boolean;
  retransmits: boolean;
  details: string[];
}

/**
 * Reads a charon log and keeps the last failure of each connection (or of each peer, where the log has no names; then
 * of the log). Lines are tied together by charon's `<name|number>` tag (`ike_name = yes`), else by thread and packet
 * address.
 * @returns in the order of the log.
 */
export const readFailures = (log: string): readonly LogFailure[] => {
  const attempts = new Map<string, Attempt>();
  const last = new Map<string, LogFailure>();
  const retransmitting = new Set<string>();

  for (const line of log.split('\n')) {
    const entry = parseLine(line);
    if (entry === undefined) continue;
    const { text } = entry;
    const starts =
      /(?:initiating (?:Main Mode |Aggressive Mode )?IKE_SA )([^[]{1,200})\[\d+\] to ([0-9A-Fa-f.:]+)/.exec(text) ??
      /()([0-9A-Fa-f.:]+) is initiating an? (?:\w+ Mode )?IKE_SA/.exec(text);
    const packet = /^(?:received packet: from |sending packet: from \S+ to )([0-9A-Fa-f.:]+)\[/.exec(text);
    const fresh = starts !== null || (entry.key.startsWith('thread') && text.startsWith('received packet'));
    const known = attempts.get(entry.key);
    const attempt: Attempt =
      known === undefined || fresh
        ? { connection: undefined, peer: known?.peer, ikeUp: false, named: false, retransmits: false, details: [] }
        : known;
    attempts.set(entry.key, attempt);
    attempt.connection = entry.connection ?? (starts?.[1] || attempt.connection);
    attempt.peer = starts?.[2] ?? packet?.[1] ?? attempt.peer;

    const established = /^(IKE_SA|CHILD_SA) ([^[{]{1,200})[[{]\d+[\]}] established/.exec(text);
    if (established?.[1] === 'IKE_SA') {
      attempt.connection ??= established[2];
      attempt.ikeUp = true;
    }
    if (established?.[1] === 'CHILD_SA') {
      for (const [key, failure] of last) {
        const same =
          attempt.connection === undefined
            ? failure.peer === attempt.peer
            : failure.connection === attempt.connection ||
              (failure.connection === undefined && failure.peer === attempt.peer);
        if (same) last.set(key, { ...failure, recovered: true });
      }
    }
    if (/^(?:received|configured) proposals: /.test(text)) attempt.details = [...attempt.details.slice(-1), text];
    // The address stands in the line after "retransmit 1 of request …".
    if (packet !== null && attempt.retransmits) retransmitting.add(packet[1]!);
    attempt.retransmits = /^(?:sending )?retransmit \d/.test(text);

    const kind = FAILURES.find(({ pattern }) => pattern.test(text));
    if (kind === undefined || /^(?:generating|parsed|looking for) /.test(text)) continue;
    if (kind.consequence === true && attempt.named) continue;
    attempt.named ||= kind.consequence !== true;
    const untagged = entry.key.startsWith('thread');
    const peer =
      kind.id === 'no-answer' && untagged
        ? retransmitting.size === 1
          ? [...retransmitting][0]
          : undefined
        : attempt.peer;
    const connection = kind.id === 'no-answer' && untagged ? undefined : attempt.connection;
    const { pattern: _pattern, consequence: _consequence, ...said } = kind;
    const key = connection ?? peer ?? '';
    last.delete(key);
    const esp = attempt.ikeUp || kind.id === 'selectors' || /CHILD_SA/.test(text);
    last.set(key, {
      ...said,
      phase: esp ? 'ESP' : untagged ? undefined : 'IKE',
      connection,
      peer,
      at: entry.at,
      line: text,
      details: attempt.details,
      recovered: false,
    });
  }
  return [...last.values()];
};
