import { usageError } from '../core/errors.ts';
import { linkEndsOf, type LabLink, type Topology } from './topology.ts';

/**
 * What can break. `esp`: IKE lives, the data doesn't (a firewall that forgot NAT-T's ESP). `large`: a PMTU hole, small
 * pings pass. `kill` and `hang`: charon dies, or is there and does nothing.
 */
export const CUT_KINDS = ['down', 'blackhole', 'loss', 'esp', 'udp4500', 'udp500', 'large', 'kill', 'hang'] as const;
export type CutKind = (typeof CUT_KINDS)[number];
export const DIRECTIONS = ['in', 'out', 'both'] as const;
/** `out`: away from the VPC router, from the cloud to on-prem. */
export type Direction = (typeof DIRECTIONS)[number];

/** Above every probe and below every full-sized packet of a tunnel. */
const LARGE_BYTES = 1300;

export interface CutSpec {
  readonly what: string;
  /** Default: `down`, or `blackhole` for a vpn link, which has no carrier of its own. */
  readonly kind?: CutKind | undefined;
  readonly direction?: Direction | undefined;
  /** Part of the packets lost, 0 to 1; with kind `loss`. */
  readonly loss?: number | undefined;
}

/** A filter where packets come in from a link: works since Linux 4.2, egress hooks only since 5.16. */
export interface Filter {
  readonly node: string;
  readonly dev: string;
  /** Statements of nft, one rule each. */
  readonly rules: readonly string[];
}

export interface Cut {
  /** Part of a table's name and of a file's. */
  readonly id: string;
  readonly what: string;
  readonly kind: CutKind;
  readonly direction: Direction;
  readonly loss: number | undefined;
  readonly filters: readonly Filter[];
  /** Devices taken down, never one of the VPC router: its routes are the cloud's, not to be lost with a link. */
  readonly down: readonly { readonly node: string; readonly dev: string }[];
  /** Nodes whose charon is killed or stopped. */
  readonly boxes: readonly string[];
}

/** `ip saddr … ip daddr …` of what goes towards the cloud (`in`) and from it (`out`); empty: everything. */
interface Place {
  readonly link: LabLink;
  readonly in: string;
  readonly out: string;
}

const drops = (kind: CutKind, loss: number): readonly string[] => {
  const port = (number: number): readonly string[] => [`udp dport ${number} drop`, `udp sport ${number} drop`];
  switch (kind) {
    case 'loss':
      return [`numgen random mod 10000 < ${Math.round(loss * 10_000)} drop`];
    case 'esp':
      // ESP in UDP begins with its SPI; four zero bytes there mean IKE (RFC 3948 §2.2).
      return ['ip protocol esp drop', 'udp dport 4500 @th,64,32 != 0 drop', 'udp sport 4500 @th,64,32 != 0 drop'];
    case 'udp4500':
      return port(4500);
    case 'udp500':
      return port(500);
    case 'large':
      return [`meta length > ${LARGE_BYTES} drop`];
    default:
      return ['drop'];
  }
};

/** A tunnel is cut on its router's line to the internet, where only the two ends' own packets are met. */
const placesOf = (topology: Topology, what: string): readonly Place[] => {
  const { site, links, nodes } = topology;
  const link = links.find(({ name }) => name === what);
  if (link !== undefined) return [{ link, in: '', out: '' }];
  const vpn = site.links.find((entry) => entry.kind === 'vpn' && entry.name === what);
  const tunnel = site.tunnels.find(({ name }) => name === (vpn?.kind === 'vpn' ? vpn.tunnel : what));
  if (tunnel !== undefined) {
    const router = site.onprem.routers.find(({ name }) => name === tunnel.router)!;
    const cloud = site.gateways.find(({ name }) => name === tunnel.gateway)!.public_ip;
    const onprem = router.private_ip ?? router.public_ip;
    return [
      {
        link: links.find(({ name }) => name === `wan-${router.name}`)!,
        in: `ip saddr ${onprem} ip daddr ${cloud} `,
        out: `ip saddr ${cloud} ip daddr ${onprem} `,
      },
    ];
  }
  if (nodes.some(({ name }) => name === what))
    return linkEndsOf(topology, what).map((end) => ({ link: end.link, in: '', out: '' }));
  const names = [...new Set([...site.links, ...links, ...nodes].map(({ name }) => name))];
  throw usageError(`the lab has no link or node called ${what}`, {
    field: 'what',
    next: `one of: ${names.join(', ')}`,
  });
};

