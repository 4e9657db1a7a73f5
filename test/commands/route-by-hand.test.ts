import { describe, expect, it } from 'vitest';
import { LEASE_MS } from '../../src/lib/monitor/lease.ts';
import { routeWorld, type RouteWorld } from '../helpers/route-world.ts';

const A = 'rtb-0468f52220000000a';
const B = 'rtb-04b8f522f0000000b';
const VGW = 'vgw-078bcc55';
const ENI1 = 'eni-023fbd87a1b2c3d4e';
const ENI2 = 'eni-02d75e6061b2c3d4e';
const ONPREM = '10.10.0.0/16';
const PINS = '/var/lib/hybridctl/demo.pins.json';
const LEASE = '/var/lib/hybridctl/demo.lease.json';
const ONE = '--table private-1 --yes';

/** A lease that a monitor holds. */
const holds = ({ stores, files }: RouteWorld, holder: string, renewal = 3): Promise<void> => {
  const text = JSON.stringify({ holder, epoch: 1, renewal, journal: { version: 0, outbox: [] } });
  stores.set(LEASE, text);
  return files.write([{ path: LEASE, content: text, mode: 0o644 }]);
};
const HERE = 'here/boot/7/7';
const pinned = ({ files }: RouteWorld) => JSON.parse(files.all.get(PINS)?.content ?? '{"pins":{}}').pins;
const pin = ({ files }: RouteWorld, pins: object) =>
  files.write([{ path: PINS, content: JSON.stringify({ version: 1, pins }), mode: 0o644 }]);
const writes = async ({ cloud }: RouteWorld) =>
  (await cloud.calls()).filter((call) => /^(Create|Replace|Delete)Route/.test(call));

describe('a move by hand beside a monitor', () => {
  it('pins the table while a monitor runs, and failback takes the pin away', async () => {
    const world = await routeWorld();
    await holds(world, HERE);
    const over = await world.drill(`route failover ${ONE} --json`);
    expect([over.exit, over.json().pins, world.pins()]).toEqual([
      0,
      [{ table: { id: A, name: 'private-1' }, link: 'vpn-a' }],
      [{ [A]: 'vpn-a' }],
    ]);
    expect(over.json().notes).toEqual([expect.stringContaining('private-1 is pinned to vpn-a, until')]);
    expect([world.statics(), pinned(world)]).toEqual([[ENI1, undefined], { [A]: 'vpn-a' }]);
    const next = await world.drill(`route failover --next ${ONE}`);
    expect([next.exit, world.statics(), pinned(world)]).toEqual([0, [ENI2, undefined], { [A]: 'vpn-b' }]);
    const back = await world.drill(`route failback ${ONE}`);
    expect([back.exit, world.statics(), pinned(world)]).toEqual([0, [undefined, undefined], {}]);
    // Held at its preferred link until the monitor has read that, then free.
    expect(world.pins().slice(-2)).toEqual([{ [A]: 'dx-1' }, {}]);
  });

  it('a holder that is gone, or a lease of another machine that nobody renews, is no monitor', async () => {
    const world = await routeWorld();
    await holds(world, HERE);
    world.gone.add(HERE);
    expect([(await world.drill(`route failover ${ONE}`)).exit, pinned(world)]).toEqual([0, {}]);
    await holds(world, 'there/boot/1/1');
    let slept = 0;
    const clock = { now: () => 0, sleep: async (ms: number) => void (slept += ms) };
    const ran = await world.drill(`route failover --next --no-check ${ONE}`, { ports: { clock } });
    expect([ran.exit, pinned(world)]).toEqual([0, {}]);
    expect(slept).toBeGreaterThanOrEqual(LEASE_MS);
  });

  it('a lease of another machine that is renewed is a monitor', async () => {
    const world = await routeWorld();
    await holds(world, 'there/boot/1/1');
    const clock = { now: () => 0, sleep: async () => holds(world, 'there/boot/1/1', 4) };
    await world.drill(`route failover --no-check ${ONE}`, { ports: { clock } });
    expect(pinned(world)).toEqual({ [A]: 'vpn-a' });
  });

  it('says where to pin when no monitor runs here', async () => {
    const world = await routeWorld();
    expect((await world.drill(`route failover ${ONE}`)).err).toContain(
      'pin it there (hybridctl route pin --table private-1 --to vpn-a)',
    );
  });

  it.each([
    [
      'a part of a table, which no pin can hold',
      `route set --table private-1 --destination ${ONPREM} --to vpn-a --yes`,
      'only a whole table can be pinned to a link',
      'next: type: hybridctl route pin --table private-1 --to vpn-a',
    ],
    [
      'a table that somebody holds on its preferred link',
      `route failover ${ONE}`,
      'private-1: is pinned to dx-1',
      'next: type: hybridctl route unpin --table private-1',
    ],
  ])('refuses %s, with the line to type', async (what, line, why, next) => {
    const two = what.startsWith('a part');
    const world = await routeWorld(undefined, (text) =>
      two ? text.replace('name: private-1,', `name: private-1, destinations: [${ONPREM}, 10.20.0.0/16],`) : text,
    );
    await holds(world, HERE);
    if (!two) await pin(world, { [A]: 'dx-1' });
    const before = pinned(world);
    const ran = await world.drill(line);
    expect([ran.exit, ran.err]).toEqual([1, expect.stringContaining(why)]);
    expect(ran.err).toContain(next);
    expect([world.statics(), pinned(world), await writes(world)]).toEqual([[undefined, undefined], before, []]);
  });

  it('a pin that can not be written: nothing is moved, and the line to type is told', async () => {
    const world = await routeWorld();
    await holds(world, HERE);
    const files = { ...world.files, write: () => Promise.reject(new Error('EACCES')) };
    const ran = await world.drill(`route failover ${ONE}`, { ports: { files } });
    expect([ran.exit, ran.err, await writes(world)]).toEqual([
      1,
      expect.stringMatching(
        /nothing was changed\n {2}next: type as root: hybridctl route pin --table private-1 --to vpn-a/,
      ),
      [],
    ]);
  });

  it('a write that fails leaves the pins as they were', async () => {
    const world = await routeWorld();
    await holds(world, HERE);
    await world.cloud.fault({ CreateRoute: { break: 'error', code: 'UnauthorizedOperation', status: 403 } });
    const ran = await world.drill(`route failover ${ONE}`);
    expect(ran.exit).not.toBe(0);
    expect([world.statics(), pinned(world)]).toEqual([[undefined, undefined], {}]);
  });
});

