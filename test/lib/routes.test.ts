import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CloudRoute, RouteTable } from '../../src/lib/core/ports.ts';
import {
  carriers,
  effectiveRoute,
  effectiveRoutes,
  isTargetOf,
  linkOf,
  linkTargets,
  nextLink,
  planMove,
  routesInside,
  type Change,
} from '../../src/lib/domain/routes.ts';
import type { Site } from '../../src/lib/domain/site.ts';
import { cloudFromSite } from '../../src/lib/cloud/seed.ts';
import {
  createRoute,
  deleteRoute,
  findTable,
  replaceRoute,
  routesOf,
  setNetworks,
  setPropagation,
} from '../../src/lib/cloud/services/ec2/route-state.ts';
import type { CloudState } from '../../src/lib/cloud/state.ts';
import { fixture, siteOf } from '../helpers/cloud.ts';

const ONPREM = '10.10.0.0/16';
const VGW = { kind: 'vgw', id: 'vgw-078bcc55' } as const;
const ENI1 = { kind: 'eni', id: 'eni-023fbd87a1b2c3d4e', instance: 'i-0e1466e8a5dd4892c' } as const;
const ENI2 = { kind: 'eni', id: 'eni-02d75e6061b2c3d4e', instance: 'i-0430fe110cdec5835' } as const;
const IGW = { kind: 'igw', id: 'igw-0123456789abcdef0' } as const;

const propagated = (destination: string): CloudRoute => ({
  destination,
  target: VGW,
  origin: 'propagated',
  state: 'active',
});
const fixed = (
  destination: string,
  target: CloudRoute['target'],
  state: CloudRoute['state'] = 'active',
): CloudRoute => ({ destination, target, origin: 'static', state });
const table = (...routes: CloudRoute[]): RouteTable => ({
  id: 'rtb-0468f52220000000a',
  name: 'private-1',
  routes: [
    { destination: '172.16.0.0/16', target: { kind: 'local', id: 'local' }, origin: 'table', state: 'active' },
    ...routes,
  ],
  propagatingVgws: [VGW.id],
});

/** lab.yaml with a second Direct Connect. */
const site: Site = (() => {
  const lab = siteOf(fixture('lab'));
  return {
    ...lab,
    links: [
      ...lab.links,
      { ...lab.links[0]!, name: 'dx-2', router: 'rtr-2', inside: '169.254.20.0/30' } as Site['links'][number],
    ],
  };
})();
const links = linkTargets(site);
const link = (name: string) => links.find((other) => other.name === name)!;

