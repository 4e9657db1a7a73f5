import type { Site, SiteRouteTable } from '../domain/site.ts';
import type { FaultsInput } from '../cloud/faults.ts';
import type { CutKind, CutSpec, Direction } from '../lab/faults.ts';
import {
  KILL_STEPS,
  type DrillCase,
  type DrillProfile,
  type Expectation,
  type Fault,
  type KillStep,
  type Signature,
} from './types.ts';

/**
 * Longest reaction that passes, ms: what the profile's charts need on a fresh path, and as much again for a busy
 * machine. The bench measures how fast it is; a case only says that it holds. Large probes are a second apart until one
 * is missing. The 3-ping loop leaves traffic dead for 3 to 7.5 s, and never finds a path that still answers one ping in
 * three.
 */
export const LIMITS: Readonly<Record<DrillProfile, Readonly<Partial<Record<Signature, number>>>>> = {
  fast: { blackhole: 700, half: 4_000, third: 8_000, large: 4_000 },
  default: { blackhole: 2_000, half: 8_000, third: 20_000, large: 4_000 },
  legacy: { blackhole: 12_000 },
};

/** Whether the profile finds it at all. */
export const isFound = (profile: DrillProfile, { signature }: Expectation): boolean =>
  signature === undefined || LIMITS[profile][signature] !== undefined;

/** @returns what is allowed for the reaction, ms; undefined where nothing is to happen. */
export const limitOf = (profile: DrillProfile, { signature, extraMs }: Expectation): number | undefined =>
  signature === undefined ? undefined : (LIMITS[profile][signature] ?? Infinity) + extraMs;

/** A watch over what must not happen: several times what the profile needs to see a dead path. */
const QUIET_MS = 3_000;

/** A site's links in the roles that the cases need. */
interface Cast {
  readonly dx: string;
  readonly dxRouter: string;
  /** The first table's own way by tunnel, and the other. */
  readonly near: Way;
  readonly far: Way;
  readonly tables: readonly SiteRouteTable[];
}
interface Way {
  readonly link: string;
  readonly gateway: string;
  readonly router: string;
}

const wayOf = (site: Site, name: string): Way | undefined => {
  const link = site.links.find((one) => one.name === name);
  const tunnel = link?.kind === 'vpn' ? site.tunnels.find((one) => one.name === link.tunnel) : undefined;
  return tunnel === undefined ? undefined : { link: name, gateway: tunnel.gateway, router: tunnel.router };
};

const castOf = (site: Site): Cast | undefined => {
  const tables = site.route_tables;
  const [first, ...standby] = tables[0]?.links ?? [];
  const dx = site.links.find(({ name, kind }) => name === first && kind === 'dx');
  const [near, far] = standby.flatMap((name) => wayOf(site, name) ?? []);
  if (dx?.kind !== 'dx' || near === undefined || far === undefined || tables.some(({ links }) => links[0] !== dx.name))
    return undefined;
  return { dx: dx.name, dxRouter: dx.router, near, far, tables };
};

const cut = (what: string, kind: CutKind, direction: Direction = 'both', loss?: number): Fault => ({
  kind: 'cut',
  cut: { what, kind, direction, ...(loss === undefined ? {} : { loss }) } satisfies CutSpec,
});

const WAYS = { both: 'both ways', out: 'towards on-prem', in: 'towards the cloud' } as const;
const DIRECTIONS: readonly Direction[] = ['both', 'out', 'in'];

/** What breaks per packet, on any link. */
const PACKETS: readonly {
  name: string;
  group: string;
  kind: CutKind;
  loss?: number;
  signature: Signature;
  about: string;
}[] = [
  { name: 'blackhole', group: 'blackhole', kind: 'blackhole', signature: 'blackhole', about: 'every packet is lost' },
  { name: 'loss-50', group: 'loss', kind: 'loss', loss: 0.5, signature: 'half', about: 'half of the packets are lost' },
  {
    name: 'loss-30',
    group: 'loss',
    kind: 'loss',
    loss: 0.3,
    signature: 'third',
    about: 'three packets in ten are lost',
  },
  { name: 'pmtu', group: 'pmtu', kind: 'large', signature: 'large', about: 'packets above 1300 bytes are lost' },
];
/** What breaks per packet, in tunnels alone. */
const SEALED: typeof PACKETS = [
  { name: 'esp', group: 'esp', kind: 'esp', signature: 'blackhole', about: 'IKE lives and ESP is lost' },
  { name: 'udp4500', group: 'udp4500', kind: 'udp4500', signature: 'blackhole', about: 'UDP 4500 is lost' },
];

