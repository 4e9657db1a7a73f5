import * as z from 'zod';
import { share, table } from '../json.ts';

const labEndpoint = z.strictObject({
  endpoint: z.string(),
  faults: z.record(
    z.string(),
    z.strictObject({
      delay_ms: z
        .number()
        .optional()
        .describe('Held this long before the call is applied; a client that gives up does not take it back.'),
      jitter_ms: z.number().optional().describe('Up to this much more, evenly spread.'),
      stale_ms: z
        .number()
        .optional()
        .describe(
          'Reads answer with the state of this long ago, and writes refuse ids that are younger. At most a minute is kept.',
        ),
      break: z.enum(['entries', 'error', 'drop', 'drop-after', 'html', 'garbage', 'half']).optional(),
      times: z.number().optional().describe('The next N calls break, then it is over.'),
      fraction: z.number().optional().describe('This part of the calls breaks. Default: all.'),
      code: z.string().optional().describe('For `error`.'),
      message: z.string().optional(),
      status: z.number().optional(),
      bucket: z
        .strictObject({
          size: z.number(),
          perSecond: z.number(),
        })
        .optional()
        .describe("In place of EC2's own request limit."),
    }),
  ),
});

const holding = z.strictObject({
  kind: z.string(),
  id: z.string(),
  what: z.string(),
});

const listening = z.strictObject({
  url: z.string(),
  cloud: z.enum(['aws', 'aliyun']),
  variables: z
    .record(z.string(), z.string())
    .describe('Environment variables by which hybridctl, the SDKs and the AWS CLI find the endpoint.'),
  unset: z
    .array(z.string())
    .describe('Variables that would lead them elsewhere, or to a key that this endpoint does not know.'),
  holdings: z.array(holding),
});

const filter = z.strictObject({
  node: z.string(),
  dev: z.string(),
  rules: z.array(z.string()).describe('Statements of nft, one rule each.'),
});

const cut = z.strictObject({
  id: z.string().describe("Part of a table's name and of a file's."),
  what: z.string(),
  kind: z.enum(['down', 'blackhole', 'loss', 'esp', 'udp4500', 'udp500', 'large', 'kill', 'hang']),
  direction: z.enum(['out', 'in', 'both']),
  loss: share.optional(),
  filters: z.array(filter),
  down: z
    .array(
      z.strictObject({
        node: z.string(),
        dev: z.string(),
      }),
    )
    .describe(
      "Devices taken down, never one of the VPC router: its routes are the cloud's, not to be lost with a link.",
    ),
  boxes: z.array(z.string()).describe('Nodes whose charon is killed or stopped.'),
});

const result = z.strictObject({
  lab: z.string(),
  removed: z.boolean(),
  namespaces: z.array(z.string()),
  devices: z.array(z.string()),
  processes: z.array(z.number()),
  folder: z.boolean(),
});

const bgpState = z.strictObject({
  link: z.string(),
  state: z.string(),
  prefixes: z.number(),
});

const kernel = z.strictObject({
  esp: z.boolean(),
  xfrm: z.boolean().describe('It has XFRM interfaces.'),
  vti: z.boolean(),
  netem: z.boolean(),
  where: z.enum(['host', 'uml']),
  release: z.string(),
});

const running = z.strictObject({
  lab: z.string(),
  site: z.string(),
  endpoint: z.string().optional().describe("For AWS_ENDPOINT_URL; undefined when the lab's own process is gone."),
  kernel: kernel
    .optional()
    .describe('Of the gateways and routers, found by trying; absent: an older version built the lab.'),
  nodes: z.array(
    z.strictObject({
      name: z.string(),
      role: z.enum(['host', 'vpc', 'vgw', 'lan', 'gateway', 'router', 'monitor', 'app', 'inet']),
      addresses: z.array(z.string()),
    }),
  ),
  tunnels: z
    .array(
      z.strictObject({
        name: z.string(),
        gateway: z.string(),
        router: z.string(),
        state: z.enum(['established', 'ike-only', 'connecting', 'down']).optional(),
        esp: z.enum(['kernel', 'userspace']),
      }),
    )
    .describe('`state` is undefined where charon does not answer.'),
  bgp: z.array(bgpState),
  routes: z
    .array(
      z.strictObject({
        table,
        destination: z.string(),
        to: z.string(),
      }),
    )
    .describe('As the kernel of the VPC router has them.'),
  cuts: z.array(
    z.strictObject({
      what: z.string(),
      kind: z.string(),
      direction: z.string(),
      loss: share.optional(),
    }),
  ),
  notes: z.array(z.string()),
});

const result2 = z.strictObject({
  lab: z.string(),
  fresh: z.boolean(),
  tookMs: z.number(),
  endpoint: z.string(),
  page: z.string().describe("The line of a shell that serves the lab's live page."),
  nodes: z.array(z.string()),
  links: z.array(z.string()),
  host: z.string(),
  esp: z.record(z.string(), z.enum(['kernel', 'userspace'])),
  notes: z.array(z.string()),
});

export const labCloud = z.union([labEndpoint, listening]);

export const labCut = cut;

export const labDown = result;

export const labExec = z.strictObject({
  exitCode: z.number(),
});

export const labHeal = z.strictObject({
  healed: z.array(
    z.strictObject({
      what: z.string(),
      kind: z.enum(['down', 'blackhole', 'loss', 'esp', 'udp4500', 'udp500', 'large', 'kill', 'hang']),
      direction: z.enum(['out', 'in', 'both']),
    }),
  ),
});

export const labServe = z.strictObject({});

export const labStatus = running;

export const labUp = result2;