describe('the four cases of Direct Connect with VPN, and the Local Zone', () => {
  const WIDE = fixed('10.0.0.0/8', ENI1);
  const cases: readonly {
    what: string;
    order: string[];
    table: RouteTable;
    follows: string | undefined;
    next?: string | undefined;
  }[] = [
    {
      what: '1 DX + 1 VPN, DX up: the propagated /16 is longer than the static /8',
      order: ['dx-1', 'vpn-a'],
      table: table(WIDE, propagated(ONPREM)),
      follows: 'dx-1',
      next: 'vpn-a',
    },
    {
      what: '1 DX + 1 VPN, DX down: BGP takes the /16 away, the /8 carries',
      order: ['dx-1', 'vpn-a'],
      table: table(WIDE),
      follows: 'vpn-a',
      next: undefined,
    },
    {
      what: '2 DX + 1 VPN, a DX down: the VGW still has the /16 from the other',
      order: ['dx-1', 'dx-2', 'vpn-a'],
      table: table(WIDE, propagated(ONPREM)),
      follows: 'dx-1',
      next: 'vpn-a',
    },
    {
      what: '2 DX + 1 VPN, both down',
      order: ['dx-1', 'dx-2', 'vpn-a'],
      table: table(WIDE),
      follows: 'vpn-a',
      next: undefined,
    },
    {
      what: '1 DX + 2 VPN, DX down and no wide route: nothing carries, the monitor must act',
      order: ['dx-1', 'vpn-a', 'vpn-b'],
      table: table(),
      follows: undefined,
      next: 'vpn-a',
    },
    {
      what: '1 DX + 2 VPN, on the first VPN: next is the gateway in the other AZ',
      order: ['dx-1', 'vpn-a', 'vpn-b'],
      table: table(fixed(ONPREM, ENI1)),
      follows: 'vpn-a',
      next: 'vpn-b',
    },
    {
      what: '2 DX + 2 VPN: the first move skips the DX on the same VGW',
      order: ['dx-1', 'dx-2', 'vpn-b', 'vpn-a'],
      table: table(propagated(ONPREM)),
      follows: 'dx-1',
      next: 'vpn-b',
    },
    {
      what: '2 DX + 2 VPN, on the last',
      order: ['dx-1', 'dx-2', 'vpn-b', 'vpn-a'],
      table: table(fixed(ONPREM, ENI1), propagated(ONPREM)),
      follows: 'vpn-a',
      next: undefined,
    },
    {
      what: 'Local Zone: the static route shadows the propagated one at the same prefix',
      order: ['dx-1', 'vpn-a'],
      table: table(fixed(ONPREM, ENI1), propagated(ONPREM)),
      follows: 'vpn-a',
      next: undefined,
    },
    {
      what: 'a target that is no link of the site',
      order: ['dx-1', 'vpn-a'],
      table: table(fixed('0.0.0.0/0', IGW)),
      follows: undefined,
      next: 'vpn-a',
    },
  ];
  it.each(cases)('$what', ({ order, table: read, follows, next }) => {
    const route = effectiveRoute(read, ONPREM);
    const current = route === undefined ? undefined : linkOf(route.target, order, links);
    expect(current?.name).toBe(follows);
    expect(nextLink(current, order, links)?.name).toBe(next);
  });
});

