import { starting } from '../cisco.ts';
import type { Block, Finding, Parsed, Rule } from '../types.ts';

interface StaticRoute {
  readonly line: number;
  readonly network: string;
  readonly tunnel: string | undefined;
  readonly track: string | undefined;
  readonly tag: string | undefined;
}

/** `ip route [vrf NAME] NETWORK MASK [INTERFACE] [GATEWAY] … [tag N] [track N]`. */
const staticRoutes = (file: Parsed): readonly StaticRoute[] =>
  starting(file.blocks, /^ip route (?:vrf \S+ )?[\d.]+ [\d.]+ /).map(({ line, words }) => {
    const at = words[2] === 'vrf' ? 4 : 2;
    const after = (word: string): string | undefined =>
      words.includes(word) ? words[words.indexOf(word) + 1] : undefined;
    const hop = words[at + 2]!;
    return {
      line,
      network: words[at]!,
      tunnel: /^Tunnel/i.test(hop) ? hop : undefined,
      track: after('track'),
      tag: after('tag'),
    };
  });

/** An SLA probe in its three spellings: `ip sla 1`, `ip sla monitor 1` (before 12.4(4)T), `rtr 1` (before 12.3(14)T). */
const SLA = /^(?:ip sla(?: monitor)?|rtr) (\d+)$/;
const SLA_SCHEDULE = /^(?:ip sla(?: monitor)?|rtr) schedule (\d+)/;
const slas = (file: Parsed): readonly { readonly id: string; readonly block: Block }[] =>
  file.blocks.flatMap((block) => {
    const id = SLA.exec(block.text)?.[1];
    return id === undefined ? [] : [{ id, block }];
  });
const schedules = (file: Parsed): readonly { readonly id: string; readonly block: Block }[] =>
  file.blocks.flatMap((block) => {
    const id = SLA_SCHEDULE.exec(block.text)?.[1];
    return id === undefined ? [] : [{ id, block }];
  });

/** OSPF and BGP keep a static default route to themselves unless told otherwise; EIGRP sends it. */
const sendsDefault = (router: string, children: readonly Block[]): boolean =>
  router.startsWith('router eigrp') || children.some(({ text }) => text.startsWith('default-information originate'));