describe('the link is looked at first', () => {
  it('a dead standby is refused, --no-check goes there', async () => {
    const world = await routeWorld();
    world.dead.add('vpn-a');
    for (const dry of ['', '--dry-run']) {
      const ran = await world.drill(`route failover ${ONE} ${dry}`);
      expect([ran.exit, ran.err, await writes(world)]).toEqual([
        1,
        expect.stringMatching(/vpn-a: does not carry: .*nothing was changed\n {2}next: .*--no-check/),
        [],
      ]);
    }
    const ran = await world.drill(`route failover ${ONE} --no-check`);
    expect([ran.exit, ran.err, world.statics()]).toEqual([
      0,
      expect.stringContaining('vpn-a was not checked'),
      [ENI1, undefined],
    ]);
  });

  it('one that carries is called alive', async () => {
    const world = await routeWorld();
    expect((await world.drill(`route failover ${ONE} --json`)).json().checks).toEqual([
      { link: 'vpn-a', state: 'alive', why: 'carries' },
    ]);
  });

  it('where nothing answers at all nothing is said of a link, and that is told', async () => {
    const world = await routeWorld();
    for (const link of ['dx-1', 'vpn-a', 'vpn-b']) world.dead.add(link);
    const ran = await world.drill(`route failover ${ONE} --json`);
    expect([ran.exit, ran.json().checks]).toEqual([
      0,
      [{ link: 'vpn-a', state: 'unknown', why: 'no link and no canary of the site answers this machine' }],
    ]);
    expect(ran.json().notes[0]).toContain('vpn-a was not checked: no link');
  });

  it('a standby that is a blackhole is not called a failover that is done', async () => {
    const world = await routeWorld();
    await world.cloud.routeTables().createRoute(A, ONPREM, { kind: 'eni', id: ENI1 });
    await fetch(world.cloud.url, {
      method: 'POST',
      body: new URLSearchParams({ Action: 'StopInstances', 'InstanceId.1': 'i-0e1466e8a5dd4892c' }),
    });
    await expect.poll(() => world.cloud.cloud.table(A).routes.some(({ state }) => state === 'blackhole')).toBe(true);
    const ran = await world.drill(`route failover ${ONE}`);
    expect([ran.exit, ran.err]).toEqual([
      1,
      expect.stringMatching(/vpn-a, which is a blackhole.*\n {2}next: .*--next/),
    ]);
  });
});

describe('failback restores what was there', () => {
  it('takes away the static route that an earlier failback left over the propagated one', async () => {
    const world = await routeWorld();
    await world.cloud.routeTables().createRoute(B, ONPREM, { kind: 'vgw', id: VGW });
    const ran = await world.drill('route failback --yes --json');
    expect(ran.json().routes.map(({ name, change, status }: any) => [name, change, status])).toEqual([
      ['private-1', 'none', 'unchanged'],
      ['private-2', 'delete', 'moved'],
    ]);
    expect([world.statics(), await writes(world)]).toEqual([
      [undefined, undefined],
      ['CreateRoute', 'DeleteRoute'],
    ]);
  });

  it('a static route that was left is no route when BGP is down: route status says so, exit 3', async () => {
    const world = await routeWorld();
    for (const table of [A, B]) await world.cloud.routeTables().createRoute(table, ONPREM, { kind: 'vgw', id: VGW });
    expect((await world.drill('route status --detailed-exitcode')).exit).toBe(0);
    world.cloud.cloud.setPropagated(VGW, []);
    const ran = await world.drill('route status --detailed-exitcode');
    expect([ran.exit, ran.out]).toEqual([3, expect.stringContaining(`packets are lost: ${VGW} has no route for it`)]);
  });

  it('is refused while the gateway propagates nothing, in replace mode too', async () => {
    const world = await routeWorld();
    await world.drill(`route failover ${ONE}`);
    world.cloud.cloud.setPropagated(VGW, []);
    const ran = await world.drill(`route failback ${ONE}`);
    expect([ran.exit, ran.err, world.statics()]).toEqual([
      1,
      expect.stringContaining(`private-1 ${ONPREM}: ${VGW} propagates no route for it`),
      [ENI1, undefined],
    ]);
  });
});
