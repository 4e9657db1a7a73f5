import * as z from 'zod';
import { moment, table } from '../json.ts';

const leftOut = z.strictObject({
  name: z.string(),
  why: z.string(),
});

const stretch = z.strictObject({
  from: z.number(),
  to: z.number(),
  label: z.string(),
  tone: z.enum(['unknown', 'other', 'good', 'bad']),
});

const lane = z.strictObject({
  name: z.string(),
  stretches: z.array(stretch),
});

const caseResult = z.strictObject({
  name: z.string(),
  group: z.string(),
  about: z.string(),
  passed: z.boolean(),
  invalid: z
    .boolean()
    .describe(
      'It did not pass, and the machine was too busy to tell: the sender of the stream paused for too long itself.',
    ),
  problems: z.array(z.string()).describe('Why it did not pass.'),
  gapMs: z.number().nullable().describe('Longest silence at the receiver, one way; null: no packet arrived at all.'),
  pauseMs: z
    .number()
    .nullable()
    .describe("The stream's sender's own longest pause: no gap is known better than this. null: no stream was sent."),
  reactMs: z.number().nullable().describe('From the fault until the last route was where it belongs.'),
  detectMs: z.number().nullable(),
  apiMs: z.number().nullable(),
  verifyMs: z.number().nullable(),
  limitMs: z.number().nullable().describe('What was allowed for the reaction; null: nothing was to happen.'),
  at: z.record(z.string(), z.string()).describe('Link of each route table while the fault stood.'),
  moves: z.number(),
  alerts: z.array(z.string()),
  lanes: z.array(lane),
  timeline: z
    .array(z.string())
    .describe(
      'What the monitor and the lab told from the fault on, a line each, with ms since the fault; of a case that failed, also what came before.',
    ),
  returnMs: z
    .number()
    .nullable()
    .describe("From the fault's end until every route was home again; null where the case does not watch that."),
  stateAtEnd: z.array(z.string()).describe('How everything stood at the end, of a case that failed.'),
});

const drillReport = z.strictObject({
  lab: z.string(),
  site: z.string(),
  profile: z.enum(['default', 'legacy', 'fast']),
  seed: z.number(),
  startedAt: moment,
  tookMs: z.number(),
  passed: z.number(),
  failed: z.number(),
  invalid: z.number().describe('Cases that neither passed nor failed: the machine was too busy each time.'),
  leftOut: z.array(leftOut),
  amiss: z.array(z.string()).describe('What did not come back to order after the last case.'),
  cases: z.array(caseResult),
});

const listed = z.strictObject({
  available: z.array(
    z.strictObject({
      name: z.string(),
      about: z.string(),
      group: z.string().describe('Class of fault.'),
    }),
  ),
});

const leg = z.strictObject({
  change: z.enum(['replace', 'none', 'create', 'delete']),
  status: z.enum(['moved', 'skipped', 'failed', 'unverified']).describe('`moved`: written and read back.'),
  apiMs: z.number().nullable(),
  verifyMs: z.number().nullable(),
  error: z.string().nullable(),
});

const drilledRoute = z.strictObject({
  table,
  name: z.string().describe('table.name, as older scripts read it'),
  destination: z.string(),
  from: z.string().describe('Links.'),
  to: z.string(),
  out: leg.nullable().describe('null: not tried.'),
  back: leg.nullable(),
});

const streamCounts = z.strictObject({
  replies: z.number(),
  lost: z.number(),
  unknown: z.number().describe('Our own fault, such as a loop that was late: they count as neither.'),
});

const stranded = z.strictObject({
  name: z.string(),
  destination: z.string(),
  link: z.string().nullable().describe('Link or target as last read; null: could not be read.'),
  home: z.string(),
  why: z.string(),
});

const routeDrillReport = z.strictObject({
  site: z.string(),
  region: z.string(),
  target: z.string(),
  startedAt: moment,
  tookMs: z.number(),
  intervalMs: z.number(),
  stayMs: z.number().describe('How long the routes were to stay moved.'),
  ended: z.enum(['planned', 'failed', 'interrupted', 'silent', 'stayed']),
  passed: z.boolean(),
  problems: z.array(z.string()),
  notes: z.array(z.string()).describe('What a reader should know, such as what could not be checked.'),
  routes: z.array(drilledRoute),
  standby: z
    .array(
      z.strictObject({
        link: z.string(),
        why: z.string(),
      }),
    )
    .describe('Links that the routes were moved to, as the probes judged them before the move.'),
  gapMs: z
    .strictObject({
      out: z.number().nullable(),
      away: z.number().nullable(),
      back: z.number().nullable(),
    })
    .describe(
      'Longest hole of the stream at each move and in between; 0: nothing was lost; null: that did not come to be.',
    ),
  stream: streamCounts,
  stranded: z.array(stranded),
  next: z.string().nullable().describe('The one command that puts back what is stranded.'),
  lanes: z.array(lane),
  timeline: z.array(z.string()),
});

const returned = z.strictObject({
  site: z.string(),
  began: moment.nullable().describe('When that drill began; null: none has left anything.'),
  dryRun: z.boolean(),
  routes: z.array(
    z.strictObject({
      name: z.string(),
      destination: z.string(),
      from: z.string(),
      home: z.string(),
    }),
  ),
  stranded: z.array(stranded),
  troubles: z.array(z.string()),
  next: z.string().nullable(),
});

export const drill = z.union([drillReport, listed]);

export const drillRoute = z.union([routeDrillReport, returned]);
