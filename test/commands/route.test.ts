import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/lib/core/errors.ts';
import { fixture, testCloud, type TestCloud } from '../helpers/cloud.ts';
import { run } from '../helpers/run.ts';

const A = 'rtb-0468f52220000000a';
const B = 'rtb-04b8f522f0000000b';
const VGW = 'vgw-078bcc55';
const ENI1 = 'eni-023fbd87a1b2c3d4e';
const ENI2 = 'eni-02d75e6061b2c3d4e';
const LAB = fixture('lab');
const OVERRIDE = LAB.replaceAll('links: [dx-1,', 'mode: override, links: [dx-1,');

/** The lab's cloud with the Direct Connect up: both tables follow dx-1 by propagation. */
const dxUp = async (text = LAB): Promise<TestCloud> => {
  const cloud = await testCloud(text);
  cloud.cloud.setPropagated(VGW, ['10.10.0.0/16']);
  return cloud;
};
const tables = ({ cloud }: TestCloud) => [A, B].map((id) => cloud.table(id));
/** `destination origin target state`, the local route left out. */
const shown = (cloud: TestCloud) =>
  Object.fromEntries(
    tables(cloud).map(({ name, routes }) => [
      name,
      routes.slice(1).map(({ destination, origin, target, state }) => `${destination} ${origin} ${target.id} ${state}`),
    ]),
  );
const MS = /\b\d+ ms\b/g;
/** Columns are as wide as their times are long, so runs of blanks are one column gap here. */
const stable = (text: string) => text.replace(MS, 'N ms').replace(/ {2,}/g, '  ');

describe('route status', () => {
  it('shows link, target, origin and what stands behind it', async () => {
    const cloud = await dxUp();
    expect(stable((await cloud.run('route status')).out)).toMatchInlineSnapshot(`
      "TABLE  DESTINATION  LINK  TARGET  BY  PREFERRED  BACKUPS
      private-1  10.10.0.0/16  dx-1  vgw-078bcc55  propagated  yes  -
      private-2  10.10.0.0/16  dx-1  vgw-078bcc55  propagated  yes  -
      "
    `);
  });

  it('--watch looks again: a move between two looks is in the second; an exit code for one look does not go with it', async () => {
    const cloud = await dxUp();
    const stop = new AbortController();
    let looks = 0;
    const sleep = async (ms: number): Promise<void> => {
      expect(ms).toBe(5_000);
      if ((looks += 1) === 1) return void cloud.cloud.setPropagated(VGW, []);
      stop.abort('SIGINT');
      throw new Error('interrupted');
    };
    const { exit, out } = await cloud.run('route status --table private-1 --watch --json', {
      ports: { signal: stop.signal, clock: { now: () => 0, sleep } },
    });
    const links = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).routes[0].route?.link ?? null);
    expect([exit, links]).toEqual([EXIT.interrupted, ['dx-1', null]]);
    expect((await cloud.run('route status --watch --detailed-exitcode')).exit).toBe(EXIT.usage);
  });

  it('is the same as data', async () => {
    const cloud = await dxUp();
    const { json, exit } = await cloud.run('route status --table private-1 --json');
    expect(exit).toBe(EXIT.ok);
    expect(json()).toMatchInlineSnapshot(`
      {
        "pins": [],
        "region": "cn-north-1",
        "routes": [
          {
            "backups": [],
            "destination": "10.10.0.0/16",
            "inside": [],
            "name": "private-1",
            "onPreferred": true,
            "packets": {
              "pass": "yes",
              "why": null,
            },
            "preferred": "dx-1",
            "route": {
              "destination": "10.10.0.0/16",
              "link": "dx-1",
              "origin": "propagated",
              "state": "active",
              "target": "vgw-078bcc55",
            },
            "sharedWith": [],
            "table": {
              "id": "rtb-0468f52220000000a",
              "name": "private-1",
            },
          },
        ],
        "site": "demo",
        "version": 1,
      }
    `);
  });

  it('shows blackholes, foreign targets, wide routes and what is carved out; --detailed-exitcode is 3', async () => {
    const cloud = await testCloud(LAB);
    const tables = cloud.routeTables();
    await tables.createRoute(A, '10.0.0.0/8', { kind: 'eni', id: ENI1 });
    await tables.createRoute(A, '10.10.4.0/24', { kind: 'eni', id: ENI2 });
    await tables.createRoute(B, '0.0.0.0/0', { kind: 'igw', id: cloud.cloud.tables()[0]!.routes[1]!.target.id });
    await stop(cloud, 'i-0e1466e8a5dd4892c');
    const { out, exit } = await cloud.run('route status --detailed-exitcode');
    expect(exit).toBe(EXIT.changesPending);
    expect(stable(out)).toMatchInlineSnapshot(`
      "TABLE  DESTINATION  LINK  TARGET  BY  PREFERRED  BACKUPS
      private-1  10.10.0.0/16  vpn-a BLACKHOLE  eni-023fbd87a1b2c3d4e  static 10.0.0.0/8  no: dx-1  -
      private-2  10.10.0.0/16  igw-02a97516c354b6884 (unmanaged)  igw-02a97516c354b6884  static 0.0.0.0/0  no: dx-1  -
      private-1 10.10.0.0/16: packets are lost: eni-023fbd87a1b2c3d4e is a blackhole: EC2 drops the packets
      private-2 10.10.0.0/16: not known whether packets pass: igw-02a97516c354b6884 is no link of the site
      private-1: 10.10.4.0/24 inside 10.10.0.0/16 goes its own way, to vpn-b
      "
    `);
  });
});