describe('the write that moves a destination', () => {
  const plan = (read: RouteTable, to: string, mode: 'replace' | 'override' = 'replace', destination = ONPREM) =>
    planMove({ table: read, destination, to: link(to), mode, order: ['dx-1', 'vpn-a', 'vpn-b'], links });
  const refused = (why: RegExp) => ({ kind: 'refuse', why: expect.stringMatching(why), next: expect.any(String) });
  const cases: readonly { what: string; got: Change; change: unknown }[] = [
    {
      what: 'no route: create',
      got: plan(table(), 'vpn-a'),
      change: { kind: 'create', target: { kind: 'eni', id: ENI1.id } },
    },
    {
      what: 'propagated only: create over it',
      got: plan(table(propagated(ONPREM)), 'vpn-a'),
      change: { kind: 'create', target: { kind: 'eni', id: ENI1.id } },
    },
    {
      what: 'static: replace',
      got: plan(table(fixed(ONPREM, ENI1)), 'vpn-b'),
      change: { kind: 'replace', target: { kind: 'eni', id: ENI2.id } },
    },
    {
      what: 'blackhole: replace',
      got: plan(table(fixed(ONPREM, ENI1, 'blackhole')), 'vpn-b'),
      change: { kind: 'replace', target: { kind: 'eni', id: ENI2.id } },
    },
    { what: 'there already', got: plan(table(fixed(ONPREM, ENI1)), 'vpn-a'), change: { kind: 'none' } },
    {
      what: 'there already by a wider route',
      got: plan(table(fixed('10.0.0.0/8', ENI1)), 'vpn-a'),
      change: { kind: 'none' },
    },
    { what: 'there already by propagation', got: plan(table(propagated(ONPREM)), 'dx-1'), change: { kind: 'none' } },
    {
      what: 'between two DX on one VGW there is nothing to write',
      got: plan(table(propagated(ONPREM)), 'dx-2'),
      change: { kind: 'none' },
    },
    {
      what: 'replace mode back to DX: the static route goes where the propagated one takes over',
      got: plan(table(fixed(ONPREM, ENI1), propagated(ONPREM)), 'dx-1'),
      change: { kind: 'delete' },
    },
    {
      what: 'replace mode back to DX without a propagated route: the static route is moved',
      got: plan(table(fixed(ONPREM, ENI1)), 'dx-1'),
      change: { kind: 'replace', target: VGW },
    },
    {
      what: 'override mode back to DX: the static route goes',
      got: plan(table(fixed(ONPREM, ENI1), propagated(ONPREM)), 'dx-1', 'override'),
      change: { kind: 'delete' },
    },
    {
      what: 'override mode, a wider propagated route catches too',
      got: plan(table(fixed(ONPREM, ENI1), propagated('10.0.0.0/8')), 'dx-1', 'override'),
      change: { kind: 'delete' },
    },
    {
      what: 'override mode, nothing to catch the traffic',
      got: plan(table(fixed(ONPREM, ENI1)), 'dx-1', 'override'),
      change: refused(/propagates no route/),
    },
    {
      what: 'override mode, a default route would catch it instead',
      got: plan(table(fixed(ONPREM, ENI1), fixed('0.0.0.0/0', IGW)), 'dx-1', 'override'),
      change: refused(/propagates no route/),
    },
    {
      what: 'override mode to another VPN',
      got: plan(table(fixed(ONPREM, ENI1), propagated(ONPREM)), 'vpn-b', 'override'),
      change: { kind: 'replace', target: { kind: 'eni', id: ENI2.id } },
    },
    {
      what: "somebody else's static route",
      got: plan(table(fixed(ONPREM, { kind: 'other', id: 'tgw-0123456789abcdef0' })), 'vpn-a'),
      change: refused(/tgw-0123456789abcdef0, which is no link/),
    },
    {
      what: "the VPC's own network",
      got: plan(table(), 'vpn-a', 'replace', '172.16.0.0/16'),
      change: refused(/the VPC's own/),
    },
    {
      what: 'a prefix list',
      got: plan(table(fixed('pl-0123456789abcdef0', ENI2)), 'vpn-a', 'replace', 'pl-0123456789abcdef0'),
      change: { kind: 'replace', target: { kind: 'eni', id: ENI1.id } },
    },
  ];
  it.each(cases)('$what', ({ got, change }) => expect(got).toEqual(change));
});

describe('matching and longest prefix', () => {
  it('knows a gateway by its instance where the site file has no interface', () => {
    const office = siteOf(fixture('seed-openswan'));
    const [vpn] = linkTargets(office);
    expect(vpn).toMatchObject({ name: 'vpn', target: { kind: 'instance', id: 'i-0a1b2c3d4e5f60718' } });
    expect(isTargetOf({ kind: 'eni', id: 'eni-0aaaaaaaaaaaaaaaa', instance: 'i-0a1b2c3d4e5f60718' }, vpn!)).toBe(true);
    expect(isTargetOf({ kind: 'eni', id: 'eni-0aaaaaaaaaaaaaaaa', instance: 'i-0ffffffffffffffff' }, vpn!)).toBe(false);
  });

  it('names the field a link lacks', () => {
    const bare = {
      ...site,
      cloud: { ...site.cloud, vgw: undefined },
      gateways: site.gateways.map(({ eni: _, instance: __, ...rest }) => rest),
    } as unknown as Site;
    expect(linkTargets(bare).map(({ name, lacks }) => [name, lacks])).toEqual([
      ['dx-1', 'cloud.vgw'],
      ['vpn-a', 'gateways.0.eni'],
      ['vpn-b', 'gateways.1.eni'],
      ['dx-2', 'cloud.vgw'],
    ]);
  });

  it('orders what would take over, and names what is carved out inside', () => {
    const read = table(
      fixed('0.0.0.0/0', IGW),
      propagated(ONPREM),
      fixed(ONPREM, ENI1),
      fixed('10.0.0.0/8', ENI2),
      fixed('10.10.4.0/24', IGW),
      fixed('10.11.0.0/16', IGW),
    );
    expect(carriers(read, ONPREM).map(({ destination, origin }) => `${destination} ${origin}`)).toEqual([
      '10.10.0.0/16 static',
      '10.10.0.0/16 propagated',
      '10.0.0.0/8 static',
      '0.0.0.0/0 static',
    ]);
    expect(routesInside(read, ONPREM).map(({ destination }) => destination)).toEqual(['10.10.4.0/24']);
    expect(effectiveRoutes(read).filter(({ destination }) => destination === ONPREM)).toEqual([fixed(ONPREM, ENI1)]);
  });
});

describe('for any table', () => {
  const TABLE = 'rtb-0468f52220000000a';
  const seed = cloudFromSite(site);
  const DESTINATIONS = ['10.10.0.0/16', '10.0.0.0/8', '10.10.4.0/24', '0.0.0.0/0', '192.168.0.0/16'];
  const TARGETS = [{ gateway: VGW.id }, { eni: ENI1.id }, { eni: ENI2.id }, { gateway: seed.internetGateways[0]!.id }];
  const clouds = fc
    .record({
      statics: fc.uniqueArray(
        fc.record({ destination: fc.constantFrom(...DESTINATIONS), target: fc.constantFrom(...TARGETS) }),
        { selector: ({ destination }) => destination },
      ),
      networks: fc.subarray(DESTINATIONS),
      propagation: fc.boolean(),
      stopped: fc.boolean(),
    })
    .map(({ statics, networks, propagation, stopped }): CloudState => {
      const bare = {
        ...seed,
        instances: seed.instances.map((one, at) => (stopped && at === 0 ? { ...one, state: 'stopped' as const } : one)),
      };
      const routed = statics.reduce(
        (state, { destination, target }) => createRoute(state, TABLE, destination, target),
        bare as CloudState,
      );
      return setPropagation(setNetworks(routed, VGW.id, networks), TABLE, VGW.id, propagation);
    });
  const read = (state: CloudState): RouteTable => ({
    id: TABLE,
    name: 'private-1',
    routes: routesOf(state, findTable(state, TABLE)),
    propagatingVgws: [],
  });
  const apply = (state: CloudState, destination: string, change: Change): CloudState => {
    if (change.kind === 'delete') return deleteRoute(state, TABLE, destination);
    if (change.kind !== 'create' && change.kind !== 'replace') return state;
    const target = change.target.kind === 'vgw' ? { gateway: change.target.id } : { eni: change.target.id };
    return change.kind === 'create'
      ? createRoute(state, TABLE, destination, target)
      : replaceRoute(state, TABLE, destination, target);
  };

  it('the plan gives the link asked for and leaves every other route as it was, or refuses for a reason', () => {
    fc.assert(
      fc.property(
        clouds,
        fc.constantFrom(...DESTINATIONS),
        fc.constantFrom(...links),
        fc.constantFrom('replace' as const, 'override' as const),
        fc.shuffledSubarray(
          links.map(({ name }) => name),
          { minLength: 1 },
        ),
        (before, destination, to, mode, order) => {
          const found = read(before);
          const change = planMove({ table: found, destination, to, mode, order, links });
          const own = (route: CloudRoute) => route.origin === 'static' && route.destination === destination;
          if (change.kind === 'refuse') {
            const mine = found.routes.find(own);
            const foreign = mine !== undefined && linkOf(mine.target, order, links) === undefined;
            const below = effectiveRoute(
              { ...found, routes: found.routes.filter((route) => !own(route)) },
              destination,
            );
            const uncaught = mode === 'override' && to.name === order[0] && !(below?.origin === 'propagated');
            expect(foreign || uncaught).toBe(true);
            return;
          }
          const after = read(apply(before, destination, change));
          expect(isTargetOf(effectiveRoute(after, destination)!.target, to)).toBe(true);
          expect(JSON.stringify(after.routes.filter((route) => !own(route)))).toBe(
            JSON.stringify(found.routes.filter((route) => !own(route))),
          );
          // Asking again finds nothing to do: plans end.
          expect(planMove({ table: after, destination, to, mode, order, links })).toEqual({ kind: 'none' });
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
