import * as z from 'zod';
import { moment, share, table } from '../json.ts';

const routeView = z.strictObject({
  destination: z.string(),
  target: z.string(),
  link: z.string().nullable(),
  origin: z.enum(['table', 'propagated', 'static']),
  state: z.enum(['active', 'blackhole']),
});

const stepReport = z.strictObject({
  table,
  name: z.string().describe('table.name, as older scripts read it'),
  destination: z.string(),
  from: routeView.nullable(),
  to: z.strictObject({
    link: z.string(),
    target: z.string(),
  }),
  standby: z
    .enum(['no', 'one', 'last'])
    .describe('Whether `to` is a standby link of the table, and whether there is one behind it.'),
  after: routeView.nullable().describe('As read back after the change; as read before when there was none.'),
  change: z.enum(['replace', 'none', 'create', 'delete']),
  status: z.enum(['planned', 'moved', 'skipped', 'failed', 'unchanged', 'unverified']),
  apiMs: z
    .number()
    .nullable()
    .describe("The API's own time for the write, and from its answer until a read showed it; ms."),
  verifyMs: z.number().nullable(),
  error: z
    .strictObject({
      message: z.string(),
      next: z.string().nullable(),
    })
    .nullable(),
});

const linkCheck = z.strictObject({
  link: z.string(),
  state: z.enum(['unknown', 'skipped', 'alive', 'dead']).describe('`skipped`: not looked at, since nobody wanted it.'),
  why: z.string(),
});

const moveReport = z.strictObject({
  site: z.string(),
  region: z.string(),
  dryRun: z.boolean(),
  routes: z.array(stepReport),
  checks: z.array(linkCheck).describe('The links that traffic was to go to.'),
  pins: z.array(z.strictObject({ table, link: z.string().nullable() })),
  notes: z.array(z.string()),
});

const pastMove = z.strictObject({
  at: moment,
  table,
  destination: z.string(),
  from: z.string(),
  to: z.string(),
  outcome: z.string(),
  because: z.string(),
  detectMs: z.number().nullable().describe('All ms; null where the event has none.'),
  apiMs: z.number().nullable(),
  verifyMs: z.number().nullable(),
});

const pastStep = z.strictObject({
  at: moment,
  what: z.string(),
  because: z.string(),
  repeats: z
    .string()
    .optional()
    .describe('Of an alert that repeats a move: `table|destination from to`, as `moveKey` writes it.'),
});

const incident = z.strictObject({
  incident: z.string(),
  began: moment,
  ended: moment,
  links: z.array(z.string()),
  moves: z.array(pastMove),
  steps: z.array(pastStep).describe('Verdicts, alerts, healings and faults, in order.'),
});

const report = z.strictObject({
  log: z.string(),
  incidents: z.array(incident),
  lines: z.number().describe('Lines read, and those among them that are no event.'),
  damaged: z.number(),
});

const pinResult = z.strictObject({
  site: z.string(),
  file: z.string(),
  pins: z
    .array(
      z.strictObject({
        table,
        name: z.string().describe('table.name, as older scripts read it'),
        link: z.string(),
      }),
    )
    .describe('Every pin in force now.'),
});

const passing = z.strictObject({
  pass: z.enum(['yes', 'unknown', 'no']),
  why: z.string().nullable().describe('null where it is `yes`.'),
});

const following = z.strictObject({
  table,
  name: z.string().describe('table.name, as older scripts read it'),
  destination: z.string(),
  route: routeView
    .nullable()
    .describe('null: no route at all carries it. Its `destination` may be wider than the one asked for.'),
  preferred: z.string(),
  onPreferred: z.boolean(),
  packets: passing.describe('Whether packets can go there.'),
  sharedWith: z
    .array(z.string())
    .describe('Links on the same target: BGP or the gateway chooses between them, no route can.'),
  backups: z.array(routeView).describe('Routes that would take over one by one if the carrying one went away.'),
  inside: z.array(routeView).describe('Longer prefixes inside the destination, which take part of its traffic.'),
});

const status = z.strictObject({
  site: z.string(),
  region: z.string(),
  routes: z.array(following),
  pins: z
    .array(
      z.strictObject({
        table,
        link: z.string(),
      }),
    )
    .describe('Tables that the operator holds on a link, as the monitor of this machine reads them.'),
});

const found = z.strictObject({
  p50Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
});

const timeBudget = z.strictObject({
  detectMs: z.number(),
  apiMs: z.number(),
  verifyMs: z.number(),
  totalMs: z.number(),
});

const row = z.strictObject({
  link: z.string(),
  kind: z.enum(['vpn', 'dx']),
  rttMs: z.number(),
  loss: share,
  deadlineMs: z.number(),
  blackhole: found,
  half: found,
  gray: found,
  pmtu: found,
  falseAYear: z.number(),
  timeBudget: timeBudget.describe("A blackhole's worst case: found (p99), written, read back."),
  office: z
    .strictObject({
      router: z.string(),
      by: z.enum(['bfd', 'bgp-hold', 'tunnel-watch', 'ip-sla', 'ike-keepalive', 'nothing']),
      leastMs: z.number().nullable(),
      mostMs: z.number().nullable(),
    })
    .describe("How soon the office's router leaves a dead link by itself; null: never."),
  bothWays: z
    .strictObject({
      ms: z.number().nullable().describe("A blackhole's worst case; null: the office never leaves the link."),
      boundBy: z.enum(['cloud', 'office']),
    })
    .describe('A conversation is back when both directions have moved.'),
});

const result2 = z.strictObject({
  site: z.string(),
  profile: z.enum(['default', 'legacy', 'fast']),
  probeEveryMs: z.number(),
  budget: z.number().nullable(),
  links: z.array(row),
  watches: z
    .array(
      z.strictObject({
        tunnel: z.string(),
        boxes: z.array(z.string()),
        everyMs: z.number(),
        leastMs: z.number(),
        mostMs: z.number(),
      }),
    )
    .describe('The boxes that look at a tunnel themselves, and after how long a dead one loses its routes.'),
});

export const routeFailback = moveReport;

export const routeFailover = moveReport;

export const routeHistory = report;

export const routePin = pinResult;

export const routeSet = moveReport;

export const routeStatus = status;

export const routeTune = result2;

export const routeUnpin = pinResult;
