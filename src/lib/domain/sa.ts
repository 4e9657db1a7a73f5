import type { ViciSection, ViciValue } from '../core/ports.ts';

/** strongSwan's own default for its vici socket. */
export const LOCAL_CHARON = 'unix:///var/run/charon.vici';

/**
 * `connecting`: IKE is being spoken. `ike-only`: the peers agree on each other, but no ESP pair carries packets.
 * `down`: configured, and nothing there.
 */
export type TunnelState = 'established' | 'ike-only' | 'connecting' | 'down';

export interface TunnelEnd {
  /** Address in use, or as configured (`%any` when open); undefined when charon says none. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly id: string | undefined;
  /** Selectors: what of this side is carried. */
  readonly networks: readonly string[];
}

export interface Traffic {
  readonly bytes: number;
  readonly packets: number;
  /** Seconds since the last packet; undefined when none was seen, or the kernel doesn't say. */
  readonly lastAge: number | undefined;
}

/**
 * One configured child of a connection, joined with the security associations that serve it. Ages and times in seconds.
 */
export interface TunnelStatus {
  /** The connection's name, or `connection/child` where a connection has several children. */
  readonly name: string;
  readonly connection: string;
  readonly child: string;
  readonly state: TunnelState;
  /** false: an SA lives on, but its connection is no longer loaded; it won't come back after a loss. */
  readonly configured: boolean;
  readonly ikeVersion: string | undefined;
  readonly ikeState: string | undefined;
  readonly initiator: boolean | undefined;
  readonly local: TunnelEnd;
  readonly remote: TunnelEnd;
  readonly natT: boolean;
  /** Which ends sit behind NAT, as the IKE hashes tell (RFC 7296 §2.23). */
  readonly behindNat: { readonly local: boolean; readonly remote: boolean };
  readonly ikeProposal: string | undefined;
  readonly espProposal: string | undefined;
  readonly encapsulation: 'udp' | 'none' | undefined;
  readonly ikeEstablishedFor: number | undefined;
  readonly establishedFor: number | undefined;
  readonly rekeyIn: number | undefined;
  readonly ikeRekeyIn: number | undefined;
  readonly reauthIn: number | undefined;
  readonly expiresIn: number | undefined;
  readonly in: Traffic | undefined;
  readonly out: Traffic | undefined;
  /** Live IKE SAs and ESP pairs of this tunnel; more than one outside a rekey means that both ends initiate. */
  readonly ikeSas: number;
  readonly childSas: number;
}

const section = (value: ViciValue | undefined): ViciSection =>
  typeof value === 'object' && !Array.isArray(value) ? (value as ViciSection) : {};
