import * as z from 'zod';
import { moment } from '../json.ts';

const result = z.strictObject({
  source: z.string(),
  levels: z.array(z.enum(['Green', 'Yellow', 'Red'])),
  sent: z.number(),
  ids: z.array(z.string()).describe('Ids of the events, in the order of the entries that were taken.'),
  failed: z
    .array(
      z.strictObject({
        index: z.number(),
        code: z.string(),
        message: z.string(),
      }),
    )
    .describe("Entries that were not taken, with EventBridge's last word."),
  calls: z.number(),
  retried: z.number().describe('Entries that were sent once more.'),
});

/** Elastic Common Schema 8: its fields beside these are as its own pages say. */
const line = z.looseObject({
  '@timestamp': moment,
  message: z.string(),
  event: z.looseObject({
    kind: z.enum(['event', 'alert']),
    action: z.string(),
  }),
  labels: z.record(z.string(), z.string()),
  trace: z
    .strictObject({
      id: z.string(),
    })
    .optional(),
  hybridctl: z.looseObject({
    kind: z.enum([
      'error',
      'initiate',
      'evidence',
      'alert',
      'start',
      'stop',
      'verdict',
      'witness',
      'move',
      'heal',
      'pin',
      'lease',
    ]),
  }),
});

const result2 = z.strictObject({
  from: z.string().describe("The log's path, or the index's address."),
  events: z.array(line).describe('Oldest first, as they are in the log.'),
  more: z.boolean().describe('There are more, older ones.'),
});

const shipped = z.strictObject({
  lines: z.number(),
  damaged: z.number().describe('Lines that are no event of ours; they are not sent.'),
  kept: z.number(),
  refused: z.number(),
  left: z.number().describe('Still not taken after the last try.'),
});

const result3 = z.strictObject({
  to: z.string(),
  shipped: shipped.nullable().describe('null: it was rendered, not shipped.'),
  logstash: z.string().nullable().describe('Text of logstash.conf; null: it was shipped.'),
  written: z.string().nullable(),
});

const ruleStatus = z.strictObject({
  level: z.enum(['Green', 'Yellow', 'Red']),
  rule: z.string(),
  state: z.string().nullable().describe('null: there is none.'),
  targets: z.array(z.string()),
  matched: z.number(),
  invocations: z.number(),
  failed: z.number(),
});

const healthStatus = z.strictObject({
  since: moment.describe('Counts of metrics begin there.'),
  rules: z.array(ruleStatus),
  queue: z
    .strictObject({
      name: z.string(),
      messages: z.number(),
      sent: z.number(),
    })
    .nullable()
    .describe('null: there is none. `messages` is what lies in it now, approximately.'),
  topic: z
    .strictObject({
      name: z.string(),
      published: z.number(),
      confirmed: z.number(),
      pending: z.number(),
    })
    .nullable(),
  function: z
    .strictObject({
      name: z.string(),
      state: z.string(),
      invocations: z.number(),
      errors: z.number(),
    })
    .nullable(),
});

export const eventsEmit = result;

export const eventsLog = result2;

export const eventsShip = result3;

export const eventsStatus = healthStatus;
