import { describe, expect, it } from 'vitest';
import { EXIT, failure, missing, type ExitCode } from '../../src/lib/core/errors.ts';
import type { RouteTable } from '../../src/lib/core/ports.ts';
import { fakeRouteTables, type FakeRouteTables, type FakeRouteTablesOptions } from '../fakes/route-tables.ts';
import type { FaultsInput } from '../../src/lib/cloud/faults.ts';
import { fixture, testCloud, type TestCloud } from '../helpers/cloud.ts';
import { run, type RunOptions } from '../helpers/run.ts';

const A = 'rtb-0468f52220000000a';
const B = 'rtb-04b8f522f0000000b';
const VGW = 'vgw-078bcc55';
const ENI1 = 'eni-023fbd87a1b2c3d4e';
const ENI2 = 'eni-02d75e6061b2c3d4e';
const ONPREM = '10.10.0.0/16';
const LAB = fixture('lab');

const dxUp = async (): Promise<TestCloud> => {
  const cloud = await testCloud(LAB);
  cloud.cloud.setPropagated(VGW, [ONPREM]);
  return cloud;
};
const statics = ({ cloud }: TestCloud) =>
  [A, B].map((id) => cloud.table(id).routes.find(({ origin }) => origin === 'static')?.target.id);
const UNTOUCHED = [undefined, undefined];
const MOVED = [ENI1, ENI2];

