import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Prober } from '../../../src/lib/core/ports.ts';
import { profileOf } from '../../../src/lib/domain/health/profiles.ts';
import type { MonitorEvent } from '../../../src/lib/monitor/events.ts';
import { privateStore } from '../../../src/lib/monitor/lease.ts';
import { monitor } from '../../../src/lib/monitor/loop.ts';
import { monitorPolicy } from '../../../src/lib/monitor/policy.ts';
import { watchedBy } from '../../../src/lib/monitor/watch.ts';
import { fixture, siteOf, testCloud } from '../../helpers/cloud.ts';

// The loop with the real SDK, and between it and the endpoint somebody who changes the answers. A proxy's page and
// noise are met by the whole process in test/lab/monitor.test.ts.
const TEXT = fixture('lab');
const SITE = siteOf(TEXT);
const [A, B] = SITE.route_tables.map(({ id }) => id) as [string, string];
const [ENI1, ENI2] = SITE.gateways.map(({ eni }) => eni);
const VGW = SITE.cloud.vgw!;
const profile = profileOf('fast');

/** What becomes of an answer to DescribeRouteTables. */
type Lie = (xml: string) => string;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Direct Connect carries both tables; every link answers, but for dead ones. */
const scene = async () => {
  const cloud = await testCloud(TEXT);
  cloud.cloud.setPropagated(VGW, ['10.10.0.0/16']);
  let lie: Lie | undefined;
  const proxy = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const lying = lie;
        // A liar does not look at the page it is asked for.
        const body = Buffer.concat(chunks)
          .toString()
          .replace(lying === undefined ? '' : /&NextToken=[^&]*/, '');
        void fetch(cloud.url, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        })
          .then(async (answer) => {
            const xml = await answer.text();
            response
              .writeHead(answer.status, { 'content-type': 'text/xml' })
              .end(lying !== undefined && body.includes('Action=DescribeRouteTables') ? lying(xml) : xml);
          })
          .catch(() => response.destroy());
      });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);

  const dead = new Set<string>();
  const prober: Prober = {
    start(specs, tell) {
      const timer = setInterval(() => {
        const at = performance.now();
        for (const { id } of specs)
          tell(
            id,
            dead.has(id.split('/')[0]!)
              ? { at, sentAt: at - 20, kind: 'lost', size: 'small' }
              : { at, sentAt: at - 1, kind: 'reply', rttMs: 1, size: 'small' },
          );
      }, 20);
      return { stop: async () => clearInterval(timer), pace: () => undefined };
    },
  };
  const events: MonitorEvent[] = [];
  const stopping = new AbortController();
  const ended = monitor(
    {
      policy: monitorPolicy(SITE, { profile, self: undefined, heal: false }),
      ...watchedBy(SITE, profile),
      profile,
      addresses: new Map(),
      version: 'test',
      dryRun: false,
      once: false,
    },
    {
      prober,
      witnesses: [],
      tables: cloud.routeTables({ attempts: 1 }),
      instances: cloud.instances(),
      store: privateStore(),
      clock: { now: () => Date.now(), sleep: async () => undefined },
      now: () => performance.now(),
      signal: stopping.signal,
      sink: { accept: (event) => void events.push(event), close: async () => undefined },
      pins: async () => new Map(),
    },
  );
  closing.push(
    () => proxy.close(),
    () => proxy.closeAllConnections(),
    async () => (stopping.abort(), ended),
  );

  const statics = () =>
    [A, B].map((id) => cloud.cloud.table(id).routes.find(({ origin }) => origin === 'static')?.target.id);
  const writes = async () => (await cloud.calls()).filter((call) => /^(Create|Replace|Delete)Route/.test(call));
  const errors = () => events.flatMap((event) => (event.kind === 'error' ? [`${event.during}: ${event.message}`] : []));
  const seen = <K extends MonitorEvent['kind']>(kind: K) =>
    events.filter((event): event is Extract<MonitorEvent, { kind: K }> => event.kind === kind);
  const eventually = (check: () => unknown, timeout = 60_000) => vi.waitFor(check, { timeout, interval: 10 });
  await eventually(() =>
    expect(
      seen('health')
        .at(-1)
        ?.routes.map(({ at }) => at),
    ).toEqual(['dx-1', 'dx-1']),
  );
  return {
    cloud,
    dead,
    events,
    seen,
    errors,
    statics,
    writes,
    eventually,
    answers: (next: Lie | undefined) => void (lie = next),
  };
};

