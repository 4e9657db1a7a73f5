import * as z from 'zod';

const installation = z.strictObject({
  unit: z.string(),
  path: z.string(),
  text: z.string(),
  changed: z.boolean(),
  installed: z.boolean(),
  running: z.boolean().describe('Whether the unit runs now, by this call or before it.'),
});

const removal = z.strictObject({
  unit: z.string(),
  path: z.string(),
  there: z.boolean(),
  removed: z.boolean(),
});

export const monitorInstall = installation;

export const monitorUninstall = removal;
