import type { CloudRoute, RouteTable, RouteTarget } from '../../../src/lib/core/ports.ts';
import type { LinkTarget } from '../../../src/lib/domain/routes.ts';
import type { ManagedRoute, Policy, Timing } from '../../../src/lib/domain/failover/types.ts';
import type { Random } from './random.ts';

/**
 * As in production, on a clock that runs about five times faster: an episode is then short and still meets every
 * hold-down.
 */
export const TIMING: Timing = {
  probeMs: 100,
  readMs: 4_000,
  watchMs: 250,
  freshMs: 2_000,
  staleMs: 2_500,
  lateMs: 8_000,
  answerMs: 6_000,
  gapMs: 1_200,
  minHoldMs: 1_000,
  holdFirstMs: 4_000,
  holdMostMs: 16_000,
  // Short enough to be reached within an episode.
  forgiveMs: 40_000,
  noPathMs: 2_000,
  backoffMostMs: 2_000,
  healAfterMs: 3_000,
  inspectMs: 1_000,
  forceMs: 6_000,
  giveUpMs: 30_000,
  cooldownMs: 12_000,
};

export interface Topology {
  readonly name: string;
  readonly policy: Policy;
  readonly tables: readonly RouteTable[];
  /** Gateways' instances; in peer mode the monitors run on them. */
  readonly instances: readonly string[];
  readonly monitors: readonly { readonly name: string; readonly host: string | undefined }[];
  /** Destinations the VGW propagates, as long as one of these links is up. */
  readonly propagated: { readonly links: readonly string[]; readonly destinations: readonly string[] } | undefined;
}

export const FOREIGN_TARGET: RouteTarget = { kind: 'other', id: 'tgw-0123456789abcdef0' };
const VGW: RouteTarget = { kind: 'vgw', id: 'vgw-078bcc55' };
const eni = (number: number): RouteTarget => ({ kind: 'eni', id: `eni-0000000${number}` });
const instance = (number: number) => `i-0000000${number}`;

const dx = (name: string): LinkTarget => ({ name, kind: 'dx', target: VGW, lacks: undefined, instance: undefined });
const vpn = (name: string, number: number): LinkTarget => ({
  name,
  kind: 'vpn',
  target: eni(number),
  lacks: undefined,
  instance: instance(number),
});

const staticRoute = (destination: string, target: RouteTarget): CloudRoute => ({
  destination,
  target,
  origin: 'static',
  state: 'active',
});
const propagatedRoute = (destination: string): CloudRoute => ({
  destination,
  target: VGW,
  origin: 'propagated',
  state: 'active',
});

/** Routes that are none of our business, in every table: one beside, one around and one inside what we manage. */
export const BYSTANDERS: readonly CloudRoute[] = [
  { destination: '172.16.0.0/16', target: { kind: 'local', id: 'local' }, origin: 'table', state: 'active' },
  staticRoute('192.168.0.0/16', FOREIGN_TARGET),
  staticRoute('10.10.77.0/24', FOREIGN_TARGET),
];

/** Stands where a secret could slip in: no byte of it may leave. */
export const SECRET = 'psk-Xy7.never.leaves';

interface Shape {
  readonly name: string;
  readonly links: readonly LinkTarget[];
  readonly orders: readonly (readonly string[])[];
  readonly destinations: readonly string[];
  readonly mode: ManagedRoute['mode'];
  readonly propagate: boolean;
  readonly peers: boolean;
}

