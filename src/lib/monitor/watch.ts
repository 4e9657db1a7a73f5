import type { ProbeSpec } from '../core/ports.ts';
import { probePlan } from '../domain/health/probe-plan.ts';
import type { Profile } from '../domain/health/profiles.ts';
import type { Site } from '../domain/site.ts';
import type { Watched } from './observe.ts';

/** The site's probes and which link each judges. A link without probes stays unknown, and no route is ever moved there. */
export const watchedBy = (site: Site, profile: Profile): { readonly probes: readonly ProbeSpec[]; readonly watched: Watched } => {
  const probes = probePlan(site, profile.kind === 'cusum' ? profile : { tauMs: profile.tauMs });
  return { probes, watched: { links: site.links.map(({ name }) => ({ link: name, probes: probes.filter(({ link }) => link === name).map(({ id }) => id) })), canaries: [] } };
};
