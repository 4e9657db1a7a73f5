import { describe, expect, it } from 'vitest';
import { createCloud } from '../../../src/lib/cloud/model.ts';
import { cloudFromSite } from '../../../src/lib/cloud/seed.ts';
import { startInstance, stopInstance } from '../../../src/lib/cloud/services/ec2/instance-state.ts';
import { createRoute, deleteRoute, replaceRoute } from '../../../src/lib/cloud/services/ec2/route-state.ts';
import { ApiError } from '../../../src/lib/cloud/error.ts';
import { bucketOf, createThrottle } from '../../../src/lib/cloud/throttle.ts';
import { createFaults } from '../../../src/lib/cloud/faults.ts';
import { fixture, siteOf } from '../../helpers/cloud.ts';

const A = 'rtb-0468f52220000000a';
const GW1 = 'i-0e1466e8a5dd4892c';
const ENI1 = 'eni-023fbd87a1b2c3d4e';
const VGW = 'vgw-078bcc55';
const TIMES = {
  stopMs: 60_000,
  forcedStopMs: 10_000,
  startMs: 20_000,
  terminateMs: 30_000,
  attachMs: 10_000,
  connectMs: 180_000,
  buildMs: 2_400_000,
  forgetMs: 3_600_000,
};

/** Time moves when the test says so, and whoever sleeps until then wakes. */
const handClock = () => {
  let now = 1_000_000;
  const sleepers: { until: number; wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms: number) => new Promise<void>((wake) => void sleepers.push({ until: now + ms, wake })),
    async pass(ms: number) {
      now += ms;
      for (const { wake } of sleepers.filter(({ until }) => until <= now)) wake();
      await new Promise(setImmediate);
    },
  };
};

const lab = () => {
  const clock = handClock();
  const cloud = createCloud(cloudFromSite(siteOf(fixture('lab'))), { clock, times: TIMES });
  const heard: string[] = [];
  cloud.watch({
    routesChanged: (id) => heard.push(`routes ${id}`),
    instanceStopping: (id) => heard.push(`stopping ${id}`),
    instanceStopped: (id) => heard.push(`stopped ${id}`),
    instanceStarted: (id) => heard.push(`started ${id}`),
  });
  const take = () => heard.splice(0);
  const state = () => cloud.instances().find(({ id }) => id === GW1)!.state;
  return { clock, cloud, take, state };
};
const code = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof ApiError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'no error';
};

describe('instances', () => {
  it('stop and start over time; routes through them are blackholes while they do not run', async () => {
    const { clock, cloud, take, state } = lab();
    cloud.change((now) => createRoute(now, A, '10.10.0.0/16', { instance: GW1 }));
    expect(take()).toEqual([`routes ${A}`]);
    const route = () => cloud.table(A).routes[1];
    expect(route()).toEqual({
      destination: '10.10.0.0/16',
      target: { kind: 'eni', id: ENI1, instance: GW1 },
      origin: 'static',
      state: 'active',
    });
    cloud.change((now) => stopInstance(now, GW1, false, clock.now(), TIMES));
    expect([state(), route()!.state, take()]).toEqual(['stopping', 'blackhole', [`stopping ${GW1}`, `routes ${A}`]]);
    expect(code(() => cloud.change((now) => startInstance(now, GW1, clock.now(), TIMES)))).toContain(
      'IncorrectInstanceState',
    );
    await clock.pass(59_999);
    expect(state()).toBe('stopping');
    await clock.pass(1);
    expect([state(), take()]).toEqual(['stopped', [`stopped ${GW1}`]]);
    cloud.change((now) => startInstance(now, GW1, clock.now(), TIMES));
    expect([state(), route()!.state, take()]).toEqual(['pending', 'blackhole', []]);
    await clock.pass(20_000);
    expect([state(), route()!.state, take()]).toEqual(['running', 'active', [`started ${GW1}`, `routes ${A}`]]);
  });

  it('force shortens a stop under way, and never lengthens it', async () => {
    const { clock, cloud, state } = lab();
    const stop = (force: boolean) => cloud.change((now) => stopInstance(now, GW1, force, clock.now(), TIMES));
    stop(false);
    await clock.pass(5_000);
    stop(true);
    stop(false);
    await clock.pass(10_000);
    expect(state()).toBe('stopped');
  });
});