const NET = '10.10.0.0/16';
const SHAPES: readonly Shape[] = [
  {
    name: 'dx, same AZ, cross AZ',
    links: [dx('dx-1'), vpn('vpn-a', 1), vpn('vpn-b', 2)],
    orders: [
      ['dx-1', 'vpn-a', 'vpn-b'],
      ['dx-1', 'vpn-b', 'vpn-a'],
    ],
    destinations: [NET],
    mode: 'replace',
    propagate: false,
    peers: false,
  },
  {
    name: 'dx by propagation, same AZ, cross AZ',
    links: [dx('dx-1'), vpn('vpn-a', 1), vpn('vpn-b', 2)],
    orders: [
      ['dx-1', 'vpn-a', 'vpn-b'],
      ['dx-1', 'vpn-b', 'vpn-a'],
    ],
    destinations: [NET],
    mode: 'replace',
    propagate: true,
    peers: false,
  },
  {
    name: 'two gateways watch each other',
    links: [vpn('vpn-a', 1), vpn('vpn-b', 2)],
    orders: [
      ['vpn-a', 'vpn-b'],
      ['vpn-b', 'vpn-a'],
    ],
    destinations: [NET],
    mode: 'replace',
    propagate: false,
    peers: true,
  },
  {
    name: 'override',
    links: [dx('dx-1'), vpn('vpn-a', 1)],
    orders: [['dx-1', 'vpn-a']],
    destinations: [NET],
    mode: 'override',
    propagate: true,
    peers: false,
  },
  {
    name: 'two dx, two vpn',
    links: [dx('dx-1'), dx('dx-2'), vpn('vpn-a', 1), vpn('vpn-b', 2)],
    orders: [
      ['dx-1', 'dx-2', 'vpn-a', 'vpn-b'],
      ['dx-1', 'dx-2', 'vpn-b', 'vpn-a'],
    ],
    destinations: [NET, '10.20.0.0/16'],
    mode: 'replace',
    propagate: false,
    peers: false,
  },
  {
    name: 'override with propagation and two vpn',
    links: [dx('dx-1'), dx('dx-2'), vpn('vpn-a', 1), vpn('vpn-b', 2)],
    orders: [['dx-2', 'dx-1', 'vpn-b', 'vpn-a']],
    destinations: [NET],
    mode: 'override',
    propagate: true,
    peers: false,
  },
  {
    name: 'vpn before dx, prefix list',
    links: [dx('dx-1'), vpn('vpn-a', 1), vpn('vpn-b', 2)],
    orders: [['vpn-b', 'dx-1', 'vpn-a']],
    destinations: ['pl-0123456789abcdef0', NET],
    mode: 'replace',
    propagate: false,
    peers: false,
  },
];
/** More routes than a bucket has tokens. */
const CROWD: Shape = {
  ...SHAPES[0]!,
  name: 'seventy routes',
  destinations: Array.from({ length: 35 }, (_, index) => `10.${100 + index}.0.0/16`),
};

export const drawTopology = (random: Random): Topology => {
  const shape = random.chance(0.01) ? CROWD : random.pick(SHAPES);
  const tableIds = shape.orders.map((_, index) => `rtb-0000000${index}`);
  const routes = shape.orders.flatMap((order, index) =>
    shape.destinations.map(
      (destination): ManagedRoute => ({
        key: `${tableIds[index]}|${destination}`,
        table: tableIds[index]!,
        destination,
        mode: shape.mode,
        order,
      }),
    ),
  );
  const instances = shape.links.flatMap((link) => (link.instance === undefined ? [] : [link.instance]));
  const first = (order: readonly string[]) => shape.links.find(({ name }) => name === order[0])!.target!;
  const two = shape.peers || random.chance(0.35);
  return {
    name: shape.name,
    policy: {
      links: shape.links,
      routes,
      gateways: shape.links.flatMap((link) =>
        link.instance === undefined ? [] : [{ instance: link.instance, pool: 'pool', links: [link.name] }],
      ),
      self: undefined,
      timing: TIMING,
    },
    tables: shape.orders.map((order, index) => ({
      id: tableIds[index]!,
      name: SECRET,
      propagatingVgws: shape.propagate ? [VGW.id] : [],
      routes: [
        ...BYSTANDERS,
        ...shape.destinations.map((destination) =>
          shape.propagate && first(order) === VGW
            ? propagatedRoute(destination)
            : staticRoute(destination, first(order)),
        ),
      ],
    })),
    instances,
    monitors: (two ? [0, 1] : [0]).map((index) => ({
      name: `monitor-${index + 1}`,
      host: shape.peers ? instances[index]! : undefined,
    })),
    propagated: shape.propagate
      ? {
          links: shape.links.filter(({ kind }) => kind === 'dx').map(({ name }) => name),
          destinations: shape.destinations,
        }
      : undefined,
  };
};

export { propagatedRoute, staticRoute };
