import * as z from 'zod';
import { moment, table } from '../json.ts';

/** Each line of `route monitor --json`: an event as the event log has it, and what is only measured. */

const startEvent = z.strictObject({
  kind: z.literal('start'),
  monitorVersion: z.string().describe('Of hybridctl.'),
  profile: z.string(),
  links: z.array(z.string()),
  routes: z.array(z.strictObject({ table, destination: z.string() })).describe('The managed ones.'),
  at: moment,
});

const stopEvent = z.strictObject({
  kind: z.literal('stop'),
  because: z.string(),
  at: moment,
});

const verdictEvent = z.strictObject({
  kind: z.literal('verdict'),
  link: z.string(),
  from: z.enum(['alive', 'dead', 'unknown']),
  to: z.enum(['alive', 'dead', 'unknown']),
  suspicion: z.number(),
  because: z.string(),
  incident: z.string().optional().describe('Absent while nothing follows from it.'),
  at: moment,
});

const evidenceEvent = z.strictObject({
  kind: z.literal('evidence'),
  link: z.string(),
  evidence: z.enum(['child-down', 'ike-down', 'bfd-down']),
  about: z.string().describe("The daemon's own name for it: charon's connection, or the BFD peer's address."),
  witness: z.string().describe('Who says so, e.g. `charon at unix:///var/run/charon.vici`.'),
  at: moment,
});

const witnessEvent = z.strictObject({
  kind: z.literal('witness'),
  witness: z.string(),
  heard: z.boolean(),
  because: z.string(),
  at: moment,
});

const initiateEvent = z.strictObject({
  kind: z.literal('initiate'),
  link: z.string(),
  connection: z.string().describe("charon's own name of it."),
  witness: z.string(),
  up: z.boolean(),
  because: z.string(),
  incident: z.string().optional().describe('Absent while nothing follows from it.'),
  at: moment,
});

const moveEvent = z.strictObject({
  kind: z.literal('move'),
  incident: z.string(),
  table,
  destination: z.string(),
  from: z.string(),
  to: z.string(),
  outcome: z.enum(['done', 'race', 'throttled', 'refused', 'unclear', 'unsent']),
  because: z.string(),
  detectMs: z.number().optional(),
  apiMs: z.number().optional(),
  verifyMs: z.number().optional(),
  at: moment,
});

const alert = z.strictObject({
  id: z.string(),
  incident: z.string(),
  kind: z.enum(['moved', 'found', 'dark', 'healed', 'heal-failed']),
  subject: z.string().describe('The route, as text, or the instance of a healing.'),
  table: table.optional().describe('Of a route.'),
  destination: z.string().optional(),
  from: z.string(),
  to: z.string(),
  because: z.string(),
});

const alertEvent = z.strictObject({
  kind: z.literal('alert'),
  alert: alert,
  at: moment,
});

const healEvent = z.strictObject({
  kind: z.literal('heal'),
  incident: z.string(),
  instance: z.string(),
  step: z.enum(['start', 'stop', 'verify', 'rest']),
  because: z.string(),
  outcome: z
    .enum(['done', 'race', 'throttled', 'refused', 'unclear', 'unsent'])
    .optional()
    .describe('Absent where a step begins.'),
  at: moment,
});

const pinEvent = z.strictObject({
  kind: z.literal('pin'),
  table,
  link: z.string().nullable().describe('null: unpinned.'),
  at: moment,
});

const leaseEvent = z.strictObject({
  kind: z.literal('lease'),
  held: z.boolean().describe('Whether we may write from now on.'),
  epoch: z.number(),
  at: moment,
});

const errorEvent = z.strictObject({
  kind: z.literal('error'),
  during: z.string().describe('What was being done: `read route tables`, `probe dx-1`, `send alert`.'),
  message: z.string(),
  incident: z.string().optional(),
  at: moment,
});

const apiEvent = z.strictObject({
  kind: z.literal('api'),
  action: z.string().describe('`DescribeRouteTables`, `ReplaceRoute` …'),
  outcome: z.enum(['done', 'race', 'throttled', 'refused', 'unclear', 'unsent']),
  ms: z.number(),
  at: moment,
});

const tally = z.strictObject({
  sent: z.number(),
  lost: z.number(),
});

const healthEvent = z.strictObject({
  kind: z.literal('health'),
  links: z.array(
    z.strictObject({
      link: z.string(),
      state: z.enum(['alive', 'dead', 'unknown']),
      suspicion: z.number(),
      rttMs: z.number().optional(),
      probes: tally.optional(),
    }),
  ),
  routes: z
    .array(
      z.strictObject({
        table,
        destination: z.string(),
        link: z.string().optional(),
      }),
    )
    .describe("`link` is a link's name, `(none)`, `(foreign)`, or undefined while reads do not agree."),
  at: moment,
});

export const routeMonitor = z.discriminatedUnion('kind', [
  startEvent,
  stopEvent,
  verdictEvent,
  evidenceEvent,
  witnessEvent,
  initiateEvent,
  moveEvent,
  alertEvent,
  healEvent,
  pinEvent,
  leaseEvent,
  errorEvent,
  apiEvent,
  healthEvent,
]);
