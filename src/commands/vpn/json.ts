import * as z from 'zod';
import { DIALECTS } from '../../lib/domain/site.ts';
import { moment, procedure } from '../json.ts';

const reported = z.strictObject({
  check: z.string(),
  side: z.enum(['cloud', 'host', 'site']),
  about: z.string().describe('What the check looks for, as it is when all is well.'),
  applies: z.boolean().describe('false: the site or the machine has nothing that the check is about.'),
  level: z.enum(['error', 'warning', 'skipped', 'ok']),
  subject: z.string().describe('The thing it is about: `gw-1`, `vpn1`, `private-1 10.10.0.0/16`.'),
  found: z.string().describe('What is so, in one sentence.'),
  evidence: z.string().describe('What was read that says so: an id, a setting, a line of a log.'),
  next: z.string().nullable().describe('What to do, in one line; null where there is nothing to do.'),
  case: z.number().nullable(),
  fix: z.array(z.string()),
});

const diagnosis = z.strictObject({
  site: z.string(),
  host: z.string().nullable().describe('Device that the machine was taken for; null: only the cloud was looked at.'),
  counts: z.strictObject({
    error: z.number(),
    warning: z.number(),
    skipped: z.number(),
    ok: z.number(),
  }),
  findings: z.array(reported),
  fixed: z.array(z.string()).describe('What --fix did, or with --dry-run would do; the findings are those after it.'),
  dryRun: z.boolean(),
});

const plannedFile = z.strictObject({
  path: z.string().describe('Relative to the folder of the run, where it lies below it.'),
  mode: z.string().describe('Octal, as `ls` and `chmod` write it.'),
  what: z.string(),
});

const endAccount = z.strictObject({
  device: z.string(),
  dialect: z.enum(DIALECTS),
  interface: z.enum(['xfrm', 'vti', 'tun', 'policy']),
  address: z.string(),
  id: z.string(),
  inside: z.string(),
});

const tunnelAccount = z.strictObject({
  name: z.string(),
  mode: z.enum(['policy', 'route']),
  crypto: z.enum(['legacy', 'modern', 'cnsa']),
  cloud: endAccount,
  onprem: endAccount,
  mtu: z.number(),
  mss: z.number(),
  sum: z.string().describe('The arithmetic behind `mtu` and `mss`.'),
});

const initResult = z.strictObject({
  site: z.string(),
  written: z.boolean(),
  files: z.array(plannedFile),
  tunnels: z.array(tunnelAccount),
  warnings: z.array(z.string()),
  nextSteps: z.array(z.string()).describe('What to do, in this order.'),
  applied: procedure.nullable().describe('What was done in the cloud, or would be; null without --apply.'),
});

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

const fileAccount = z.strictObject({
  device: z.string(),
  dialect: z.enum(DIALECTS),
  path: z.string(),
  what: z.string(),
  mode: z.string().describe('Octal, as `ls` and `chmod` write it.'),
  state: z.enum(['new', 'changed', 'same']),
});

const renderResult = z.strictObject({
  out: z.string(),
  written: z.boolean(),
  tunnels: z.array(tunnelAccount),
  files: z.array(
    fileAccount.extend({ diff: z.string().optional().describe('With --diff: unified; empty where nothing changes.') }),
  ),
  warnings: z.array(z.string()),
});

const daemon = z.strictObject({
  uri: z.string(),
  version: z.string().nullish(),
  log: z.string().nullish(),
});

const logFailure = z.strictObject({
  phase: z
    .enum(['IKE', 'ESP'])
    .nullish()
    .describe(
      "`IKE` or `ESP`: which of the two negotiations it was; undefined where the log's lines can't be tied together.",
    ),
  connection: z
    .string()
    .nullish()
    .describe("Names of the connection and the peer's address, where the log tells them."),
  peer: z.string().nullish(),
  logTime: z.string().nullish().describe('The time as the log prints it.'),
  line: z.string().describe("charon's own words, and both proposal lists where it printed them."),
  details: z.array(z.string()),
  recovered: z.boolean().describe('A child SA of the same connection came up after it.'),
  title: z.string(),
  id: z.string(),
  case: z.enum([
    'case 1: the tunnel does not come up (reachability, UDP 500 and 4500, then the parameters of both ends)',
    'case 2: the tunnel is up but nothing passes (forwarding, security group, routes)',
    'case 3: NAT in the way (exempt tunnel traffic from NAT)',
  ]),
  next: z.string(),
  why: z.string(),
});

