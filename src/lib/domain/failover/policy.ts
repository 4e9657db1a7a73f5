import { destinationsOf, linkTargets, sharesTarget, type LinkTarget } from '../routes.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Site } from '../site.ts';
import type { HealableGateway, ManagedRoute, Policy, Timing } from './types.ts';

/**
 * Defaults, ms. Each number names what it prevents. EC2 figures: route reads follow writes within about a second,
 * seldom more ("Eventual consistency", EC2 API reference).
 */
export const DEFAULT_TIMING: Timing = {
  /** Interval of the small probes; "answered lately" means two of them. */
  probeMs: 100,
  /** Between reads while nothing happens: a route moved by hand is seen this late at most. */
  readMs: 10_000,
  /** Between reads while something does: 4 a second stay far below the 20 that EC2 allows. */
  watchMs: 250,
  /** A write follows a read no older than this, or it may overwrite what somebody has just made. */
  freshMs: 2_000,
  /** A read may lag behind a write this long; until then a difference is doubted, not acted on. */
  staleMs: 5_000,
  /** A call that timed out may still take effect this late. */
  lateMs: 60_000,
  /** An action without an answer counts as unclear after this, or one lost answer would hold a route for ever. */
  answerMs: 30_000,
  /** Decisions further apart than this mean we slept (SIGSTOP, a jump of the clock): what we knew is old. */
  gapMs: 1_000,
  /** Between two moves of one route, so that two failing paths can't make it swing with every verdict. */
  minHoldMs: 1_000,
  /**
   * Before the first return; doubles with every relapse up to the second figure (the field documents wait 10 good
   * rounds, 20 s).
   */
  holdFirstMs: 30_000,
  holdMostMs: 900_000,
  /**
   * Good for this long without a death, and a link's next hold-down is the first again. It must be well above
   * `holdMostMs`: forgiven after a few times its own hold-down (150 s after one of 30 s), a link that dies every three
   * minutes would never be held longer, and would carry its traffic there and back 40 times an hour. An hour is also as
   * long as BGP's route flap damping keeps a route away at most by its usual settings (RFC 2439, 4.2).
   */
  forgiveMs: 3_600_000,
  /** No path left for this long before anybody is woken: the standby may just have been between two replies. */
  noPathMs: 2_000,
  /** Longest wait between two tries of a call that fails: the API's return is met within this. */
  backoffMostMs: 5_000,
  /** A gateway is dead this long before it is stopped: charon restarts in less. */
  healAfterMs: 10_000,
  /** Between two looks at an instance. */
  inspectMs: 3_000,
  /** A stop that takes longer is forced (a normal one takes about 60 s). */
  forceMs: 180_000,
  /** A step of healing that takes longer is given up, with an alert. */
  giveUpMs: 600_000,
  /** Rest between two healings in a pool: a gateway that dies again at once needs a person. */
  cooldownMs: 900_000,
};

/** What the site file says, as the decision needs it. @param self the instance we run on, in peer mode. */
export const policyOf = (site: Site, timing: Timing = DEFAULT_TIMING, self?: string): Policy => {
  const single = oneAtATime(site).map(({ tunnels }) =>
    site.links.flatMap((link) => (link.kind === 'vpn' && tunnels.includes(link.tunnel) ? [link.name] : [])),
  );
  return policyWith(site, timing, self, single);
};

/**
 * A box with one tunnel at a time takes about 2 minutes to give a dead peer up (Cisco 220638), and as long for the next
 * one: a gateway that waits for it must not be stopped meanwhile.
 */
const CHANGE_OF_PEER_MS = 300_000;

const policyWith = (
  site: Site,
  timing: Timing,
  self: string | undefined,
  single: readonly (readonly string[])[],
): Policy => ({
  links: linkTargets(site),
  routes: site.route_tables.flatMap((table): ManagedRoute[] =>
    destinationsOf(site, table).map((destination) => ({
      key: `${table.id}|${destination}`,
      table: table.id,
      destination,
      mode: table.mode,
      order: table.links,
    })),
  ),
  gateways: site.gateways.flatMap(({ name, instance }): HealableGateway[] => {
    const tunnels = site.tunnels.filter(({ gateway }) => gateway === name).map((tunnel) => tunnel.name);
    const links = site.links.flatMap((link) =>
      link.kind === 'vpn' && tunnels.includes(link.tunnel) ? [link.name] : [],
    );
    const patient = links.some((link) => single.some((list) => list.includes(link)));
    return instance === undefined || links.length === 0
      ? []
      : [{ instance, pool: site.site, links, ...(patient ? { healAfterMs: CHANGE_OF_PEER_MS } : {}) }];
  }),
  single,
  self,
  timing,
});

/** Links of one route that share a target: the cloud can't choose between them, so they live and die together. */
export interface NextHopGroup {
  /** The most preferred of its links. */
  readonly name: string;
  readonly links: readonly LinkTarget[];
  /** Not in the table's order: traffic may be found there, but is never sent there. */
  readonly listed: boolean;
}

const memo = new WeakMap<Policy, ReadonlyMap<string, readonly NextHopGroup[]>>();

/** Next-hop groups by route key, in order of preference. Computed once a policy. */
export const nextHopGroupsOf = (policy: Policy): ReadonlyMap<string, readonly NextHopGroup[]> => {
  const known = memo.get(policy);
  if (known !== undefined) return known;
  // Routes of one order share the very same list: what is known of its groups is then computed once a decision.
  const byOrder = new Map<string, readonly NextHopGroup[]>();
  const groupsIn = (order: readonly string[]): readonly NextHopGroup[] => {
    const name = order.join(' ');
    const groups = byOrder.get(name) ?? groupByTarget(order, policy.links);
    byOrder.set(name, groups);
    return groups;
  };
  const groups = new Map(policy.routes.map((route) => [route.key, groupsIn(route.order)]));
  memo.set(policy, groups);
  return groups;
};

const groupByTarget = (order: readonly string[], links: readonly LinkTarget[]): readonly NextHopGroup[] => {
  const listed = order.flatMap((name) => links.filter((link) => link.name === name));
  const groups: { name: string; links: LinkTarget[]; listed: boolean }[] = [];
  for (const link of [...listed, ...links.filter((other) => !listed.includes(other))]) {
    const same = groups.find((group) => sharesTarget(group.links[0]!, link));
    if (same === undefined) groups.push({ name: link.name, links: [link], listed: listed.includes(link) });
    else same.links.push(link);
  }
  return groups;
};