const HELD = [undefined, undefined];
const MOVED = [ENI1, ENI2];
/** Several tries of the core: one every 250 ms, and slower where they fail. */
const A_WHILE_MS = 1_500;
/** What was read before the lie may be acted on for 2 s. */
const STALE_MS = 2_500;
const passes = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a link dies while DescribeRouteTables answers', () => {
  interface Case {
    readonly what: string;
    readonly lie: Lie;
    readonly says: RegExp;
    /** Where the tables are while the lie lasts. */
    readonly meanwhile?: readonly (string | undefined)[];
  }
  const cases: readonly Case[] = [
    {
      what: 'nothing',
      lie: (xml) => xml.replace(/<routeTableSet>[^]*<\/routeTableSet>/, '<routeTableSet/>'),
      says: /has none of the route tables/,
    },
    { what: 'an empty body', lie: () => '', says: /read route tables: / },
    { what: 'half a document', lie: (xml) => xml.slice(0, xml.length / 2), says: /is not EC2's/ },
    {
      what: 'a page that is always followed by the same',
      lie: (xml) => xml.replace('</routeTableSet>', '</routeTableSet><nextToken>again</nextToken>'),
      says: /the pages of ec2:DescribeRouteTables do not end/,
    },
    {
      what: 'everything but one table, which somebody has deleted',
      lie: (xml) => xml.replaceAll(A, 'rtb-0ffffffffffffffff'),
      says: new RegExp(`there is no route table ${A}; the others are watched on`),
      meanwhile: [undefined, ENI2],
    },
  ];

  it.each(cases)(
    '$what: it says so once, writes nothing on it, and moves when the answers are right again',
    async ({ lie, says, meanwhile = HELD }) => {
      const { cloud, dead, seen, errors, statics, writes, eventually, answers } = await scene();
      answers(lie);
      await passes(STALE_MS);
      dead.add('dx-1');
      await eventually(() => expect(errors()).toContainEqual(expect.stringMatching(says)));
      await eventually(() => expect(statics()).toEqual(meanwhile));
      const asked = (await cloud.calls()).length;
      await passes(A_WHILE_MS);
      expect({ statics: statics(), writes: await writes() }).toEqual({
        statics: meanwhile,
        writes: meanwhile.flatMap((eni) => (eni === undefined ? [] : ['CreateRoute'])),
      });
      expect(errors().filter((line) => says.test(line))).toHaveLength(1);
      // Neither as fast as it can, nor never.
      const more = (await cloud.calls()).length - asked;
      if (meanwhile === HELD) expect(more).toBeGreaterThan(0);
      expect(more).toBeLessThan(20);
      answers(undefined);
      await eventually(() => expect(statics()).toEqual(MOVED), 60_000);
      await eventually(() =>
        expect(
          seen('alert')
            .map(({ alert }) => [alert.kind, alert.from])
            .sort(),
        ).toEqual([
          ['moved', 'dx-1'],
          ['moved', 'dx-1'],
        ]),
      );
      expect(await writes()).toEqual(['CreateRoute', 'CreateRoute']);
    },
    180_000,
  );
});

const PROPAGATED = /<gatewayId>vgw-[^<]*<\/gatewayId><origin>[^<]*<\/origin>(<state>)active(<\/state>)/g;

describe('what a table says', () => {
  it('that EC2 drops the destination is told, once for as long as it lasts, and moves nothing while the link answers', async () => {
    const { errors, seen, statics, writes, eventually, answers, dead } = await scene();
    answers((xml) => xml.replaceAll('<state>active</state>', '<state>blackhole</state>'));
    // A busy machine may let a lease run out before a read leaves: that is another line.
    const carry = () => errors().filter((line) => line.startsWith('carry '));
    const says = [A, B].map((id) => `carry 10.10.0.0/16 in ${id}: EC2 drops it: ${VGW} is gone or does not run`);
    await eventually(() => expect(carry()).toEqual(says), 60_000);
    await passes(A_WHILE_MS);
    expect([statics(), await writes(), carry()]).toEqual([HELD, [], says]);
    answers(undefined);
    dead.add('dx-1');
    await eventually(() => expect(statics()).toEqual(MOVED));
    await eventually(() => expect(seen('alert')).toHaveLength(2));
  }, 180_000);

  it("of a target that nobody knows: it is somebody else's, told once, and left alone whatever dies", async () => {
    const { seen, statics, writes, eventually, answers, dead } = await scene();
    answers((xml) =>
      xml.replace(PROPAGATED, '<mysteryGatewayId>mys-1</mysteryGatewayId><origin>CreateRoute</origin>$1active$2'),
    );
    dead.add('dx-1');
    await eventually(
      () =>
        expect(seen('alert').map(({ alert }) => [alert.kind, alert.from, alert.to])).toEqual([
          ['found', 'dx-1', '(foreign)'],
          ['found', 'dx-1', '(foreign)'],
        ]),
      15_000,
    );
    await passes(A_WHILE_MS);
    expect([statics(), await writes(), seen('alert').length]).toEqual([HELD, [], 2]);
    answers(undefined);
    await eventually(() => expect(statics()).toEqual(MOVED), 60_000);
  }, 180_000);
});