const tunnelEnd = z.strictObject({
  host: z
    .string()
    .nullish()
    .describe('Address in use, or as configured (`%any` when open); undefined when charon says none.'),
  port: z.number().nullish(),
  id: z.string().nullish(),
  networks: z.array(z.string()).describe('Selectors: what of this side is carried.'),
});

const traffic = z.strictObject({
  bytes: z.number(),
  packets: z.number(),
  lastAgeSeconds: z
    .number()
    .nullish()
    .describe("Seconds since the last packet; undefined when none was seen, or the kernel doesn't say."),
});

const tunnel = z.strictObject({
  uri: z.string(),
  esp: z
    .enum(['kernel', 'userspace'])
    .describe('Where ESP is done: in the kernel, or by charon itself (kernel-libipsec).'),
  hint: z.string().nullish(),
  failure: logFailure.nullish(),
  name: z.string().describe("The connection's name, or `connection/child` where a connection has several children."),
  connection: z.string(),
  child: z.string(),
  state: z.enum(['established', 'ike-only', 'connecting', 'down']),
  configured: z
    .boolean()
    .describe("false: an SA lives on, but its connection is no longer loaded; it won't come back after a loss."),
  ikeVersion: z.string().nullish(),
  ikeState: z.string().nullish(),
  initiator: z.boolean().nullish(),
  local: tunnelEnd,
  remote: tunnelEnd,
  natT: z.boolean(),
  behindNat: z
    .strictObject({
      local: z.boolean(),
      remote: z.boolean(),
    })
    .describe('Which ends sit behind NAT, as the IKE hashes tell (RFC 7296 §2.23).'),
  ikeProposal: z.string().nullish(),
  espProposal: z.string().nullish(),
  encapsulation: z.enum(['udp', 'none']).nullish(),
  ikeEstablishedForSeconds: z.number().nullish(),
  establishedForSeconds: z.number().nullish(),
  rekeyInSeconds: z.number().nullish(),
  ikeRekeyInSeconds: z.number().nullish(),
  reauthInSeconds: z.number().nullish(),
  expiresInSeconds: z.number().nullish(),
  in: traffic.nullish(),
  out: traffic.nullish(),
  ikeSas: z
    .number()
    .describe(
      'Live IKE SAs and ESP pairs of this tunnel; more than one outside a rekey means that both ends initiate.',
    ),
  childSas: z.number(),
});

const result = z.strictObject({
  established: z.number(),
  total: z.number(),
  daemons: z.array(daemon),
  tunnels: z.array(tunnel),
  failures: z.array(logFailure).describe('Failures that the log ties to no tunnel of ours.'),
});

const amount = z.strictObject({
  bytes: z.number(),
  packets: z.number(),
});

const flow = z.strictObject({
  inRate: z.number().nullable().describe('bit/s; null where no time has passed.'),
  outRate: z.number().nullable(),
  of: z.string(),
  in: amount,
  out: amount,
});

const trafficSample = z.strictObject({
  at: moment.describe('the end of the sample'),
  elapsedMs: z.number(),
  tunnels: z.array(
    z.strictObject({
      inRate: z.number().nullable().describe('bit/s; null where no time has passed.'),
      outRate: z.number().nullable(),
      of: z.string(),
      in: amount,
      out: amount,
      state: z.enum(['established', 'ike-only', 'connecting', 'down']),
    }),
  ),
  interfaces: z.array(flow),
});

const certificate = z.strictObject({
  device: z.string(),
  state: z.enum(['good', 'expiring', 'expired', 'revoked', 'absent', 'other']),
  serial: z.string().nullable(),
  expires: moment.nullable(),
  daysLeft: z.number(),
  addresses: z.array(z.string()),
  key: z.string().nullable(),
  why: z.array(z.string()).describe('Why it is not good.'),
});

export const vpnPkiStatus = z.strictObject({
  site: z.string(),
  folder: z.string(),
  authority: z.strictObject({ serial: z.string(), expires: moment }).nullable(),
  revoked: z.array(z.strictObject({ serial: z.string(), device: z.string() })).describe('Those that have not expired.'),
  certificates: z.array(certificate),
  published: z.boolean(),
});

export const vpnDoctor = diagnosis;

export const vpnInit = initResult;

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

export const vpnRender = renderResult;

export const vpnStatus = result;

/** Each line. */
export const vpnTraffic = trafficSample.extend({ kind: z.literal('traffic') });