/** What keeps a route in step with its tunnel: tracking, probes, and what the IGP is told. */
export const iosRouteRules: readonly Rule[] = [
  {
    id: 'route-untracked',
    kinds: ['ios'],
    severity: 'warning',
    title: 'a static route into a tunnel without track',
    source: 'field document "BJS VPN": the route must leave when the tunnel dies',
    check: (file) =>
      staticRoutes(file)
        .filter(({ tunnel, track }) => tunnel !== undefined && track === undefined)
        .map(({ line, network, tunnel }) => ({
          line,
          message: `the route to ${network} stays when ${tunnel} is dead`,
          fix: 'add "track N", tracking an ip sla through the tunnel',
        })),
  },
  {
    id: 'track-undefined',
    kinds: ['ios'],
    severity: 'error',
    title: 'a track or SLA that is not there',
    source: 'Cisco "ip sla", "track": a route tracking nothing is down',
    check: (file) => {
      const tracks = new Set(starting(file.blocks, /^track \d+ /).map(({ words }) => words[1]));
      const defined = new Set(slas(file).map(({ id }) => id));
      const scheduled = new Set(schedules(file).map(({ id }) => id));
      return [
        ...staticRoutes(file)
          .filter(({ track }) => track !== undefined && !tracks.has(track))
          .map(({ line, track }) => ({
            line,
            message: `track ${track} is not defined`,
            fix: 'define it: "track N ip sla M reachability"',
          })),
        ...starting(file.blocks, /^track \d+ (?:ip sla|rtr) \d+/).flatMap(({ line, text }): readonly Finding[] => {
          const id = /(?:sla|rtr) (\d+)/.exec(text)![1]!;
          return defined.has(id)
            ? []
            : [{ line, message: `ip sla ${id} is not defined`, fix: 'define it: "ip sla M" with icmp-echo' }];
        }),
        ...slas(file)
          .filter(({ id }) => !scheduled.has(id))
          .map(({ id, block: { line, text } }) => ({
            line,
            message: `${text} is never scheduled: it does not probe`,
            fix: `add "${text.replace(/ \d+$/, '')} schedule ${id} life forever start-time now"`,
          })),
      ];
    },
  },
  {
    id: 'sla-life',
    kinds: ['ios'],
    severity: 'warning',
    title: 'the probe stops after an hour',
    source: 'Cisco "ip sla schedule": life is 3600 s by default',
    check: (file) =>
      schedules(file)
        .filter(({ block }) => !block.text.includes('life forever'))
        .map(({ id, block: { line } }) => ({
          line,
          message: `ip sla ${id} runs for 3600 s, then its route goes`,
          fix: 'add "life forever"',
        })),
  },
  {
    id: 'sla-source',
    kinds: ['ios'],
    severity: 'warning',
    title: 'a probe not bound to its path',
    source: 'a probe must cross the path it judges: else it tells of another one',
    check: (file) =>
      slas(file).flatMap(({ block: { children } }) =>
        children
          .filter(
            ({ text }) =>
              /^(?:icmp-echo|type echo protocol ipIcmpEcho) /.test(text) &&
              !/ source-(?:ip|ipaddr|interface) /.test(text),
          )
          .map(({ line }) => ({
            line,
            message: 'the probe leaves by whatever route there is',
            fix: 'add "source-ip" with the tunnel\'s own address',
          })),
      ),
  },
  {
    id: 'redistribute-filter',
    kinds: ['ios'],
    severity: 'warning',
    title: 'every static route goes into the IGP',
    source: 'field document "BJS VPN": redistribute static through a route-map that matches the tag',
    check: (file) =>
      starting(file.blocks, /^router (?:ospf|eigrp|bgp)/).flatMap(({ children, text }) =>
        children.flatMap(({ text: command, line, words }): readonly Finding[] => {
          if (!command.startsWith('redistribute static')) return [];
          const map = words[words.indexOf('route-map') + 1];
          if (!words.includes('route-map'))
            return [
              {
                line,
                message: sendsDefault(text, children)
                  ? 'redistribute static without a route-map: every static route goes out, the default route too'
                  : 'redistribute static without a route-map: every static route goes out, not only those of the VPN',
                fix: 'match the tag of the VPN routes in a route-map',
              },
            ];
          if (starting(file.blocks, /^route-map /).every(({ words: own }) => own[1] !== map))
            return [
              {
                line,
                message: `route-map ${map} is not defined: everything passes`,
                fix: 'define it with "match tag"',
              },
            ];
          return text.startsWith('router ospf') && !words.includes('subnets')
            ? [{ line, message: 'without "subnets" OSPF takes classful networks only', fix: 'add "subnets"' }]
            : [];
        }),
      ),
  },
  {
    id: 'tag-unmatched',
    kinds: ['ios'],
    severity: 'error',
    title: 'the route-map matches a tag that no route has',
    source: 'field document "BJS VPN": ip route … tag 100, match tag 100',
    check: (file) => {
      const tags = new Set(staticRoutes(file).map(({ tag }) => tag));
      // Only of the map that static routes go through: tags of other protocols' routes are set elsewhere.
      const maps = new Set(
        file.blocks.flatMap(({ children }) =>
          children.flatMap(({ text }) => /^redistribute static .*\broute-map (\S+)/.exec(text)?.[1] ?? []),
        ),
      );
      return starting(file.blocks, /^route-map \S+ permit\b/)
        .filter(({ words }) => maps.has(words[1]!))
        .flatMap(({ children }) =>
          children
            .filter(
              ({ text, words }) => /^match tag [\d ]+$/.test(text) && !words.slice(2).some((tag) => tags.has(tag)),
            )
            .map(({ line, words }) => ({
              line,
              message: `no static route has tag ${words[2]}: nothing reaches the IGP`,
              fix: `add "tag ${words[2]}" to the tunnel's routes`,
            })),
        );
    },
  },
  {
    id: 'return-route',
    kinds: ['ios'],
    severity: 'info',
    title: "the LAN's return route does not follow",
    source:
      'the return route must follow the active path (track and IGP), or half the path is dead while both ends look well',
    check: (file) =>
      file.blocks.some(({ children }) => children.some(({ text }) => text.startsWith('redistribute static')))
        ? []
        : staticRoutes(file)
            .filter(({ tunnel, track }) => tunnel !== undefined && track !== undefined)
            .map(({ line, network }) => ({
              line,
              message: `${network} is tracked here, but no IGP tells the LAN`,
              fix: 'redistribute the route by its tag, or run VRRP/HSRP on the same track',
            })),
  },
];
