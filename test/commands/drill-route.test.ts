import { describe, expect, it } from 'vitest';
import type { RouteDrillReport } from '../../src/lib/drill/real/report.ts';
import type { Ran } from '../helpers/run.ts';
import { routeWorld, type RouteWorld } from '../helpers/route-world.ts';

const A = 'rtb-0468f52220000000a';
const VGW = 'vgw-078bcc55';
const ENI1 = 'eni-023fbd87a1b2c3d4e';
const ENI2 = 'eni-02d75e6061b2c3d4e';
const ONPREM = '10.10.0.0/16';
const DRILL = 'drill route --table private-1 --target 10.10.3.100 --stay 2s --max-gap 300ms';
const PINS = '/var/lib/hybridctl/demo.pins.json';
const RECORD = '/var/lib/hybridctl/demo.drill.json';
const LEASE = '/var/lib/hybridctl/demo.lease.json';
const LEASE_TEXT = JSON.stringify({
  holder: 'here/boot/7/7',
  epoch: 1,
  renewal: 3,
  journal: { version: 0, outbox: [] },
});

const report = (ran: Ran): RouteDrillReport => ran.json();
const tables = ({ cloud }: RouteWorld) => JSON.stringify(cloud.cloud.tables());
const writes = async ({ cloud }: RouteWorld) =>
  (await cloud.calls()).filter((call) => /^(Create|Replace|Delete)Route/.test(call));
/** Nothing is left: no pin, no record. */
const clear = ({ files, stores }: RouteWorld) => [
  JSON.parse(files.all.get(PINS)?.content ?? '{"pins":{}}').pins,
  JSON.parse(stores.get(RECORD) ?? '{"routes":[]}').routes,
];
const NOTHING = [{}, []];