const text = (value: ViciValue | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
const list = (value: ViciValue | undefined): readonly string[] =>
  Array.isArray(value) ? (value as readonly string[]) : [];
/** charon prints counters of 64 bits; past 2^53 (9 PB on one SA) the last digits are rounded. */
const number = (value: ViciValue | undefined): number | undefined => {
  const digits = text(value);
  return digits !== undefined && /^\d{1,20}$/.test(digits) ? Number(digits) : undefined;
};

/** Live states; REKEYED and REKEYING still carry packets (strongSwan child_sa.h, ike_sa.h). */
const IKE_UP = ['ESTABLISHED', 'REKEYING', 'REKEYED'];
const CHILD_UP = ['INSTALLED', 'REKEYING', 'REKEYED', 'UPDATING', 'RETRYING'];

const proposal = (sa: ViciSection): string | undefined => {
  const keysize = text(sa['encr-keysize']);
  const parts = [
    text(sa['encr-alg']) === undefined
      ? undefined
      : `${text(sa['encr-alg'])}${keysize === undefined ? '' : `-${keysize}`}`,
    text(sa['integ-alg']),
    text(sa['prf-alg']),
    text(sa['dh-group']),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join('/');
};

const traffic = (sa: ViciSection, direction: 'in' | 'out'): Traffic => ({
  bytes: number(sa[`bytes-${direction}`]) ?? 0,
  packets: number(sa[`packets-${direction}`]) ?? 0,
  // Without a packet the age would be the SA's, not a packet's.
  lastAge: number(sa[`packets-${direction}`]) === 0 ? undefined : number(sa[`use-${direction}`]),
});

interface Candidate {
  readonly ike: ViciSection;
  readonly child: ViciSection | undefined;
}

const isUp = ({ ike, child }: Candidate): boolean =>
  IKE_UP.includes(text(ike['state']) ?? '') && child !== undefined && CHILD_UP.includes(text(child['state']) ?? '');

/** During a rekey two pairs live side by side: the newest installed one carries the traffic from now on. */
const best = (candidates: readonly Candidate[]): Candidate | undefined =>
  [...candidates].sort(
    (a, b) =>
      Number(isUp(b)) - Number(isUp(a)) ||
      Number(b.child?.['state'] === 'INSTALLED') - Number(a.child?.['state'] === 'INSTALLED') ||
      Number(IKE_UP.includes(text(b.ike['state']) ?? '')) - Number(IKE_UP.includes(text(a.ike['state']) ?? '')) ||
      (number(a.child?.['install-time']) ?? 0) - (number(b.child?.['install-time']) ?? 0),
  )[0];

/** One vici event holds one or more sections by connection name. */
const byName = (events: readonly ViciSection[]): readonly (readonly [string, ViciSection])[] =>
  events.flatMap((event) => Object.entries(event).map(([name, value]) => [name, section(value)] as const));

interface Configured {
  readonly connection: string;
  readonly child: string;
  readonly name: string;
  readonly conn: ViciSection | undefined;
}

/** A tunnel for every configured child, and for every child that lives without a configuration. */
const wanted = (
  conns: readonly (readonly [string, ViciSection])[],
  sas: readonly (readonly [string, ViciSection])[],
): readonly Configured[] => {
  const children = new Map<string, { conn: ViciSection | undefined; names: Set<string> }>();
  for (const [connection, conn] of conns)
    children.set(connection, { conn, names: new Set(Object.keys(section(conn['children']))) });
  for (const [connection, sa] of sas) {
    const known = children.get(connection) ?? { conn: undefined, names: new Set<string>() };
    for (const child of Object.values(section(sa['child-sas'])))
      known.names.add(text(section(child)['name']) ?? connection);
    children.set(connection, known);
  }
  return [...children].flatMap(([connection, { conn, names }]) =>
    (names.size === 0 ? [connection] : [...names]).map((child) => ({
      connection,
      child,
      conn,
      name: names.size > 1 ? `${connection}/${child}` : connection,
    })),
  );
};

/**
 * Joins `list-conns` (what should be) with `list-sas` (what is), so that a configured tunnel without an SA shows as
 * down instead of not at all. Pure; shapes as in strongSwan src/libcharon/plugins/vici/README.md.
 */
export const tunnelStatuses = (
  connEvents: readonly ViciSection[],
  saEvents: readonly ViciSection[],
): readonly TunnelStatus[] => {
  const sas = byName(saEvents);
  return wanted(byName(connEvents), sas).map(({ connection, child, conn, name }) => {
    const ikes = sas.filter(([of]) => of === connection).map(([, sa]) => sa);
    const candidates = ikes.flatMap((ike): readonly Candidate[] => {
      const own = Object.values(section(ike['child-sas']))
        .map(section)
        .filter((sa) => text(sa['name']) === child);
      return own.length === 0 ? [{ ike, child: undefined }] : own.map((sa) => ({ ike, child: sa }));
    });
    return statusOf({ connection, child, conn, name }, best(candidates), ikes.length, candidates.filter(isUp).length);
  });
};

/**
 * Counters of every ESP pair that is there, by tunnel: while a rekey is under way a tunnel has two, and after it each
 * counts from nothing. A pair is known by its SPIs, which are random; charon's own numbers begin anew when charon does.
 */
export const pairCounters = (
  connEvents: readonly ViciSection[],
  saEvents: readonly ViciSection[],
): readonly { readonly of: string; readonly life: string; readonly in: Traffic; readonly out: Traffic }[] => {
  const sas = byName(saEvents);
  return wanted(byName(connEvents), sas).flatMap(({ connection, child, name }) =>
    sas
      .filter(([of]) => of === connection)
      .flatMap(([, ike]) => Object.values(section(ike['child-sas'])).map(section))
      .filter((sa) => text(sa['name']) === child && text(sa['spi-in']) !== undefined)
      .map((sa) => ({
        of: name,
        life: `${text(sa['spi-in'])}/${text(sa['spi-out']) ?? ''}`,
        in: traffic(sa, 'in'),
        out: traffic(sa, 'out'),
      })),
  );
};

const statusOf = (
  { connection, child, conn, name }: Configured,
  chosen: Candidate | undefined,
  ikeSas: number,
  childSas: number,
): TunnelStatus => {
  const ike = chosen?.ike ?? {};
  const sa = chosen?.child;
  const configured = section(section(conn?.['children'])[child]);
  const end = (side: 'local' | 'remote'): TunnelEnd => ({
    host: text(ike[`${side}-host`]) ?? list(conn?.[`${side}_addrs`])[0],
    port: number(ike[`${side}-port`]),
    id: text(ike[`${side}-id`]) ?? text(section(conn?.[`${side}-1`])['id']),
    networks: sa === undefined ? list(configured[`${side}-ts`]) : list(sa[`${side}-ts`]),
  });
  const ikeUp = IKE_UP.includes(text(ike['state']) ?? '');
  const up = chosen !== undefined && isUp(chosen);
  return {
    name,
    connection,
    child,
    state: up ? 'established' : ikeUp ? 'ike-only' : chosen === undefined ? 'down' : 'connecting',
    configured: conn !== undefined,
    ikeVersion: text(ike['version']) === undefined ? text(conn?.['version']) : `IKEv${text(ike['version'])}`,
    ikeState: text(ike['state']),
    initiator: chosen === undefined ? undefined : ike['initiator'] === 'yes',
    local: end('local'),
    remote: end('remote'),
    natT: ike['nat-any'] === 'yes' || sa?.['encap'] === 'yes',
    behindNat: { local: ike['nat-local'] === 'yes', remote: ike['nat-remote'] === 'yes' },
    ikeProposal: proposal(ike),
    espProposal: sa === undefined ? undefined : proposal(sa),
    encapsulation: sa === undefined ? undefined : sa['encap'] === 'yes' ? 'udp' : 'none',
    ikeEstablishedFor: number(ike['established']),
    establishedFor: up ? number(sa?.['install-time']) : undefined,
    rekeyIn: number(sa?.['rekey-time']),
    ikeRekeyIn: number(ike['rekey-time']),
    reauthIn: number(ike['reauth-time']),
    expiresIn: number(sa?.['life-time']),
    in: sa === undefined ? undefined : traffic(sa, 'in'),
    out: sa === undefined ? undefined : traffic(sa, 'out'),
    ikeSas,
    childSas,
  };
};

/**
 * What the counters of an established tunnel tell by themselves, after the field's troubleshooting cases. Young tunnels
 * are left alone: ten seconds without an answer is more often a slow start than a fault.
 */
export const trafficHint = (tunnel: TunnelStatus): string | undefined => {
  if (tunnel.state !== 'established' || (tunnel.establishedFor ?? 0) < 10) return undefined;
  const [inward, outward] = [tunnel.in?.packets ?? 0, tunnel.out?.packets ?? 0];
  if (outward > 0 && inward === 0) {
    return 'packets leave, none come back (troubleshooting case 2): check ip_forward and the security group on both ends, the return route on the far side, and NAT there before encryption (case 3)';
  }
  if (inward > 0 && outward === 0) {
    return 'packets arrive, none are sent back (troubleshooting case 2): check ip_forward, source/dest check, the VPC route to this gateway, and NAT of the replies on this side (case 3)';
  }
  return undefined;
};
