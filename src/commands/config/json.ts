import * as z from 'zod';

const mistake = z.strictObject({
  line: z.number(),
  column: z.number(),
  path: z.string().describe('`tunnels[0].inside`.'),
  message: z.string().describe('What is wrong, without the fix.'),
  fix: z.string().optional(),
});

const tunnelSummary = z.strictObject({
  name: z.string(),
  gateway: z.string(),
  router: z.string(),
  mode: z.string(),
  inside: z.string(),
  mtu: z.number(),
  mss: z.number(),
  sum: z.string().describe('The arithmetic behind `mtu` and `mss`.'),
});

const validation = z.strictObject({
  file: z.string(),
  valid: z.boolean(),
  mistakes: z.array(mistake),
  warnings: z.array(mistake),
  site: z.string().optional(),
  crypto: z.string().optional(),
  tunnels: z.array(tunnelSummary).optional(),
  links: z
    .array(
      z.strictObject({
        name: z.string(),
        kind: z.string(),
      }),
    )
    .optional(),
});

export const configValidate = validation;
