import * as z from 'zod';
import { table } from '../json.ts';

const utilityView = z.strictObject({
  id: z.string(),
  state: z.string(),
  address: z.string().nullable(),
  zone: z.string(),
});

const routeView = z.strictObject({
  table,
  destination: z.string(),
  link: z.string().nullable().describe('The link that carries; null: none of this site.'),
  target: z.string().nullable(),
  overridden: z.boolean().describe("By the monitor's static route, in place of the link that comes first."),
});

const status = z.strictObject({
  instance: utilityView.nullable().describe('null: there is none.'),
  routes: z.array(routeView),
});

export const localzoneStatus = status;
