import * as z from 'zod';
import { moment, share, table } from '../json.ts';

const linkNow = z.strictObject({
  name: z.string(),
  kind: z.enum(['vpn', 'dx']),
  cloudEnd: z.string().describe("`vgw`, or the gateway's name."),
  router: z.string(),
  medium: z.string(),
  state: z.enum(['unknown', 'alive', 'dead']),
  since: moment.nullable().describe('When it came to that state.'),
  because: z.string().nullable().describe("The verdict's own words."),
  rttMs: z.number().nullable(),
  loss: share.nullable().describe('Share of the probes of the last ten seconds, 0 to 1.'),
  last: z
    .strictObject({
      state: z.enum(['unknown', 'alive', 'dead']),
      at: moment,
    })
    .nullable()
    .describe('Its last known state where nobody watches: what the event log says.'),
});

const routeNow = z.strictObject({
  table,
  name: z.string().describe('table.name, as older scripts read it'),
  subnets: z.array(z.string()),
  destination: z.string(),
  preferred: z.string(),
  link: z.string().nullable().describe('Link that carries it, `(none)`, `(foreign)`, or null while that is not known.'),
  sharedBy: z.array(z.string()).describe('Links that carry it: tunnels of one gateway carry together.'),
  since: moment.nullable().describe('When it was moved there; null: not by an event that we know of.'),
  pinned: z.string().nullable(),
});

const pastMove = z.strictObject({
  at: moment,
  table,
  destination: z.string(),
  from: z.string(),
  to: z.string(),
  outcome: z.string(),
  because: z.string(),
  detectMs: z.number().nullable().describe('All ms; null where the event has none.'),
  apiMs: z.number().nullable(),
  verifyMs: z.number().nullable(),
});

const pastStep = z.strictObject({
  at: moment,
  what: z.string(),
  because: z.string(),
  repeats: z
    .string()
    .optional()
    .describe('Of an alert that repeats a move: `table|destination from to`, as `moveKey` writes it.'),
});

const incident = z.strictObject({
  incident: z.string(),
  began: moment,
  ended: moment,
  links: z.array(z.string()),
  moves: z.array(pastMove),
  steps: z.array(pastStep).describe('Verdicts, alerts, healings and faults, in order.'),
});

const trafficNow = z.strictObject({
  tunnel: z.string(),
  link: z.string().nullable().describe("The site's link over that tunnel."),
  state: z.string(),
  inBytes: z.number().nullable(),
  outBytes: z.number().nullable(),
  inRate: z.number().nullable().describe('bit/s between the last two looks; null before the second one.'),
  outRate: z.number().nullable(),
});

const seen = z.strictObject({
  site: z.string(),
  region: z.string(),
  cidr: z.string(),
  networks: z.array(z.string()),
  at: moment,
  watcher: z.union([
    z.strictObject({
      kind: z.literal('monitor'),
      profile: z.string().nullable(),
      version: z.string().nullable(),
      startedAt: moment.nullable(),
      leads: z.boolean().nullable(),
    }),
    z.strictObject({
      kind: z.literal('nobody'),
      because: z.string(),
    }),
  ]),
  links: z.array(linkNow),
  routes: z.array(routeNow),
  incidents: z.array(incident).describe('Newest first.'),
  traffic: z.array(trafficNow),
  troubles: z.array(z.string()).describe('What could not be read, in words.'),
});

const listening = z.strictObject({
  listening: z.string().describe('with --web: the address of the page'),
  token: z.boolean().describe('whether readers need a token'),
});

export const status = z.union([
  seen.extend({
    verdict: z.strictObject({ tone: z.enum(['good', 'warn', 'bad', 'unknown']), text: z.string() }),
  }),
  listening,
]);
