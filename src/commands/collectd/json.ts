import * as z from 'zod';
import { step } from '../json.ts';

const tier = z.strictObject({
  upTo: z.number().nullable().describe('Of so many metrics; null: of all that follow.'),
  price: z.number(),
});

const priceList = z.strictObject({
  currency: z.enum(['USD', 'CNY']),
  where: z.string().describe('Whose price it is, in words.'),
  source: z.string(),
  asOf: z.string().describe('When the source said so, year and month.'),
  tiers: z.array(tier),
  thousandRequests: z.number().describe('Of a thousand calls of PutMetricData.'),
  given: z.array(z.enum(['metrics', 'requests'])).describe('What of it the user gave.'),
});

const hostResult = z.strictObject({
  host: z.string(),
  did: z.enum(['planned', 'applied', 'failed']),
  steps: z.array(step),
  error: z
    .strictObject({
      message: z.string(),
      next: z.string().nullable(),
      exit: z.number(),
    })
    .nullable(),
});

const fleetResult = z.strictObject({
  cloud: z.array(step).optional().describe('What was done in the cloud before, where something was.'),
  hosts: z.array(hostResult),
  runbook: z.string().nullable(),
});

const whitelistFinding = z.strictObject({
  line: z.number(),
  level: z
    .enum(['error', 'warning'])
    .describe('error: the line does not do what it says, or costs without limit. warning: it does, and not only that.'),
  rule: z.string(),
  message: z.string(),
  fix: z.string(),
});

const cost = z.strictObject({
  currency: z.enum(['USD', 'CNY']),
  metrics: z.number().describe("Of all hosts: each host's is a metric of its own."),
  forMetrics: z.number().describe('A month, for metrics and for requests, and both together.'),
  forRequests: z.number(),
  perMonth: z.number(),
});

const result = z.strictObject({
  file: z.string(),
  hosts: z.number(),
  cost: cost,
  price: priceList,
  blockedOnly: z
    .boolean()
    .describe('The names are those that were blocked so far: what is published already is not among them.'),
  published: z.array(z.string()),
  blocked: z.array(z.string()),
  byLine: z
    .array(
      z.strictObject({
        number: z.number().describe('From 1.'),
        text: z.string().describe('Without the blanks around it.'),
        metrics: z.number(),
      }),
    )
    .describe('How many of the published each line lets through that no line before it does.'),
});

export const collectdBlocked = z.strictObject({
  metrics: z.number(),
  suggestions: z.array(
    z.strictObject({
      perMonth: z.number(),
      add: z.string().describe("A set's name, or a line for the whitelist: what `collectd whitelist add` takes."),
      what: z.string(),
      metrics: z.array(z.string()),
    }),
  ),
  price: priceList,
});

export const collectdDeploy = z.strictObject({
  cloud: z.array(step),
  hosts: z.array(hostResult),
  runbook: z.string().nullable(),
});

export const collectdWhitelistAdd = z.strictObject({
  file: z.string(),
  added: z.array(z.string()),
  kept: z.array(z.string()),
  dryRun: z.boolean(),
});

export const collectdWhitelistDeploy = fleetResult;

export const collectdWhitelistLint = z.strictObject({
  file: z.string(),
  findings: z.array(whitelistFinding),
});

export const collectdWhitelistList = z.union([
  z.strictObject({
    file: z.string(),
    lines: z.array(
      z.strictObject({
        number: z.number().describe('From 1.'),
        text: z.string().describe('Without the blanks around it.'),
        is: z
          .enum(['rule', 'blank', 'unsafe', 'invalid', 'unjudged'])
          .describe(
            '`rule`: it takes part. `blank`: it would match a metric without a name. `unsafe`: left out while pass-through is off. `invalid`: left out, Python refuses it. `unjudged`: Python may take it, hybridctl does not say what it matches.',
          ),
        why: z.string().optional().describe("Why, in Python's words or ours; absent for a rule."),
        set: z.string().nullable(),
      }),
    ),
  }),
  z.strictObject({
    sets: z.array(
      z.strictObject({
        name: z.string(),
        what: z.string(),
        lines: z.array(z.string()),
      }),
    ),
  }),
]);

export const collectdWhitelistPreview = result;

export const collectdWhitelistRemove = z.strictObject({
  file: z.string(),
  removed: z.array(z.string()),
  dryRun: z.boolean(),
});
