import { defineCommand } from '../../lib/core/define.ts';
import { openLab } from '../../lib/lab/state.ts';
import { statusOf } from '../../lib/lab/status.ts';
import { requireTools } from '../../lib/lab/tools.ts';
import { NAME } from './flags.ts';

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
    return { result: await statusOf(ports, await openLab(ports.files, name)) };
  },

  human({ endpoint, nodes, tunnels, bgp, routes, cuts, notes }, style) {
    const state = (good: boolean, word: string): string => (good ? style.good(word) : style.bad(word));
    const section = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
      rows.length === 0 ? [] : ['', style.table(head, rows)];
    return [
      endpoint === undefined
        ? style.bad("the lab's own process is gone: run lab down, then lab up")
        : `endpoint ${endpoint}`,
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