describe('routes', () => {
  it('refuses as EC2 does, by code', () => {
    const { cloud } = lab();
    const now = cloud.stateAt(0);
    const had = createRoute(now, A, '10.10.0.0/16', { eni: ENI1 });
    expect(
      [
        code(() => createRoute(had, A, '10.10.0.0/16', { gateway: VGW })),
        code(() => replaceRoute(now, A, '10.10.0.0/16', { gateway: VGW })),
        code(() => deleteRoute(now, A, '10.10.0.0/16')),
        code(() => deleteRoute(now, A, '172.16.0.0/16')),
        code(() => createRoute(now, 'rtb-0ffffffff', '10.10.0.0/16', { eni: ENI1 })),
        code(() => createRoute(now, A, '10.10.0.0/16', { eni: 'eni-0ffffffff' })),
        code(() => createRoute(now, A, '10.10.0.0/16', { instance: 'i-0ffffffff' })),
        code(() => createRoute(now, A, '10.10.0.0/16', { gateway: 'vgw-0ffffffff' })),
        code(() => createRoute(now, A, '10.10.0.0', { eni: ENI1 })),
        code(() => createRoute(now, A, 'pl-0ffffffff', { eni: ENI1 })),
        code(() => createRoute(now, A, '172.16.11.0/24', { gateway: VGW })),
        code(() => createRoute(now, A, '10.10.0.0/16', {})),
      ].map((text) => text.slice(0, 130)),
    ).toMatchInlineSnapshot(`
      [
        "RouteAlreadyExists: The route identified by 10.10.0.0/16 already exists.",
        "InvalidParameterValue: There is no route defined for '10.10.0.0/16' in the route table. Use CreateRoute instead.",
        "InvalidRoute.NotFound: no route with destination-cidr-block 10.10.0.0/16 in route table rtb-0468f52220000000a",
        "InvalidParameterValue: cannot remove local route 172.16.0.0/16 in route table rtb-0468f52220000000a",
        "InvalidRouteTableID.NotFound: The routeTable ID 'rtb-0ffffffff' does not exist",
        "InvalidNetworkInterfaceID.NotFound: The networkInterface ID 'eni-0ffffffff' does not exist",
        "InvalidInstanceID.NotFound: The instance ID 'i-0ffffffff' does not exist",
        "InvalidGatewayID.NotFound: The gateway ID 'vgw-0ffffffff' does not exist",
        "InvalidParameterValue: Value (10.10.0.0) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.",
        "InvalidPrefixListID.NotFound: The prefix list ID 'pl-0ffffffff' does not exist",
        "InvalidParameterValue: The destination CIDR block 172.16.11.0/24 is equal to or more specific than one of this VPC's CIDR blocks. ",
        "InvalidParameterCombination: The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnec",
      ]
    `);
  });

  it('clears host bits instead of refusing them', () => {
    const { cloud } = lab();
    cloud.change((now) => createRoute(now, A, '10.10.3.4/16', { eni: ENI1 }));
    expect(cloud.table(A).routes[1]?.destination).toBe('10.10.0.0/16');
  });

  it('propagates what BGP brought, only where propagation is on, and not the VPC itself', () => {
    const { cloud, take } = lab();
    cloud.setPropagated(VGW, ['10.10.0.0/16', '172.16.0.0/16', '10.10.0.0/16']);
    expect(
      cloud
        .tables()
        .map(({ name, routes }) => [
          name,
          routes.filter(({ origin }) => origin === 'propagated').map(({ destination }) => destination),
        ]),
    ).toEqual([
      ['main', []],
      ['private-1', ['10.10.0.0/16']],
      ['private-2', ['10.10.0.0/16']],
    ]);
    expect(take()).toHaveLength(2);
    cloud.setPropagated(VGW, ['10.10.0.0/16']);
    expect(take()).toEqual([]);
  });

  it('an old state is still there to be read', async () => {
    const { clock, cloud } = lab();
    await clock.pass(1_000);
    cloud.change((now) => createRoute(now, A, '10.10.0.0/16', { eni: ENI1 }));
    await clock.pass(400);
    const routes = (ago: number) => cloud.stateAt(ago).tables.find(({ id }) => id === A)!.statics.length;
    expect([routes(0), routes(400), routes(401), routes(60_000)]).toEqual([1, 1, 0, 0]);
  });
});

describe('the site of the field documents', () => {
  it('begins with each private table on its first link', () => {
    const cloud = createCloud(cloudFromSite(siteOf(fixture('seed-bjs'))), { clock: handClock(), times: TIMES });
    expect(
      cloud
        .tables()
        .slice(1)
        .map(({ name, routes }) => [name, routes[1]?.target]),
    ).toEqual([
      ['private-1', { kind: 'eni', id: 'eni-23fbd87a', instance: 'i-0e1466e8a5dd4892c' }],
      ['private-2', { kind: 'eni', id: 'eni-2d75e606', instance: 'i-0430fe110cdec5835' }],
    ]);
  });
});

describe("EC2's buckets", () => {
  it.each([
    ['ReplaceRoute', 50, 5],
    ['DescribeRouteTables', 100, 20],
    ['StartInstances', 5, 2],
    ['RunInstances', 5, 2],
  ])('%s: %i at once, then %i a second, each action its own', (action, size, perSecond) => {
    const throttle = createThrottle();
    const granted = (now: number) =>
      Array.from({ length: 200 }, () => throttle.take(action, now)).filter(Boolean).length;
    expect(bucketOf(action)).toEqual({ size, perSecond });
    expect([granted(0), granted(0), granted(1_000), granted(3_600_000)]).toEqual([size, 0, perSecond, size]);
    expect(throttle.take('DeleteRoute', 0)).toBe(true);
  });
});

describe('faults', () => {
  it('break the next N calls of an action, or a part of them', () => {
    let roll = 0;
    const faults = createFaults(() => roll);
    faults.set({
      CreateRoute: { break: 'drop', times: 2 },
      '*': { break: 'error', fraction: 0.5, delay_ms: 100, jitter_ms: 50 },
    });
    const hit = (action: string) => faults.meet(action).broken?.break;
    expect([hit('CreateRoute'), hit('CreateRoute'), hit('CreateRoute')]).toEqual(['drop', 'drop', undefined]);
    expect(faults.meet('DeleteRoute')).toMatchObject({ broken: { break: 'error' }, delayMs: 100 });
    roll = 0.5;
    expect(faults.meet('DeleteRoute')).toMatchObject({ broken: undefined, delayMs: 125 });
  });
});
