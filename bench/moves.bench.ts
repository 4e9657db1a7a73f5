// 50 and 500 routes moved off a dead link by the monitor's own loop, over HTTP against the embedded EC2 endpoint with
// EC2's own buckets.
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import { awsInstances } from '../src/lib/adapters/aws/instances.ts';
import { awsRouteTables } from '../src/lib/adapters/aws/routes.ts';
import { clock } from '../src/lib/adapters/clock.ts';
import type { Prober } from '../src/lib/core/ports.ts';
import { LIMITS } from '../src/lib/domain/failover/buckets.ts';
import { profileOf } from '../src/lib/domain/health/profiles.ts';
import { siteSchema } from '../src/lib/domain/site.ts';
import { startCloud } from '../src/lib/cloud/server.ts';
import { privateStore } from '../src/lib/monitor/lease.ts';
import { monitor } from '../src/lib/monitor/loop.ts';
import { monitorPolicy } from '../src/lib/monitor/policy.ts';
import { watchedBy } from '../src/lib/monitor/watch.ts';

const { size, perSecond } = LIMITS.create!;
/** The bucket counts as empty until it has been watched for long enough to fill. */
const FILL_MS = (size / perSecond) * 1_000 + 1_000;
const LIMIT_50_MS = 1_000;
const LIMIT_RATIO = 1.05;

const lab = parse(await readFile('test/fixtures/lab.yaml', 'utf8')) as { route_tables: object[] };
process.env['AWS_ACCESS_KEY_ID'] = process.env['AWS_SECRET_ACCESS_KEY'] = 'bench';

/** Every target answers at once, but for those of Direct Connect once it is dead. */
const world = (state: { dead: boolean }): Prober => ({
  start(specs, tell) {
    const timer = setInterval(() => {
      const at = performance.now();
      for (const { id } of specs)
        tell(
          id,
          state.dead && id.startsWith('dx-1/')
            ? { at, sentAt: at - 20, kind: 'lost', size: 'small' }
            : { at, sentAt: at - 1, kind: 'reply', rttMs: 1, size: 'small' },
        );
    }, 20);
    return { pace: () => undefined, stop: async () => clearInterval(timer) };
  },
});

/** @returns ms from the decision to the last route in its new place, and how many calls EC2 throttled. */
const move = async (count: number): Promise<{ ms: number; throttled: number }> => {
  const networks = Array.from(
    { length: count },
    (_, index) => `10.${128 + Math.floor(index / 250)}.${index % 250}.0/24`,
  );
  const site = siteSchema.parse({
    ...lab,
    onprem: { ...(lab as { onprem?: object }).onprem, networks },
    route_tables: lab.route_tables.slice(0, 1),
  });
  const cloud = await startCloud({ site });
  process.env['AWS_ENDPOINT_URL'] = cloud.url;
  cloud.cloud.setPropagated(site.cloud.vgw!, networks);
  const profile = profileOf('fast');
  const state = { dead: false };
  const stopping = new AbortController();
  const seen = { decided: 0, moved: 0, at: 0, throttled: 0 };
  const ended = monitor(
    {
      policy: monitorPolicy(site, { profile, self: undefined, heal: false }),
      ...watchedBy(site, profile),
      profile,
      addresses: new Map(),
      version: 'bench',
      dryRun: false,
      once: false,
    },
    {
      prober: world(state),
      tables: awsRouteTables({ region: 'cn-north-1' }),
      instances: awsInstances({ region: 'cn-north-1' }),
      store: privateStore(),
      witnesses: [],
      clock,
      now: () => performance.now(),
      signal: stopping.signal,
      pins: async () => new Map(),
      sink: {
        accept(event) {
          if (event.kind === 'verdict' && event.to === 'dead') seen.decided = performance.now();
          if (event.kind === 'api' && event.outcome === 'throttled') seen.throttled += 1;
          if (event.kind === 'move') Object.assign(seen, { moved: seen.moved + 1, at: performance.now() });
        },
        close: async () => undefined,
      },
    },
  );
  await delay(FILL_MS);
  state.dead = true;
  while (seen.moved < count) await delay(50);
  stopping.abort();
  await ended;
  await cloud.close();
  return { ms: seen.at - seen.decided, throttled: seen.throttled };
};

const fifty = await move(50);
console.log(`50 routes:  ${fifty.ms.toFixed(0)} ms, ${fifty.throttled} calls throttled; limit ${LIMIT_50_MS} ms, 0`);
const many = await move(500);
const bucketMs = ((500 - size) / perSecond) * 1_000;
console.log(
  `500 routes: ${(many.ms / 1_000).toFixed(1)} s, ${many.throttled} calls throttled; EC2's bucket allows them in ${(bucketMs / 1_000).toFixed(1)} s: ${(many.ms / bucketMs).toFixed(3)} x, limit ${LIMIT_RATIO} x`,
);
if (fifty.ms > LIMIT_50_MS || fifty.throttled > 0 || many.ms > LIMIT_RATIO * bucketMs) process.exitCode = 1;