/** Decides where a fault bites. Pure. Throws a usage error for a combination that means nothing. */
export const planCut = (topology: Topology, { what, kind: wanted, direction = 'both', loss }: CutSpec): Cut => {
  const places = placesOf(topology, what);
  const isTunnel = places.some((place) => place.in !== '');
  const kind = wanted ?? (loss !== undefined ? 'loss' : direction !== 'both' || isTunnel ? 'blackhole' : 'down');
  const perPacket = kind !== 'down' && kind !== 'kill' && kind !== 'hang';
  if ((kind === 'loss') !== (loss !== undefined))
    throw usageError('loss and kind "loss" go together', {
      field: '--loss',
      next: 'give both, like --kind loss --loss 30%',
    });
  if (loss !== undefined && !(loss > 0 && loss <= 1))
    throw usageError('is not between 0 % and 100 %', { field: '--loss' });
  if (!perPacket && direction !== 'both')
    throw usageError(`"${kind}" has no direction`, {
      field: '--direction',
      next: 'remove the flag, or use --kind blackhole',
    });
  if (kind === 'down' && isTunnel)
    throw usageError(`${what} is a tunnel and has no carrier of its own`, {
      field: '--kind',
      next: `use --kind blackhole, or cut ${places[0]!.link.name}`,
    });
  const boxes = kind === 'kill' || kind === 'hang' ? [boxNamed(topology, what, kind)] : [];
  const rules = drops(kind, loss ?? 0);
  const filters = !perPacket
    ? []
    : places.flatMap(({ link, ...match }): readonly Filter[] => [
        ...(direction === 'out' ? [] : [{ ...link.cloud, rules: rules.map((rule) => `${match.in}${rule}`) }]),
        ...(direction === 'in' ? [] : [{ ...link.onprem, rules: rules.map((rule) => `${match.out}${rule}`) }]),
      ]);
  const down = kind === 'down' ? places.map(({ link }) => (link.cloud.node === 'vpc' ? link.onprem : link.cloud)) : [];
  return { id: `${what}_${kind}_${direction}`.replaceAll('-', '_'), what, kind, direction, loss, filters, down, boxes };
};

const boxNamed = (topology: Topology, what: string, kind: CutKind): string => {
  if (topology.nodes.some(({ name, runs }) => name === what && runs.includes('charon'))) return what;
  const boxes = topology.nodes.filter(({ runs }) => runs.includes('charon')).map(({ name }) => name);
  throw usageError(`"${kind}" is for a box with charon, and ${what} has none`, {
    field: '--kind',
    next: `one of: ${boxes.join(', ')}`,
  });
};

/** Every table of ours begins so: a forgotten rule looks like a bad path. */
export const CUT_TABLE = 'hybridctl_cut_';

/** The nft text that sets a cut in one node, in one transaction, replacing the same cut set before. */
export const cutRules = ({ id, filters }: Cut, node: string): string => {
  const name = `${CUT_TABLE}${id}`;
  const chains = filters
    .filter((filter) => filter.node === node)
    .map(
      ({ dev, rules }, at) =>
        `  chain c${at} {\n    type filter hook ingress device "${dev}" priority 0;\n${rules.map((rule) => `    ${rule}`).join('\n')}\n  }`,
    );
  return `table netdev ${name}\ndelete table netdev ${name}\ntable netdev ${name} {\n${chains.join('\n')}\n}\n`;
};
