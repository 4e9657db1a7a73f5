import * as z from 'zod';
import { moment } from '../json.ts';

const listedAlarm = z.strictObject({
  name: z.string(),
  state: z.string(),
  since: moment.nullable().describe('null: never judged.'),
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