/** The endpoint's moods, on the call that moves a route. `extraMs`: what each may cost. */
const MOODS: readonly { name: string; about: string; faults: FaultsInput; forMs?: number; extraMs: number }[] = [
  {
    name: 'throttled',
    about: 'one route call a second passes',
    faults: { CreateRoute: { bucket: { size: 1, perSecond: 1 } } },
    extraMs: 3_000,
  },
  { name: 'slow', about: 'route calls take 1.5 s', faults: { CreateRoute: { delay_ms: 1_500 } }, extraMs: 2_500 },
  { name: 'stale', about: 'reads are 3 s old', faults: { DescribeRouteTables: { stale_ms: 3_000 } }, extraMs: 5_000 },
  {
    name: 'error',
    about: 'three route calls fail with 500',
    faults: { CreateRoute: { break: 'error', times: 3 } },
    extraMs: 8_000,
  },
  {
    name: 'garbage',
    about: 'three answers are noise',
    faults: { CreateRoute: { break: 'garbage', times: 3 } },
    extraMs: 8_000,
  },
  {
    name: 'html',
    about: "three answers are a proxy's page",
    faults: { CreateRoute: { break: 'html', times: 3 } },
    extraMs: 8_000,
  },
  {
    name: 'half',
    about: 'two answers end in the middle, and were applied',
    faults: { CreateRoute: { break: 'half', times: 2 } },
    extraMs: 5_000,
  },
  {
    name: 'drop',
    about: 'three calls are cut off before they are applied',
    faults: { CreateRoute: { break: 'drop', times: 3 } },
    extraMs: 8_000,
  },
  {
    name: 'drop-after',
    about: 'two calls are applied and their answers are lost',
    faults: { CreateRoute: { break: 'drop-after', times: 2 } },
    extraMs: 5_000,
  },
  {
    name: 'down',
    about: 'nothing of the API answers for 3 s',
    faults: { '*': { break: 'drop' } },
    forMs: 3_000,
    extraMs: 10_000,
  },
];

/**
 * The program's own start (up to 4 s where two cores do the work of eight), a second to miss the first reply, and a
 * move.
 */
const RESTART_MS = 6_000;

const KILLED: Readonly<Record<KillStep, string>> = {
  fault: 'as the fault sets in',
  verdict: 'when it has found it',
  call: 'when the route call was answered',
  moved: 'when the move was read back',
};

/**
 * Every case that a site has the links for: Direct Connect first and two tunnels behind it, as in the lab's own site.
 * @returns none for a site of another shape.
 */
