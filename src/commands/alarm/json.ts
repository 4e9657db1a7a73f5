import * as z from 'zod';

const listedAlarm = z.strictObject({
  name: z.string(),
  state: z.string(),
  since: z.string().nullable().describe('ISO 8601; null: never judged.'),
  reason: z.string(),
  namespace: z.string(),
  condition: z.string(),
  dimensions: z.record(z.string(), z.string()),
  actions: z.array(z.string()),
  enabled: z.boolean(),
});

const result = z.strictObject({
  alarms: z.array(listedAlarm),
});

export const alarmList = result;