describe('a drill on real routes', () => {
  it('moves there and back, measures both, and leaves everything exactly as it was', async () => {
    const world = await routeWorld();
    const before = tables(world);
    const ran = await world.drill(`${DRILL} --yes --json -q --report drill.html`);
    expect(ran.err).toBe('');
    const told = report(ran);
    expect(ran.exit).toBe(0);
    expect(told).toMatchObject({
      ended: 'stayed',
      passed: true,
      problems: [],
      notes: [],
      stranded: [],
      next: null,
      routes: [
        {
          name: 'private-1',
          from: 'dx-1',
          to: 'vpn-a',
          out: { change: 'create', status: 'moved' },
          back: { change: 'delete', status: 'moved' },
        },
      ],
    });
    expect(told.gapMs.out).toBeLessThan(300);
    expect(told.gapMs.back).toBeLessThan(300);
    expect(told.stream.replies).toBeGreaterThan(20);
    expect([tables(world), ...clear(world)]).toEqual([before, ...NOTHING]);
    expect(await writes(world)).toEqual(['CreateRoute', 'DeleteRoute']);
    expect(world.pins()).toEqual([{ [A]: 'vpn-a' }, { [A]: 'dx-1' }, {}]);
    const page = world.files.all.get('/site/drill.html')!.content;
    expect(page).toContain('private-1: dx-1 to vpn-a and back');
    expect(page.match(/<svg /g)).toHaveLength(1);
    expect(page).not.toMatch(/<script|<link|https?:|url\(/);
  });

  it('says it in words', async () => {
    const world = await routeWorld();
    const { out, err } = await world.drill(`${DRILL} --yes`);
    const stable = (text: string) =>
      text
        .replace(/\d+ of \d+ packets/, 'N of M packets')
        .replace(/\d+ ms/g, 'N ms')
        .replace(/ {2,}/g, '  ');
    expect(stable(err)).toMatchInlineSnapshot(`
      "private-1 10.10.0.0/16: dx-1 -> vpn-a (eni-023fbd87a1b2c3d4e); create a static route
      vpn-a carries, 10.10.3.100 answers
      moved to vpn-a; back in 2 s, or at once on Ctrl-C or when the stream is silent for N ms
      the time is over: going back
      every route is back as it was
      "
    `);
    expect(stable(out)).toMatchInlineSnapshot(`
      "TABLE  DESTINATION  FROM  TO  OUT: API + SEEN  BACK: API + SEEN
      private-1  10.10.0.0/16  dx-1  vpn-a  N ms + N ms  N ms + N ms
      gap there N ms, while away N ms, back N ms; N of M packets lost, one every N ms
      passed: stayed its time, cn-north-1
      "
    `);
  });

  it('brings a static route back to the target it had', async () => {
    const world = await routeWorld();
    await world.cloud.routeTables().createRoute(A, ONPREM, { kind: 'eni', id: ENI2 });
    const ran = await world.drill(`${DRILL} --to vpn-a --yes --json`);
    expect(report(ran)).toMatchObject({
      passed: true,
      routes: [{ from: 'vpn-b', to: 'vpn-a', out: { change: 'replace' }, back: { change: 'replace' } }],
    });
    expect([world.statics(), ...clear(world)]).toEqual([[ENI2, undefined], ...NOTHING]);
  });

  it('is not deceived by reads that lag behind', async () => {
    const world = await routeWorld();
    await world.cloud.fault({ DescribeRouteTables: { stale_ms: 250 } });
    await expect
      .poll(async () =>
        (await world.cloud.routeTables().read([A]))[0]!.routes.some(({ origin }) => origin === 'propagated'),
      )
      .toBe(true);
    const ran = await world.drill(`${DRILL} --yes --json`);
    expect([ran.exit, report(ran).problems, world.statics(), ...clear(world)]).toEqual([
      0,
      [],
      [undefined, undefined],
      ...NOTHING,
    ]);
  });

  it('tells that a monitor runs, and pins it along', async () => {
    const world = await routeWorld();
    world.stores.set(LEASE, LEASE_TEXT);
    expect(report(await world.drill(`${DRILL} --yes --json`))).toMatchObject({
      passed: true,
      notes: [expect.stringContaining('a monitor runs here')],
    });
  });

  it('asks on a terminal, after it has said what it found', async () => {
    const world = await routeWorld();
    const ran = await world.drill(DRILL, { answers: { 'Move there': false } });
    expect([ran.exit, ran.err, await writes(world)]).toEqual([
      1,
      expect.stringMatching(/vpn-a carries, 10\.10\.3\.100 answers\n.*cancelled; nothing was changed/s),
      [],
    ]);
  });

  it('--dry-run reads and probes, and changes nothing', async () => {
    const world = await routeWorld();
    const ran = await world.drill(`${DRILL} --dry-run --json`);
    expect(report(ran)).toMatchObject({
      ended: 'planned',
      standby: [{ link: 'vpn-a', why: 'carries' }],
      gapMs: { out: null, away: null, back: null },
    });
    expect([await writes(world), world.pins(), world.stores.get(RECORD)]).toEqual([[], [], undefined]);
  });
});

describe('goes back at once', () => {
  interface Case {
    readonly what: string;
    readonly line?: string;
    /** While the routes are away. */
    readonly then?: (world: RouteWorld, stop: () => void) => unknown;
    readonly before?: (world: RouteWorld) => unknown;
    readonly exit: number;
    readonly ended: RouteDrillReport['ended'];
    readonly problem: RegExp | undefined;
  }
  const cases: readonly Case[] = [
    { what: 'on Ctrl-C', then: (_, stop) => stop(), exit: 130, ended: 'interrupted', problem: undefined },
    {
      what: 'when nothing passes by the new path',
      before: ({ deaf }) => deaf.add('vpn-a'),
      exit: 1,
      ended: 'silent',
      problem: /fell silent for \d+ ms on vpn-a/,
    },
    {
      what: 'when the new path dies later',
      then: ({ dead }) => dead.add('vpn-a'),
      exit: 1,
      ended: 'silent',
      problem: /fell silent/,
    },
    {
      what: 'when one of two tables can not be moved',
      line: DRILL.replace('private-1', 'private-1 --table private-2'),
      before: ({ cloud }) => cloud.fault({ CreateRoute: { break: 'error', code: 'VpcOnFire', status: 400, times: 1 } }),
      exit: 1,
      ended: 'failed',
      problem: /did not come to vpn-.: .*VpcOnFire/,
    },
    {
      what: 'also where the old path died meanwhile, and says so',
      then: ({ dead }, stop) => (dead.add('dx-1'), stop()),
      exit: 130,
      ended: 'interrupted',
      problem: /silent since the return: dx-1 does not carry/,
    },
  ];
  it.each(cases)('$what', async ({ line = DRILL, then, before, exit, ended, problem }) => {
    const world = await routeWorld();
    const was = tables(world);
    await before?.(world);
    const stopping = new AbortController();
    const running = world.drill(`${line.replace('--stay 2s', '--stay 600s')} --yes --json`, {
      ports: { signal: stopping.signal },
    });
    if (then !== undefined) {
      await world.moved();
      await then(world, () => stopping.abort('SIGINT'));
    }
    const ran = await running;
    const told = report(ran);
    expect([ran.exit, told.ended, tables(world), ...clear(world)]).toEqual([exit, ended, was, ...NOTHING]);
    expect(told.problems).toEqual(
      problem === undefined ? [] : expect.arrayContaining([expect.stringMatching(problem)]),
    );
  });
});

describe('a return that fails', () => {
  /** Leaves the drill's route on vpn-a: the API fails from the move on. */
  const strand = async (world: RouteWorld): Promise<Ran> => {
    const running = world.drill(`${DRILL} --state-dir '/var/lib/hybridctl' --region cn-north-1 --yes --json`);
    await world.moved();
    await world.cloud.fault({ DeleteRoute: { break: 'error', code: 'Unavailable', status: 503 } });
    return running;
  };

  it('exits 5, says where the route stands and the one command; that command puts it back', async () => {
    const world = await routeWorld();
    const before = tables(world);
    const ran = await strand(world);
    const told = report(ran);
    expect([ran.exit, world.statics(), told.next]).toEqual([
      5,
      [ENI1, undefined],
      'hybridctl drill route --return --yes --region cn-north-1',
    ]);
    expect(told.stranded).toEqual([
      {
        name: 'private-1',
        destination: ONPREM,
        link: 'vpn-a',
        home: 'dx-1',
        why: expect.stringContaining('Unavailable'),
      },
    ]);
    expect(JSON.parse(world.stores.get(RECORD)!)).toMatchObject({
      region: 'cn-north-1',
      routes: [{ table: A, destination: ONPREM, was: null, home: 'dx-1', to: 'vpn-a' }],
    });
    const again = await world.drill(told.next!.replace('hybridctl ', ''));
    expect([again.exit, again.out]).toEqual([5, expect.stringContaining('stands on vpn-a, not on dx-1')]);
    await world.cloud.fault({});
    const back = await world.drill(told.next!.replace('hybridctl ', ''));
    expect([back.exit, back.out, tables(world), ...clear(world)]).toEqual([
      0,
      'private-1 10.10.0.0/16 is back on dx-1\n',
      before,
      ...NOTHING,
    ]);
    expect((await world.drill('drill route --return --yes')).out).toBe(
      'nothing to return: no drill has left anything\n',
    );
  });

  it('waits out an API that fails for a while', async () => {
    const world = await routeWorld();
    const running = world.drill(`${DRILL} --yes --json`);
    await world.moved();
    await world.cloud.fault({ '*': { break: 'error', code: 'Unavailable', status: 503, times: 3 } });
    expect([(await running).exit, world.statics(), ...clear(world)]).toEqual([0, [undefined, undefined], ...NOTHING]);
  });

  it('never takes away the last route, nor one of somebody else', async () => {
    const world = await routeWorld();
    const running = world.drill(`${DRILL} --yes --json`);
    await world.moved();
    world.cloud.cloud.setPropagated(VGW, []);
    expect(report(await running).stranded).toEqual([
      expect.objectContaining({ link: 'vpn-a', why: expect.stringContaining('nothing would carry it') }),
    ]);
    const other = await routeWorld();
    const igw = other.cloud.cloud.tables()[0]!.routes[1]!.target.id;
    const second = other.drill(`${DRILL} --yes --json`);
    await other.moved();
    await other.cloud.routeTables().replaceRoute(A, ONPREM, { kind: 'igw', id: igw });
    expect(report(await second).stranded).toEqual([
      expect.objectContaining({ link: igw, why: expect.stringContaining('no link of this site') }),
    ]);
    expect(other.statics()[0]).toBe(igw);
  });

  it('what a killed drill left is put back by the next one first; one that runs is left alone', async () => {
    const world = await routeWorld();
    const before = tables(world);
    await strand(world);
    await world.cloud.fault({});
    world.stores.set(RECORD, world.stores.get(RECORD)!.replace('here/boot/1/1', 'here/boot/2/2'));
    expect(await world.drill(`${DRILL} --yes`)).toMatchObject({
      exit: 1,
      err: expect.stringMatching(/still runs, as process 2/),
    });
    world.gone.add('here/boot/2/2');
    const ran = await world.drill(`${DRILL} --yes --json`);
    expect([ran.exit, report(ran).passed, tables(world), ...clear(world)]).toEqual([0, true, before, ...NOTHING]);
  });
});

describe('refuses, and changes nothing', () => {
  const ELSEWHERE = {
    shell: {
      run: async () => ({ exitCode: 0, stdout: '[{"prefsrc":"172.16.99.10"}]', stderr: '' }),
      which: async () => undefined,
    },
  };
  const YES = `${DRILL} --yes`;
  const cases: readonly [
    what: string,
    line: string,
    exit: number,
    says: RegExp,
    given?: ((world: RouteWorld) => unknown) | undefined,
    ports?: object,
  ][] = [
    ['off a terminal without --yes', DRILL, 2, /--yes/],
    ['without a table', 'drill route --target 10.10.3.100 --yes', 2, /--table/],
    ['without a target', 'drill route --table private-1 --yes', 2, /--target/],
    ['a target that is a name', 'drill route --table private-1 --target host --yes', 2, /not an IPv4 address/],
    [
      'a target beyond the moved routes',
      'drill route --table private-1 --target 8.8.8.8 --yes',
      2,
      /is in none of 10\.10\.0\.0\/16/,
    ],
    [
      'a target with a way of its own',
      YES,
      2,
      /follows 10\.10\.3\.0\/24/,
      ({ cloud }) => cloud.routeTables().createRoute(A, '10.10.3.0/24', { kind: 'eni', id: ENI2 }),
    ],
    ['an interval of nothing', `${YES} --interval 0ms`, 2, /--interval/],
    ['a time without a unit', 'drill route --table private-1 --target 10.10.3.100 --stay 60 --yes', 2, /write 60s/],
    ['a host behind another table', YES, 2, /172\.16\.99\.10\) is in no subnet of private-1/, undefined, ELSEWHERE],
    ['where it is already', `${YES} --to dx-1`, 1, /is on dx-1 already/],
    [
      'a pinned table',
      YES,
      1,
      /is pinned to dx-1/,
      ({ files }) =>
        files.write([{ path: PINS, content: JSON.stringify({ version: 1, pins: { [A]: 'dx-1' } }), mode: 0o644 }]),
    ],
    ['a standby that is dead', YES, 1, /vpn-a: does not carry/, ({ dead }) => dead.add('vpn-a')],
    ['a target that is silent', YES, 1, /10\.10\.3\.100: does not answer/, ({ deaf }) => deaf.add('dx-1')],
    [
      'a Direct Connect that propagates nothing',
      `${YES} --to dx-1`,
      1,
      /propagates no route/,
      async ({ cloud }) => (
        await cloud.routeTables().createRoute(A, ONPREM, { kind: 'eni', id: ENI1 }), cloud.cloud.setPropagated(VGW, [])
      ),
    ],
    ['a record that is not ours', YES, 1, /can not be read/, ({ stores }) => stores.set(RECORD, '<html>')],
  ];
  it.each(cases)('%s', async (_, line, exit, says, given, ports) => {
    const world = await routeWorld();
    await given?.(world);
    const before = [tables(world), world.files.all.get(PINS)?.content, world.stores.get(RECORD)];
    const ran = await world.drill(line, { ports: ports ?? {} });
    expect([ran.exit, ran.err]).toEqual([exit, expect.stringMatching(says)]);
    expect([tables(world), world.files.all.get(PINS)?.content, world.stores.get(RECORD)]).toEqual(before);
  });
});