const stop = async ({ url, cloud }: TestCloud, instance: string) => {
  await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ Action: 'StopInstances', 'InstanceId.1': instance }),
  });
  await expect.poll(() => cloud.instances().find(({ id }) => id === instance)?.state).toBe('stopped');
};

describe('route failover and failback', () => {
  it('moves each table to its own next link and back', async () => {
    const cloud = await dxUp();
    const before = tables(cloud);
    const over = await cloud.run('route failover --yes');
    expect(stable(over.out)).toMatchInlineSnapshot(`
      "TABLE  DESTINATION  BEFORE  AFTER  CHANGE  STATUS  API  SEEN
      private-1  10.10.0.0/16  dx-1  vpn-a  create static  moved  N ms  N ms
      private-2  10.10.0.0/16  dx-1  vpn-b  create static  moved  N ms  N ms
      2 of 2 moved and read back in cn-north-1
      "
    `);
    expect(stable(over.err)).toMatchInlineSnapshot(`
      "private-1 10.10.0.0/16: dx-1 -> vpn-a (eni-023fbd87a1b2c3d4e); create a static route
      private-2 10.10.0.0/16: dx-1 -> vpn-b (eni-02d75e6061b2c3d4e); create a static route
      note: vpn-a was not checked: this test gave no prober
      note: vpn-b was not checked: this test gave no prober
      note: no monitor runs here; one on another machine would move this back: pin it there (hybridctl route pin --table private-1 --to vpn-a; hybridctl route pin --table private-2 --to vpn-b)
      "
    `);
    expect(shown(cloud)).toMatchInlineSnapshot(`
      {
        "private-1": [
          "10.10.0.0/16 static eni-023fbd87a1b2c3d4e active",
          "10.10.0.0/16 propagated vgw-078bcc55 active",
        ],
        "private-2": [
          "10.10.0.0/16 static eni-02d75e6061b2c3d4e active",
          "10.10.0.0/16 propagated vgw-078bcc55 active",
        ],
      }
    `);
    const again = await cloud.run('route failover --yes');
    expect([again.exit, again.out]).toEqual([
      EXIT.ok,
      `private-1 10.10.0.0/16: already on standby link vpn-a
private-2 10.10.0.0/16: already on standby link vpn-b
nothing changed; "route failover --next" goes on to the next link
`,
    ]);
    const second = await cloud.run('route failover --next --table private-1 --yes --json');
    expect(second.json().routes.map(({ from, to, status }: any) => [from.link, to.link, status])).toEqual([
      ['vpn-a', 'vpn-b', 'moved'],
    ]);
    const still = await cloud.run('route failover --table private-1 --yes');
    expect([still.exit, still.out]).toEqual([
      EXIT.ok,
      'private-1 10.10.0.0/16: already on the last standby link (vpn-b)\nnothing changed\n',
    ]);
    const last = await cloud.run('route failover --next --table private-1 --yes');
    expect([last.exit, last.err]).toEqual([
      EXIT.failed,
      expect.stringContaining('already on the last standby link (vpn-b)'),
    ]);
    const back = await cloud.run('route failback --yes --json');
    expect(back.exit).toBe(EXIT.ok);
    // No static route is left over the propagated one: it would hide that BGP withdraws it.
    expect(tables(cloud)).toEqual(before);
  });

  it('reports what it did as data of a fixed shape', async () => {
    const cloud = await dxUp();
    const { json } = await cloud.run('route failover --table private-1 --yes --json');
    expect(json()).toMatchInlineSnapshot(
      { routes: [{ apiMs: expect.any(Number), verifyMs: expect.any(Number) }] },
      `
      {
        "checks": [
          {
            "link": "vpn-a",
            "state": "unknown",
            "why": "this test gave no prober",
          },
        ],
        "dryRun": false,
        "notes": [
          "vpn-a was not checked: this test gave no prober",
          "no monitor runs here; one on another machine would move this back: pin it there (hybridctl route pin --table private-1 --to vpn-a)",
        ],
        "pins": [],
        "region": "cn-north-1",
        "routes": [
          {
            "after": {
              "destination": "10.10.0.0/16",
              "link": "vpn-a",
              "origin": "static",
              "state": "active",
              "target": "eni-023fbd87a1b2c3d4e",
            },
            "apiMs": Any<Number>,
            "change": "create",
            "destination": "10.10.0.0/16",
            "error": null,
            "from": {
              "destination": "10.10.0.0/16",
              "link": "dx-1",
              "origin": "propagated",
              "state": "active",
              "target": "vgw-078bcc55",
            },
            "name": "private-1",
            "standby": "one",
            "status": "moved",
            "table": {
              "id": "rtb-0468f52220000000a",
              "name": "private-1",
            },
            "to": {
              "link": "vpn-a",
              "target": "eni-023fbd87a1b2c3d4e",
            },
            "verifyMs": Any<Number>,
          },
        ],
        "site": "demo",
        "version": 1,
      }
    `,
    );
  });

  it('in override mode deletes the static route to return, but only onto a propagated one', async () => {
    const cloud = await dxUp(OVERRIDE);
    const before = tables(cloud);
    await cloud.run('route failover --yes');
    cloud.cloud.setPropagated(VGW, []);
    const refused = await cloud.run('route failback --yes');
    expect([refused.exit, refused.err]).toEqual([
      EXIT.failed,
      expect.stringMatching(/private-1 10\.10\.0\.0\/16: vgw-078bcc55 propagates no route.*nothing was changed/),
    ]);
    cloud.cloud.setPropagated(VGW, ['10.10.0.0/16']);
    expect((await cloud.run('route failback --yes')).exit).toBe(EXIT.ok);
    expect(tables(cloud)).toEqual(before);
    expect((await cloud.calls()).filter((call) => !call.startsWith('Describe'))).toEqual([
      'CreateRoute',
      'CreateRoute',
      'DeleteRoute',
      'DeleteRoute',
    ]);
  });

  it('does nothing where nothing is to be done', async () => {
    const cloud = await dxUp();
    const { exit, out } = await cloud.run('route failback --yes');
    expect([exit, out]).toEqual([
      EXIT.ok,
      'private-1 10.10.0.0/16: already on dx-1\nprivate-2 10.10.0.0/16: already on dx-1\nnothing changed\n',
    ]);
    expect(await cloud.calls()).toEqual(['DescribeRouteTables']);
  });

  it('a dry run changes nothing and exits 3 when asked to', async () => {
    const cloud = await dxUp();
    const before = tables(cloud);
    const { exit, out } = await cloud.run('route failover --dry-run --detailed-exitcode');
    expect(exit).toBe(EXIT.changesPending);
    expect(stable(out)).toMatchInlineSnapshot(`
      "TABLE  DESTINATION  BEFORE  AFTER  CHANGE  STATUS  API  SEEN
      private-1  10.10.0.0/16  dx-1  vpn-a  create static  planned  -  -
      private-2  10.10.0.0/16  dx-1  vpn-b  create static  planned  -  -
      2 of 2 would move; nothing was changed
      note: vpn-a was not checked: this test gave no prober
      note: vpn-b was not checked: this test gave no prober
      note: no monitor runs here; one on another machine would move this back: pin it there (hybridctl route pin --table private-1 --to vpn-a; hybridctl route pin --table private-2 --to vpn-b)
      "
    `);
    expect((await cloud.run('route failover --dry-run')).exit).toBe(EXIT.ok);
    expect(tables(cloud)).toEqual(before);
  });

  it('asks at a terminal, takes no for no, and never asks where nobody is', async () => {
    const cloud = await dxUp();
    const no = await cloud.run('route failover', { answers: { 'Move these 2 routes': false } });
    expect([no.exit, no.err]).toEqual([EXIT.failed, expect.stringContaining('cancelled; nothing was changed')]);
    expect(shown(cloud)['private-1']).toEqual([`10.10.0.0/16 propagated ${VGW} active`]);
    const yes = await cloud.run('route failover', { answers: { 'Move these 2 routes': true } });
    expect(yes.exit).toBe(EXIT.ok);
    const nobody = await cloud.run('route failback');
    expect([nobody.exit, nobody.err]).toEqual([EXIT.usage, expect.stringContaining('confirmation needed: add --yes')]);
  });
});

