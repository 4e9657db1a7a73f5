import { DEFAULT_TIMING, policyOf } from '../domain/failover/policy.ts';
import type { Policy } from '../domain/failover/types.ts';
import type { Profile } from '../domain/health/profiles.ts';
import { linkTargets } from '../domain/routes.ts';
import type { Site, SiteRouteTable } from '../domain/site.ts';

export interface PolicyOptions {
  readonly profile: Profile;
  /** The gateway instance we run on: peer mode. */
  readonly self: string | undefined;
  /** Whether dead gateways are stopped and started. */
  readonly heal: boolean;
}

/**
 * A reply counts as recent for two of these, ms. Not less than 50: on a busy machine a 20 ms prober reads its replies
 * that late, and a standby must not look deaf for it at the very moment it is needed.
 */
const SHORTEST_PROBE_MS = 50;

/**
 * The site as the decision needs it, timed by the profile.
 *
 * In peer mode two gateways watch each other: each manages the route tables that prefer another gateway than its own,
 * so every table has one writer without a lease in common. Neither heals there. What makes a stop safe is that no route
 * points at the gateway when it goes, and here that can't be known: the peer writes the other tables by its own lights.
 * Cut off from us and alive, it may take one over between our last read and our stop; it would then die carrying, and
 * nobody left alive manages that table. The lease file can't be the lease in common, on a network share neither: a host
 * that dies while it holds the file's lock leaves it locked, in the very case that healing is for.
 */
export const monitorPolicy = (site: Site, { profile, self, heal }: PolicyOptions): Policy => {
  const whole = policyOf(site, { ...DEFAULT_TIMING, probeMs: Math.max(SHORTEST_PROBE_MS, profile.tauMs) }, self);
  if (self === undefined) return heal ? whole : { ...whole, gateways: [] };
  const others = tablesOfOthers(site, self).map(({ id }) => id);
  return { ...whole, gateways: [], routes: whole.routes.filter(({ table }) => others.includes(table)) };
};

/** Said where --self leaves no table to manage. */
export const NOTHING_TO_WATCH = 'no route table prefers another gateway than this one: there is nothing to watch';

/** The route tables whose first choice is another way than through this gateway. */
export const tablesOfOthers = (site: Site, self: string): readonly SiteRouteTable[] => {
  const links = linkTargets(site);
  return site.route_tables.filter((table) => links.find(({ name }) => name === table.links[0])?.instance !== self);
};
