import * as z from 'zod';

/** Shapes of --json that more than one group prints. Loaded by `hybridctl schema`, the docs and the tests alone. */

/** A moment: ISO 8601 with its offset, `2026-11-30T23:15:00.000Z`. */
export const moment = z.iso.datetime({ offset: true });

/** ms. */
export const ms = z.number().nonnegative();

/** 0 is none, 1 is all. */
export const share = z.number().min(0).max(1);

/** A route table of the VPC, by what the site file calls it and by its id. */
export const table = z.strictObject({ id: z.string(), name: z.string().nullable() });

/** One step of a procedure. */
export const step = z.strictObject({
  key: z.string().describe('what --adopt calls it'),
  title: z.string(),
  action: z.enum(['keep', 'make', 'change', 'remove']),
  id: z.string().nullable().describe('of the thing in the cloud; null: none yet, or it has none'),
  notes: z.array(z.string()).describe('why it changes; of what is kept though it is not ours, why'),
  cost: z.string().nullable().describe('what it costs, in words; null: nothing'),
});

export const procedure = z.strictObject({
  did: z.enum(['planned', 'applied', 'destroyed', 'emitted']),
  steps: z.array(step),
  values: z.record(z.string(), z.string()).describe('ids by key, once applied'),
  runbook: z.string().nullable().describe('the text of --emit; null without it'),
});
