import { incidentData } from '../monitor/history.ts';
import { verdict, type Picture } from './picture.ts';

/** A moment in ms since the epoch, as ISO 8601. */
const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

/** For scripts: what a person sees, less the plots. */
export const asData = (picture: Picture) => ({
  ...picture,
  at: iso(picture.at),
  watcher:
    picture.watcher.kind === 'nobody'
      ? picture.watcher
      : { ...picture.watcher, startedAt: isoOrNull(picture.watcher.startedAt) },
  links: picture.links.map((link) => ({
    ...link,
    since: isoOrNull(link.since),
    last: link.last === null ? null : { ...link.last, at: iso(link.last.at) },
  })),
  incidents: picture.incidents.map((incident) =>
    incidentData(incident, (id) => picture.routes.find(({ table }) => table === id)?.name),
  ),
  routes: picture.routes.map(({ table, at, ...route }) => ({
    ...route,
    link: at,
    table: { id: table, name: route.name },
    since: isoOrNull(route.since),
  })),
  verdict: verdict(picture),
});