export const casesOf = (site: Site): readonly DrillCase[] => {
  const cast = castOf(site);
  if (cast === undefined) return [];
  const { dx, dxRouter, near, far, tables } = cast;
  /** Every table at its first link that is none of these. */
  const without = (...dead: readonly string[]): Expectation['at'] =>
    Object.fromEntries(
      tables.map(({ name, links }) => [name, links.find((link) => !dead.includes(link)) ?? links[0]!]),
    );
  const found = (signature: Signature, at: Expectation['at'], rest: Partial<Expectation> = {}): Expectation => ({
    at,
    signature,
    silences: signature === 'blackhole',
    extraMs: 0,
    alerts: ['moved'],
    ...rest,
  });
  const quiet = (at: Expectation['at'], rest: Partial<Expectation> = {}): Expectation => ({
    at,
    signature: undefined,
    silences: false,
    extraMs: 0,
    alerts: [],
    ...rest,
  });
  const drill = (
    name: string,
    group: string,
    about: string,
    faults: readonly Fault[],
    expects: Expectation,
    rest: Partial<DrillCase> = {},
  ): DrillCase => ({ name, group, about, standing: [], faults, table: 0, watchMs: QUIET_MS, expects, ...rest });
  const packets = (
    link: string,
    list: typeof PACKETS,
    at: Expectation['at'],
    standing: readonly Fault[],
  ): readonly DrillCase[] =>
    list.flatMap(({ name, group, kind, loss, signature, about }) =>
      DIRECTIONS.map((direction) =>
        drill(
          `${link}/${name}/${direction}`,
          direction === 'both' ? group : `${group}-one-way`,
          `${link}: ${about}, ${WAYS[direction]}`,
          [cut(link, kind, direction, loss)],
          found(signature, at, { silences: signature === 'blackhole' && direction !== 'in' }),
          { standing },
        ),
      ),
    );

  const dxDown = [cut(dx, 'down')];
  const preferred = without();
  const onTunnels = without(dx);
  const onFar = without(dx, near.link);
  const gone = (name: string, group: string, about: string, fault: Fault, rest: Partial<Expectation> = {}): DrillCase =>
    drill(`${near.gateway}/${name}`, group, `${near.gateway}: ${about}`, [fault], found('blackhole', onFar, rest), {
      standing: dxDown,
    });
  const deadDx = cut(dx, 'blackhole', 'out');

  return [
    drill(`${dx}/down`, 'link-down', `${dx} loses its carrier`, dxDown, found('blackhole', onTunnels)),
    ...packets(dx, PACKETS, onTunnels, []),
    drill(
      `${dx}/bgp`,
      'bgp',
      `the BGP session of ${dx} is shut down`,
      [{ kind: 'bgp', link: dx }],
      found('blackhole', onTunnels),
    ),
    drill(
      `${dx}/flapping`,
      'flapping',
      `${dx} comes and goes three times`,
      [cut(dx, 'blackhole')],
      found('blackhole', onTunnels, { mostMoves: tables.length }),
      { flaps: { times: 3, everyMs: 1_200 } },
    ),
    drill(
      `${dx}/standby-dead`,
      'standby',
      `${near.link} is dead already when ${dx} dies`,
      [deadDx],
      found('blackhole', onFar),
      { standing: [cut(near.link, 'blackhole')] },
    ),
    drill(
      `${dxRouter}/down`,
      'router-down',
      `${dxRouter} loses all its links`,
      [cut(dxRouter, 'down')],
      found('blackhole', dxRouter === near.router ? onFar : onTunnels),
    ),
    ...packets(near.link, [...PACKETS, ...SEALED], onFar, dxDown),
    drill(
      `wan-${near.router}/down`,
      'link-down',
      `${near.router} loses its internet line`,
      [cut(`wan-${near.router}`, 'down')],
      found('blackhole', onFar),
      { standing: dxDown },
    ),
    drill(
      `${far.link}/blackhole/second-table`,
      'blackhole',
      `${far.link} is dead: the other zone's table moves`,
      [cut(far.link, 'blackhole')],
      found('blackhole', without(dx, far.link)),
      { standing: dxDown, table: 1 },
    ),
    gone('down', 'gateway-killed', 'all its links are gone', cut(near.gateway, 'down')),
    gone('stopped', 'gateway-killed', 'somebody stops the instance', { kind: 'instance', gateway: near.gateway }),
    gone('kill', 'gateway-killed', 'charon dies', cut(near.gateway, 'kill')),
    gone('hang', 'gateway-hung', 'charon is there and does nothing', cut(near.gateway, 'hang')),
    gone('charon-stopped', 'charon-stopped', 'charon is stopped in good order', {
      kind: 'charon',
      gateway: near.gateway,
    }),
    gone(
      'wrong-psk',
      'wrong-psk',
      'charon restarts with another key',
      { kind: 'psk', gateway: near.gateway },
      { extraMs: 1_000 },
    ),
    drill(
      `${dx}/return`,
      'return',
      `${dx} dies and comes back: traffic returns after the hold-down, once`,
      [deadDx],
      found('blackhole', onTunnels),
      { back: 'undone' },
    ),
    drill(
      `${near.link}/return`,
      'return',
      `${near.link} dies and comes back: traffic returns after the hold-down, once`,
      [cut(near.link, 'blackhole')],
      found('blackhole', onFar),
      { standing: dxDown, back: 'undone' },
    ),
    drill(
      `${near.gateway}/healed`,
      'healed',
      `somebody stops ${near.gateway}: traffic moves, then the monitor starts it, and traffic returns`,
      [{ kind: 'instance', gateway: near.gateway }],
      found('blackhole', onFar, { alerts: ['moved', 'healed'] }),
      { standing: dxDown, back: 'healed' },
    ),
    ...MOODS.map(({ name, about, faults, forMs, extraMs }) =>
      drill(
        `api/${name}`,
        `api-${name}`,
        `${dx} dies while ${about}`,
        [{ kind: 'api', faults, ...(forMs === undefined ? {} : { forMs }) }, deadDx],
        found('blackhole', onTunnels, { extraMs }),
      ),
    ),
    ...KILL_STEPS.map((at) =>
      drill(
        `monitor/killed/${at}`,
        'monitor-killed',
        `the monitor is killed ${KILLED[at]}, and starts again`,
        [deadDx, { kind: 'kill', at }],
        found('blackhole', onTunnels, { extraMs: RESTART_MS, silences: at !== 'fault' && at !== 'verdict' }),
      ),
    ),
    drill(
      'monitor/frozen',
      'monitor-frozen',
      'the monitor is stopped for 10 s while nothing is wrong',
      [{ kind: 'freeze', ms: 10_000 }],
      quiet(preferred),
      { watchMs: 14_000 },
    ),
    drill(
      `${dx}/loss-5/out`,
      'no-wolf',
      `${dx} loses 5 % of its packets at random`,
      [cut(dx, 'loss', 'out', 0.05)],
      quiet(preferred),
      { watchMs: 10_000 },
    ),
    // With its last path a propagated route goes too: where the tables then are is BGP's doing, so only moves are
    // counted. The carrying path goes last: cuts are some 20 ms apart, and a move to one that still lives in between
    // would be right.
    drill(
      'all/blackhole',
      'everything-down',
      'every path is dead',
      [far.link, near.link, dx].map((link) => cut(link, 'blackhole')),
      quiet({}, { alerts: ['dark'] }),
      { watchMs: 6_000 },
    ),
    drill(
      `${near.link}/standby`,
      'standby',
      `${near.link} dies while it carries nothing`,
      [cut(near.link, 'blackhole')],
      quiet(preferred),
    ),
    drill(
      `${near.gateway}/standby-hang`,
      'standby',
      `${near.gateway} hangs while it carries nothing`,
      [cut(near.gateway, 'hang')],
      quiet(preferred),
    ),
    drill(
      `${near.link}/udp500`,
      'udp500',
      `UDP 500 is lost under a tunnel that stands on 4500`,
      [cut(near.link, 'udp500')],
      quiet(onTunnels),
      { standing: dxDown },
    ),
  ];
};
