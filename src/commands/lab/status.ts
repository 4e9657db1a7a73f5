import { defineCommand } from '../../lib/core/define.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { labPorts } from '../../lib/lab/guest/shell.ts';
import { openLab } from '../../lib/lab/state.ts';
import { statusOf } from '../../lib/lab/status.ts';
import type { KernelRecord } from '../../lib/lab/state.ts';
import { requireTools } from '../../lib/lab/tools.ts';
import { NAME } from './flags.ts';

const WHERE = { host: "this machine's own", uml: 'a user-mode Linux beside it' } as const;

/** Which kernel carries ESP, and what it has. */
const kernelLine = ({ where, release, esp, vti, xfrm, netem }: KernelRecord): string => {
  const has = [
    [esp, 'ESP'],
    [vti, 'VTI'],
    [xfrm, 'XFRM interfaces'],
    [netem, 'netem'],
  ] as const;
  const words = (wanted: boolean): string =>
    has.flatMap(([there, name]) => (there === wanted ? [name] : [])).join(', ');
  const parts = [
    [words(true), 'with'],
    [words(false), 'without'],
  ].flatMap(([names, word]) => (names === '' ? [] : [`${word} ${names}`]));
  return `kernel   of the gateways and routers: ${release} (${WHERE[where]}), ${parts.join('; ')}`;
};

export const status = defineCommand({
  path: 'lab status',
  summary: 'show nodes, tunnels, BGP, routes and active faults',
  details: "Tunnels are asked over VICI, BGP sessions from FRR, routes from the VPC router's kernel.",
  flags: { name: NAME },
  examples: [
    { line: 'sudo hybridctl lab status', why: 'everything about the lab "hyb"' },
    { line: 'sudo hybridctl lab status --json | jq .routes', why: 'where the VPC routes really go' },
  ],

  async run({ name }, ports) {
    await requireTools(ports);
    const lab = await openLab(ports.files, name);
    return { result: await statusOf(labPorts(ports, lab.record), lab) };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).labStatus),
  data: ({ routes, ...result }) => ({
    ...result,
    routes: routes.map(({ id, table: name, ...route }) => ({ ...route, table: { id, name } })),
  }),
  human({ endpoint, kernel, nodes, tunnels, bgp, routes, cuts, notes }, style) {
    const state = (good: boolean, word: string): string => (good ? style.good(word) : style.bad(word));
    const section = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
      rows.length === 0 ? [] : ['', style.table(head, rows)];
    return [
      endpoint === undefined
        ? style.bad("the lab's own process is gone: run lab down, then lab up")
        : `endpoint ${endpoint}`,
      ...(kernel === undefined ? [] : [kernelLine(kernel)]),
      ...notes.map((note) => style.warn(note)),
      ...section(
        ['node', 'role', 'addresses'],
        nodes.map(({ name, role, addresses }) => [name, role, addresses.join(' ')]),
      ),
      ...section(
        ['tunnel', 'gateway', 'router', 'esp', 'state'],
        tunnels.map(({ name, gateway, router, esp, state: now }) => [
          name,
          gateway,
          router,
          esp,
          state(now === 'established', now ?? 'charon does not answer'),
        ]),
      ),
      ...section(
        ['direct connect', 'bgp', 'prefixes'],
        bgp.map(({ link, state: now, prefixes }) => [link, state(now === 'Established', now), String(prefixes)]),
      ),
      ...section(
        ['table', 'destination', 'goes to'],
        routes.map(({ table, destination, to }) => [table, destination, to === 'blackhole' ? style.bad(to) : to]),
      ),
      ...section(
        ['cut', 'kind', 'direction'],
        cuts.map(({ what, kind, direction, loss }) => [
          what,
          style.warn(loss === undefined ? kind : `${kind} ${loss * 100}%`),
          direction,
        ]),
      ),
    ].join('\n');
  },
});
