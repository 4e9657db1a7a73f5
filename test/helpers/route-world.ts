import { clock } from '../../src/lib/adapters/clock.ts';
import type { Clock, LeaseStore, Ports, Prober } from '../../src/lib/core/ports.ts';
import { effectiveRoute, linkOf, linkTargets } from '../../src/lib/domain/routes.ts';
import { until } from '../../src/lib/lab/wait.ts';
import { fakeFiles, type FakeFiles } from '../fakes/files.ts';
import { fakeShell } from '../fakes/shell.ts';
import { fixture, siteOf, testCloud, type TestCloud } from './cloud.ts';
import type { Ran, RunOptions } from './run.ts';
import { afterEachTest } from './after-each.ts';

const A = 'rtb-0468f52220000000a';
const B = 'rtb-04b8f522f0000000b';
const VGW = 'vgw-078bcc55';
const ONPREM = '10.10.0.0/16';
const LAB = fixture('lab');
const SITE = siteOf(LAB);
const PINS = '/var/lib/hybridctl/demo.pins.json';

/** Time flies ten times as fast as it does: what is slept, not what is measured. */
const quick: Clock = { now: () => clock.now(), sleep: (ms, signal) => clock.sleep(ms / 10, signal) };

const worlds: { stop(): void }[] = [];
afterEachTest(() => worlds.splice(0).forEach((world) => world.stop()));

export interface RouteWorld {
  readonly cloud: TestCloud;
  /** Links that carry nothing. */
  readonly dead: Set<string>;
  /** Links whose probes are answered, but over which no packet of the stream comes back. */
  readonly deaf: Set<string>;
  /** Text by path, over several runs. */
  readonly stores: Map<string, string>;
  /** Holders of leases and records that are no more. */
  readonly gone: Set<string>;
  /** Every pin file that was written, in order. */
  pins(): readonly unknown[];
  drill(line: string, more?: Pick<RunOptions, 'answers' | 'ports'>): Promise<Ran>;
  /** Once the first table has left its Direct Connect. */
  moved(): Promise<void>;
  readonly files: FakeFiles;
  /** Targets of the tables' own static routes. */
  statics(): readonly (string | undefined)[];
}

/** The cloud, and packets that go where its routes point. */
/** @param edit of the site file, not of the cloud. */
export const routeWorld = async (text = LAB, edit: (text: string) => string = (same) => same): Promise<RouteWorld> => {
  const cloud = await testCloud(text);
  cloud.cloud.setPropagated(VGW, [ONPREM]);
  const links = linkTargets(SITE);
  const dead = new Set<string>();
  const deaf = new Set<string>();
  const stores = new Map<string, string>();
  const gone = new Set<string>();
  const written: unknown[] = [];
  const files = fakeFiles({ '/site/hybridctl.yaml': edit(text) });
  const timers = new Set<NodeJS.Timeout>();
  const carries = (): boolean => {
    const route = effectiveRoute({ ...cloud.cloud.table(A), propagatingVgws: [VGW] }, ONPREM);
    const link = route?.state === 'active' ? linkOf(route.target, SITE.route_tables[0]!.links, links) : undefined;
    return link !== undefined && !dead.has(link.name) && !deaf.has(link.name);
  };
  const prober: Prober = {
    start(specs, tell) {
      const streams = specs.map((spec) => ({ spec, next: performance.now() }));
      const timer = setInterval(() => {
        for (const stream of streams) {
          const { id, intervalMs } = stream.spec;
          for (; stream.next < performance.now(); stream.next += intervalMs) {
            const alive = id === 'stream' ? carries() : !dead.has(id.split('/')[0]!);
            tell(id, {
              at: performance.now(),
              sentAt: stream.next,
              kind: alive ? 'reply' : 'lost',
              ...(alive ? { rttMs: 1 } : {}),
              size: 'small',
            });
          }
        }
      }, 5);
      timers.add(timer);
      return { pace: () => undefined, stop: async () => (clearInterval(timer), void timers.delete(timer)) };
    },
  };
  const leaseStore = async (path: string): Promise<LeaseStore> => ({
    me: 'here/boot/1/1',
    read: async () => stores.get(path),
    swap: async (before, after) => stores.get(path) === before && (stores.set(path, after), true),
    isGone: async (holder) => gone.has(holder),
  });
  const own = (id: string) => cloud.cloud.table(id).routes.find(({ origin }) => origin === 'static')?.target.id;
  worlds.push({ stop: () => timers.forEach(clearInterval) });
  return {
    cloud,
    dead,
    deaf,
    stores,
    gone,
    files,
    pins: () => written,
    async drill(line, { answers, ports } = {}) {
      const watched: Ports['files'] = {
        ...files,
        async write(list) {
          for (const { path, content } of list) if (path === PINS) written.push(JSON.parse(content).pins);
          await files.write(list);
        },
      };
      const shell = fakeShell({ ip: () => '[{"dst":"10.10.3.100","dev":"eth0","prefsrc":"172.16.11.10"}]' });
      return cloud.run(line, {
        ports: { clock: quick, files: watched, prober: async () => prober, leaseStore, shell, ...ports },
        ...(answers === undefined ? {} : { answers }),
      });
    },
    moved: () => until(async () => own(A) !== undefined, { what: 'the move', withinMs: 10_000, everyMs: 2 }),
    statics: () => [own(A), own(B)],
  };
};
