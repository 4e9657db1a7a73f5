import * as z from 'zod';

const ruleLine = z.strictObject({
  id: z.string(),
  level: z.enum(['error', 'warning', 'info']),
  kinds: z.array(z.enum(['swanctl', 'ipsec-conf', 'ios', 'asa', 'sysctl'])),
  title: z.string(),
  source: z.string(),
});

const lintFinding = z.strictObject({
  rule: z.string(),
  level: z.enum(['error', 'warning', 'info']),
  line: z.number().describe('Counted from 1.'),
  message: z.string(),
  fix: z.string(),
});

export const vpnLint = z.union([
  z.strictObject({
    rules: z.array(ruleLine),
  }),
  z.strictObject({
    file: z.string(),
    kind: z.enum(['swanctl', 'ipsec-conf', 'ios', 'asa', 'sysctl']),
    counts: z.strictObject({
      error: z.number(),
      warning: z.number(),
      info: z.number(),
    }),
    findings: z.array(lintFinding),
  }),
]);