describe('an endpoint that misbehaves, with the real SDK', () => {
  interface Case {
    readonly what: string;
    readonly faults: FaultsInput;
    readonly exit: ExitCode;
    readonly err?: RegExp;
    readonly after: readonly (string | undefined)[];
    /** Tries of the SDK. */
    readonly attempts?: number;
  }
  const always = (how: object): FaultsInput => ({ '*': how as never });
  const writes = (how: object): FaultsInput => ({ CreateRoute: how as never });
  const cases: readonly Case[] = [
    {
      what: 'slower than we wait: reads',
      faults: always({ delay_ms: 3_000 }),
      exit: EXIT.failed,
      err: /no answer from EC2 to ec2:DescribeRouteTables/,
      after: UNTOUCHED,
    },
    { what: 'slow, but in time', faults: always({ delay_ms: 50, jitter_ms: 50 }), exit: EXIT.ok, after: MOVED },
    {
      what: 'HTML to reads',
      faults: always({ break: 'html' }),
      exit: EXIT.failed,
      err: /the answer to ec2:DescribeRouteTables is not EC2's/,
      after: UNTOUCHED,
    },
    {
      what: 'noise to reads',
      faults: always({ break: 'garbage' }),
      exit: EXIT.failed,
      err: /is not EC2's/,
      after: UNTOUCHED,
    },
    {
      what: 'half a document to reads',
      faults: always({ break: 'half' }),
      exit: EXIT.failed,
      err: /is not EC2's/,
      after: UNTOUCHED,
    },
    {
      what: 'connections that break',
      faults: always({ break: 'drop' }),
      exit: EXIT.failed,
      err: /no answer from EC2/,
      after: UNTOUCHED,
    },
    {
      what: 'one failure, then well',
      faults: always({ break: 'error', times: 1, status: 500 }),
      exit: EXIT.ok,
      after: MOVED,
    },
    {
      what: 'HTML to writes: nothing was applied',
      faults: writes({ break: 'html' }),
      exit: EXIT.failed,
      err: /the answer to ec2:CreateRoute is not EC2's/,
      after: UNTOUCHED,
    },
    {
      what: 'half a document to writes: all was applied, and the read says so',
      faults: writes({ break: 'half' }),
      exit: EXIT.ok,
      after: MOVED,
    },
    {
      what: 'applied, then the connection breaks: the retry meets its own route',
      faults: writes({ break: 'drop-after' }),
      exit: EXIT.ok,
      after: MOVED,
    },
    {
      what: 'throttled for good',
      faults: writes({ bucket: { size: 0, perSecond: 0 } }),
      exit: EXIT.failed,
      err: /EC2 throttles ec2:CreateRoute \(RequestLimitExceeded\)/,
      after: UNTOUCHED,
    },
    {
      what: 'throttled for a moment',
      faults: writes({ bucket: { size: 1, perSecond: 5 } }),
      exit: EXIT.ok,
      after: MOVED,
      attempts: 4,
    },
    {
      what: 'not allowed to write',
      faults: writes({
        break: 'error',
        code: 'UnauthorizedOperation',
        status: 403,
        message: 'Encoded authorization failure message: c2VjcmV0',
      }),
      exit: EXIT.missing,
      err: /not allowed to call ec2:CreateRoute in cn-north-1/,
      after: UNTOUCHED,
    },
    {
      what: 'credentials refused',
      faults: always({ break: 'error', code: 'AuthFailure', status: 401 }),
      exit: EXIT.missing,
      err: /AWS refused the credentials \(AuthFailure\)/,
      after: UNTOUCHED,
    },
    {
      what: 'an error nobody knows',
      faults: writes({ break: 'error', code: 'VpcOnFire', status: 400 }),
      exit: EXIT.failed,
      err: /ec2:CreateRoute: VpcOnFire/,
      after: UNTOUCHED,
    },
    {
      what: 'reads that lag behind: seen in the end, written once',
      faults: { DescribeRouteTables: { stale_ms: 300 } },
      exit: EXIT.ok,
      after: MOVED,
    },
  ];
  it.each(cases)('$what', async ({ faults, exit, err = /->/, after, attempts = 2 }) => {
    const cloud = await dxUp();
    await cloud.fault(faults);
    // Time for the propagated routes to be in what a stale read sees.
    if (JSON.stringify(faults).includes('stale'))
      await expect.poll(async () => (await cloud.routeTables().read([A]))[0]?.routes.length).toBe(2);
    const ran = await cloud.run('route failover --yes', { tuning: { attempts } });
    expect({ exit: ran.exit, err: ran.err, after: statics(cloud) }).toEqual({
      exit,
      err: expect.stringMatching(err),
      after,
    });
    expect(ran.out + ran.err).not.toMatch(/never-shown|c2VjcmV0/);
    expect((await cloud.calls()).filter((call) => call === 'CreateRoute').length).toBeLessThanOrEqual(2);
  });

  it('a stale read never causes a second flip', async () => {
    const cloud = await dxUp();
    await cloud.run('route failover --yes');
    await cloud.fault({ DescribeRouteTables: { stale_ms: 60_000 } });
    // What it reads is the state before the failover, so it goes for the same next link and meets its own route.
    const ran = await cloud.run('route failover --table private-1 --yes', { ports: { clock: quickly() } });
    expect(statics(cloud)).toEqual(MOVED);
    expect([ran.exit, ran.err]).toEqual([EXIT.failed, expect.stringContaining('or reads lag behind')]);
  });

  it('an endpoint that is not there', async () => {
    const cloud = await dxUp();
    await cloud.close();
    const ran = await cloud.run('route status');
    expect([ran.exit, ran.out, ran.err]).toEqual([
      EXIT.failed,
      '',
      expect.stringMatching(/the EC2 endpoint of cn-north-1 is not reachable \(ECONN/),
    ]);
  });

  it('a table that is gone', async () => {
    const cloud = await testCloud(LAB);
    const ran = await cloud.run('route status', {
      files: { 'hybridctl.yaml': LAB.replace(A, 'rtb-0123456789abcdef0') },
    });
    expect([ran.exit, ran.err]).toEqual([
      EXIT.usage,
      expect.stringContaining('there is no route table rtb-0123456789abcdef0 in cn-north-1'),
    ]);
  });

  it('a gateway that does not run: written, and said to be a blackhole', async () => {
    const cloud = await dxUp();
    await fetch(cloud.url, {
      method: 'POST',
      body: new URLSearchParams({ Action: 'StopInstances', 'InstanceId.1': 'i-0e1466e8a5dd4892c' }),
    });
    const ran = await cloud.run('route failover --yes', { ports: { clock: quickly() } });
    expect([ran.exit, ran.out]).toEqual([
      EXIT.partly,
      expect.stringMatching(
        /unverified[^]*moved[^]*private-1 10\.10\.0\.0\/16: eni-023fbd87a1b2c3d4e is a blackhole: its instance does not run[^]*1 of 2 moved/,
      ),
    ]);
  });
});

/** Waits are not waited, but they pass. */
const quickly = () => {
  let now = 0;
  return { now: () => now, sleep: async (ms: number) => void (now += ms) };
};

const LOCAL = {
  destination: '172.16.0.0/16',
  target: { kind: 'local', id: 'local' },
  origin: 'table',
  state: 'active',
} as const;
const start: readonly RouteTable[] = [
  {
    id: A,
    name: 'private-1',
    routes: [LOCAL, { destination: ONPREM, target: { kind: 'eni', id: ENI1 }, origin: 'static', state: 'active' }],
    propagatingVgws: [],
  },
  {
    id: B,
    name: 'private-2',
    routes: [LOCAL, { destination: ONPREM, target: { kind: 'eni', id: ENI2 }, origin: 'static', state: 'active' }],
    propagatingVgws: [],
  },
];
const over = async (line: string, options: FakeRouteTablesOptions = {}, ports: RunOptions['ports'] = {}) => {
  const tables: FakeRouteTables = fakeRouteTables(start, options);
  const ran = await run(line, {
    files: { 'hybridctl.yaml': LAB },
    ports: { routeTables: async () => tables, ...ports },
  });
  return {
    ...ran,
    tables,
    targets: [A, B].map((id) => tables.all.get(id)!.routes.find(({ origin }) => origin === 'static')?.target.id),
  };
};
const statuses = (ran: { json(): any }) =>
  ran.json().routes.map(({ status, error }: any) => [status, error?.message ?? null]);

describe('some done and some not', () => {
  it('is exit 5 with both told', async () => {
    const ran = await over('route failback --yes --json', {
      before: ({ verb, table }) => {
        if (verb === 'replace' && table === B) throw missing('not allowed to call ec2:ReplaceRoute in cn-north-1');
      },
    });
    expect([ran.exit, statuses(ran), ran.targets]).toEqual([
      EXIT.partly,
      [
        ['moved', null],
        ['failed', 'not allowed to call ec2:ReplaceRoute in cn-north-1'],
      ],
      [VGW, ENI2],
    ]);
  });

  it('none done is an error with its own exit code', async () => {
    const ran = await over('route failback --yes', {
      before: ({ verb }) => {
        if (verb === 'replace') throw missing('not allowed', { next: 'allow it' });
      },
    });
    expect([ran.exit, ran.out, ran.err]).toEqual([
      EXIT.missing,
      '',
      expect.stringMatching(
        /hybridctl: private-1 10\.10\.0\.0\/16: not allowed\n {2}private-2 10\.10\.0\.0\/16: not allowed\n {2}next: allow it\n$/,
      ),
    ]);
  });

  it('a write that failed to answer but shows in the table is done', async () => {
    const ran = await over('route failback --yes --json', {
      before: ({ verb, table }, tables) => {
        if (verb !== 'replace') return;
        tables.edit(table, (found) => ({
          ...found,
          routes: found.routes.map((route) =>
            route.origin === 'static' ? { ...route, target: { kind: 'vgw', id: VGW } } : route,
          ),
        }));
        throw failure('no answer');
      },
    });
    expect([ran.exit, statuses(ran)]).toEqual([
      EXIT.ok,
      [
        ['moved', null],
        ['moved', null],
      ],
    ]);
  });
});

describe('somebody else at work', () => {
  const dropStatic = (table: RouteTable): RouteTable => ({
    ...table,
    routes: table.routes.filter(({ origin }) => origin !== 'static'),
  });

  it('the route goes away between read and write: read again, create in place of replace', async () => {
    let once = true;
    const ran = await over('route failback --table private-1 --yes --json', {
      before: ({ verb }, tables) => {
        if (verb === 'replace' && once) {
          once = false;
          tables.edit(A, dropStatic);
        }
      },
    });
    expect([ran.exit, statuses(ran), ran.targets[0]]).toEqual([EXIT.ok, [['moved', null]], VGW]);
    expect(ran.tables.calls.map(({ verb }) => verb)).toEqual(['read', 'replace', 'read', 'create', 'read']);
  });

  it('the route becomes foreign between read and write: it is left alone', async () => {
    const ran = await over('route failback --table private-1 --yes', {
      before: ({ verb }, tables) => {
        if (verb === 'replace') tables.edit(A, dropStatic);
        if (verb === 'create')
          tables.edit(A, (table) => ({
            ...table,
            routes: [
              ...table.routes,
              { destination: ONPREM, target: { kind: 'other', id: 'tgw-1' }, origin: 'static', state: 'active' },
            ],
          }));
      },
    });
    expect([ran.exit, ran.err, ran.targets[0]]).toEqual([
      EXIT.failed,
      expect.stringContaining('its static route points at tgw-1, which is no link of this site'),
      'tgw-1',
    ]);
  });

  it('a fight ends', async () => {
    const ran = await over('route failback --table private-1 --yes', {
      before: ({ verb }, tables) => {
        if (verb === 'replace') tables.edit(A, dropStatic);
        if (verb === 'create') tables.edit(A, () => start[0]!);
      },
    });
    expect([ran.exit, ran.err]).toEqual([
      EXIT.failed,
      expect.stringContaining('the route is not as EC2 reads it: somebody else keeps changing it'),
    ]);
    expect(ran.tables.calls.filter(({ verb }) => verb === 'replace' || verb === 'create')).toHaveLength(5);
  });
});

describe('Ctrl-C', () => {
  /** More routes than calls in flight, so that some have not had their turn. */
  const many = Array.from({ length: 20 }, (_, at) => `10.10.${at}.0/24`);
  const line = (flags: string) =>
    `route set --table private-1 ${many.map((network) => `--destination ${network}`).join(' ')} --to vpn-b ${flags}`;

  it('between calls: what is under way ends, the rest is skipped, and both are told', async () => {
    const stop = new AbortController();
    const ran = await over(
      line('--yes --json'),
      {
        before: ({ verb, destination }) => {
          if (verb === 'create' && destination === many[3]) stop.abort();
        },
      },
      { signal: stop.signal },
    );
    const count = (status: string) => statuses(ran).filter(([one]: [string]) => one === status).length;
    expect(ran.exit).toBe(EXIT.interrupted);
    expect(count('moved')).toBeGreaterThanOrEqual(4);
    expect(count('skipped')).toBeGreaterThanOrEqual(1);
    expect(count('moved') + count('skipped')).toBe(20);
    expect(ran.tables.all.get(A)!.routes.filter(({ destination }) => many.includes(destination))).toHaveLength(
      count('moved'),
    );
  });

  it('before any change: nothing is written', async () => {
    const stop = new AbortController();
    const ran = await over('route failback --yes', { before: () => stop.abort() }, { signal: stop.signal });
    expect([ran.exit, ran.out, ran.err, ran.tables.calls.map(({ verb }) => verb)]).toEqual([
      EXIT.interrupted,
      '',
      expect.stringContaining('interrupted'),
      ['read'],
    ]);
  });
});

describe("EC2's bucket", () => {
  it('writes go in the order given: 50 at once, then 5 a second', async () => {
    const many = Array.from({ length: 60 }, (_, at) => `10.10.${at}.0/24`);
    const clock = quickly();
    const at: [string, number][] = [];
    await over(
      `route set --table private-1 ${many.map((network) => `--destination ${network}`).join(' ')} --to vpn-b --yes`,
      {
        before: ({ verb, destination }) => {
          if (verb === 'create') at.push([destination!, clock.now()]);
        },
      },
      { clock },
    );
    expect(at.map(([destination]) => destination)).toEqual(many);
    expect(at.slice(0, 50).every(([, now]) => now === 0)).toBe(true);
    expect(at.at(-1)![1]).toBeGreaterThanOrEqual(2_000);
  });
});
