import { DEFAULT_TIMING, policyOf } from '../domain/failover/policy.ts';
import type { Policy } from '../domain/failover/types.ts';
import type { Profile } from '../domain/health/profiles.ts';
import { linkTargets } from '../domain/routes.ts';
import type { Site } from '../domain/site.ts';

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
 * In peer mode two gateways watch each other: each manages the route tables that prefer another gateway than its own, so
 * every table has one writer without a lease in common. Neither heals there: cut off from each other, with both tunnels
 * alive, they would stop each other.
 */
export const monitorPolicy = (site: Site, { profile, self, heal }: PolicyOptions): Policy => {
  const whole = policyOf(site, { ...DEFAULT_TIMING, probeMs: Math.max(SHORTEST_PROBE_MS, profile.tauMs) }, self);
  if (self === undefined) return heal ? whole : { ...whole, gateways: [] };
  const links = linkTargets(site);
  const mine = (name: string | undefined): boolean => links.find((link) => link.name === name)?.instance === self;
  return { ...whole, gateways: [], routes: whole.routes.filter(({ order }) => !mine(order[0])) };
};