describe('route set', () => {
  it('makes a route for a network the site file does not list, and moves it', async () => {
    const cloud = await dxUp();
    expect((await cloud.run('route set --table private-2 --destination 10.20.0.0/16 --to vpn-b --yes')).exit).toBe(
      EXIT.ok,
    );
    const withdrawn = await cloud.run(`route set --table ${B} --destination 10.20.0.0/16 --to dx-1 --yes`);
    expect([withdrawn.exit, withdrawn.err]).toEqual([
      EXIT.failed,
      expect.stringContaining(`${VGW} propagates no route for it, so dx-1 can't carry it; nothing was changed`),
    ]);
    expect((await cloud.run(`route set --table ${B} --destination 10.20.0.0/16 --to dx-1 --no-check --yes`)).exit).toBe(
      EXIT.ok,
    );
    expect(shown(cloud)).toEqual({
      'private-1': [`10.10.0.0/16 propagated ${VGW} active`],
      'private-2': [`10.20.0.0/16 static ${VGW} active`, `10.10.0.0/16 propagated ${VGW} active`],
    });
  });

  it('moves a prefix list as one route', async () => {
    const cloud = await testCloud(
      LAB.replaceAll('name: private-1,', 'name: private-1, destinations: [pl-0123456789abcdef0],'),
    );
    expect(
      (await cloud.run('route set --table private-1 --destination pl-0123456789abcdef0 --to vpn-a --yes')).exit,
    ).toBe(EXIT.ok);
    expect((await cloud.run('route failover --next --table private-1 --yes')).exit).toBe(EXIT.ok);
    expect(shown(cloud)['private-1']).toEqual([`pl-0123456789abcdef0 static ${ENI2} active`]);
  });

  it("never touches a route that points at somebody else's target, and moves none beside it", async () => {
    const cloud = await testCloud(LAB);
    const internet = cloud.cloud.tables()[0]!.routes[1]!.target.id;
    await cloud.routeTables().createRoute(B, '10.10.0.0/16', { kind: 'igw', id: internet });
    const before = tables(cloud);
    for (const line of [
      'route failover --yes',
      'route failback --yes',
      `route set --table ${B} --destination 10.10.0.0/16 --to vpn-a --yes`,
    ]) {
      const { exit, err } = await cloud.run(line);
      expect([exit, err]).toEqual([
        EXIT.failed,
        expect.stringContaining(
          `private-2 10.10.0.0/16: its static route points at ${internet}, which is no link of this site`,
        ),
      ]);
    }
    expect(tables(cloud)).toEqual(before);
  });
});

