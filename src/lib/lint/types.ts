export const KINDS = ['ios', 'asa', 'swanctl', 'ipsec-conf', 'sysctl'] as const;
/**
 * `swanctl` also covers strongswan.conf (same grammar); `ipsec-conf` covers Libreswan, Openswan and the secrets file.
 */
export type Kind = (typeof KINDS)[number];

export const SEVERITIES = ['error', 'warning', 'info'] as const;
/** error: it breaks, or a standard forbids it. warning: it will hurt. info: know it. */
export type Severity = (typeof SEVERITIES)[number];

export interface Finding {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
  readonly fix: string;
}

export interface Setting {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** A named block of settings: `conn vpn1`, `children { net { … } }`. */
export interface Section {
  readonly name: string;
  readonly line: number;
  readonly settings: Setting[];
  readonly sections: Section[];
}

/** A Cisco command with the commands below it. */
export interface Block {
  readonly line: number;
  readonly text: string;
  readonly words: readonly string[];
  readonly children: Block[];
}

/**
 * One algorithm choice, however the file spells it. Names: `aes128`, `aes256gcm16`, `3des`, `sha1`; DH by IANA number.
 */
export interface Algorithm {
  readonly line: number;
  readonly use: 'ike' | 'esp';
  readonly encryption?: string | undefined;
  readonly hash?: string | undefined;
  readonly dh?: number | undefined;
  /** The file does not say it; the box's default does. */
  readonly byDefault?: true | undefined;
}

/** A pre-shared key. The value is judged and never shown. */
export interface Secret {
  readonly line: number;
  readonly value: string;
  /** Ids it is kept under; undefined where the dialect has none. */
  readonly ids: readonly string[] | undefined;
}

/** A strongSwan, Libreswan or Openswan connection in one shape. Lifetimes in seconds. */
export interface Conn {
  readonly name: string;
  readonly line: number;
  readonly flavour: 'swanctl' | 'strongswan' | 'libreswan';
  /** undefined: either version. */
  readonly version: 1 | 2 | undefined;
  readonly ike: Setting | undefined;
  readonly esp: readonly Setting[];
  readonly local: Setting | undefined;
  readonly localId: Setting | undefined;
  readonly remote: Setting | undefined;
  readonly remoteId: Setting | undefined;
  readonly localNets: readonly string[];
  readonly remoteNets: readonly string[];
  readonly ikeLife: Setting | undefined;
  readonly childLife: Setting | undefined;
  readonly dpdTimeout: Setting | undefined;
  readonly dpdAction: Setting | undefined;
  readonly closeAction: Setting | undefined;
  readonly start: Setting | undefined;
  readonly keyingtries: Setting | undefined;
  readonly mobike: Setting | undefined;
  readonly encap: Setting | undefined;
  readonly marks: readonly Setting[];
  readonly ifId: readonly Setting[];
  /** What has to be equal for both directions of one child: its marks, and its interface ids. */
  readonly pairs: readonly (readonly Setting[])[];
  /** Every setting as written, for what only one dialect has. */
  readonly raw: readonly Setting[];
}

export interface Parsed {
  readonly kind: Kind;
  /** Permission bits of the file; undefined for stdin. */
  readonly mode: number | undefined;
  readonly lines: readonly string[];
  readonly root: Section;
  readonly blocks: readonly Block[];
  readonly conns: readonly Conn[];
  readonly algorithms: readonly Algorithm[];
  readonly secrets: readonly Secret[];
}

export interface Rule {
  readonly id: string;
  readonly kinds: readonly Kind[];
  readonly severity: Severity;
  readonly title: string;
  /** Where the fact comes from: an RFC section, a vendor's page, the field documents. */
  readonly source: string;
  check(file: Parsed): readonly Finding[];
}