/** A third gateway whose link no table uses yet. */
const THIRD = LAB.replace(
  'onprem:\n',
  '  - { name: gw-3, az: cn-north-1a, private_ip: 172.16.1.200, public_ip: 203.0.113.13 }\nonprem:\n',
)
  .replace(
    'links:\n',
    '  - { name: vpn3, gateway: gw-3, router: rtr-1, inside: 169.254.210.0/30, psk_file: psk/vpn3 }\nlinks:\n  - { name: vpn-c, kind: vpn, tunnel: vpn3 }\n',
  )
  .replaceAll('interface: tun', 'interface: xfrm');

describe('refusals before anything is read', () => {
  const refusals: [line: string, err: string, text?: string][] = [
    ['route status --table nope', '--table: the site file has no route table "nope"'],
    ['route failover --to nope --yes', '--to: the site file has no link "nope"'],
    ['route failover --destination 10.99.0.0/16 --yes', '--destination: no chosen route table has 10.99.0.0/16'],
    [
      'route status --destination 10.10.0.1/16',
      '--destination: 10.10.0.1/16 has host bits set: did you mean 10.10.0.0/16?',
    ],
    ['route status --region moon', '--region: '],
    ['route set --destination 10.10.0.0/16 --to vpn-a --yes', 'missing --table'],
    ['route set --table private-1 --to vpn-a --yes', 'missing --destination'],
    ['route set --table private-1 --destination 10.10.0.0/16 --yes', 'missing --to'],
    ['route status', 'cloud.vgw', LAB.replace('  vgw: vgw-078bcc55\n', '')],
    [
      'route status',
      'gateways.0.eni: link vpn-a needs it as the target of its routes',
      LAB.replace('    instance: i-0e1466e8a5dd4892c\n    eni: eni-023fbd87a1b2c3d4e\n', ''),
    ],
    ['route failover --to vpn-c --yes', 'gateways.2.eni: link vpn-c needs it', THIRD],
    ['route status', 'route_tables: the site file has no route tables', LAB.slice(0, LAB.indexOf('route_tables:'))],
  ];
  it.each(refusals.map(([line, err, text = LAB]) => ({ line, err, text })))(
    '$line: $err',
    async ({ line, err, text }) => {
      const ran = await run(line, { files: { 'hybridctl.yaml': text } });
      expect([ran.exit, ran.out, ran.err]).toEqual([EXIT.usage, '', expect.stringContaining(err)]);
    },
  );
});
