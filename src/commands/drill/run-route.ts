import { EXIT, type ExitCode } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { DEFAULT_BUDGET, profileOf } from '../../lib/domain/health/profiles.ts';
import { routePageOf } from '../../lib/drill/page.ts';
import { readLeft } from '../../lib/drill/route-record.ts';
import type { RouteDrillReport } from '../../lib/drill/route-report.ts';
import { watchRoutes, type Watching } from '../../lib/drill/route-stream.ts';
import { watchedBy } from '../../lib/monitor/watch.ts';
import { absolute } from '../../lib/site/file.ts';
import { confirm, sayPlan } from '../route/move.ts';
import { findPlace, type Place, type RouteDrillOptions } from './place.ts';
import { play } from './play.ts';
import { refuseUnready, rehearse, type Rehearsal } from './rehearse.ts';
import { returnLeft, type Returned } from './return-left.ts';

/** Long enough for a link that loses packets to be suspected: twenty probes at the default pace. */
const WARM_MS = 2_000;

type Ran<T> = Promise<{ readonly result: T; readonly exit: ExitCode }>;

/** First what an earlier drill has left, then this one. */
export const runRouteDrill = async (options: RouteDrillOptions, ports: Ports): Ran<RouteDrillReport | Returned> => {
  const place = await findPlace(options, ports);
  const left = await readLeft(place.record);
  if (options.giveBack || left !== undefined) {
    const returned = await returnLeft(options, place, left, ports);
    if (options.giveBack || options.dryRun || returned.exit !== EXIT.ok) return returned;
  }
  const rehearsal = await rehearse(options, place, ports);
  sayPlan(rehearsal.opened, rehearsal.steps, ports);
  for (const note of rehearsal.notes) ports.progress(`note: ${note}`);
  return drillOn(options, place, rehearsal, ports);
};

/** The stream and the probes run from before the question until after the return. */
const drillOn = async (
  options: RouteDrillOptions,
  place: Place,
  rehearsal: Rehearsal,
  ports: Ports,
): Ran<RouteDrillReport> => {
  const { intervalMs, target, dryRun, stayMs } = options;
  const profile = profileOf('default', place.site.monitor?.budget ?? DEFAULT_BUDGET);
  const all = watchedBy(place.site, profile);
  const links = all.watched.links.filter(({ link }) => rehearsal.standby.includes(link));
  const probes = all.probes.filter(({ id }) => links.some((link) => link.probes.includes(id)));
  const now = (): number => performance.now();
  const begunAt = now();
  const watching = watchRoutes(await ports.prober(), {
    stream: { id: 'stream', kind: 'icmp', address: target, intervalMs },
    probes,
    watched: { links, canaries: [] },
    profile,
    now,
  });
  try {
    await ports.clock.sleep(WARM_MS, ports.signal);
    refuseUnready(options, rehearsal, watching, now());
    ports.progress(
      `${rehearsal.standby.join(', ')} ${rehearsal.standby.length === 1 ? 'carries' : 'carry'}, ${target} answers`,
    );
    if (dryRun) return { result: planned(options, rehearsal, watching, ports), exit: EXIT.ok };
    await confirm(`Move there, and back after ${stayMs / 1_000} s, in ${rehearsal.opened.region}?`, options, ports);
    // A person may have thought about it for an hour.
    refuseUnready(options, rehearsal, watching, now());
    const outcome = await play(options, place, rehearsal, watching, begunAt, ports);
    return { ...outcome, result: await keep(outcome.result, options, ports) };
  } finally {
    await watching.stop();
  }
};

/** A page that can't be written must not hide what the drill found. */
const keep = async (
  result: RouteDrillReport,
  { report }: RouteDrillOptions,
  { files, cwd }: Ports,
): Promise<RouteDrillReport> => {
  if (report === undefined) return result;
  try {
    await files.write([{ path: absolute(cwd, report), content: routePageOf(result), mode: 0o644 }]);
    return result;
  } catch (error) {
    return {
      ...result,
      notes: [...result.notes, `no page: ${error instanceof Error ? error.message : String(error)}`],
    };
  }
};

const planned = (
  { target, intervalMs, stayMs }: RouteDrillOptions,
  { opened, steps, routes, standby, notes }: Rehearsal,
  watching: Watching,
  { clock }: Ports,
): RouteDrillReport => ({
  site: opened.site.site,
  region: opened.region,
  target,
  startedAt: new Date(clock.now()).toISOString(),
  tookMs: 0,
  intervalMs,
  stayMs,
  ended: 'planned',
  passed: true,
  problems: [],
  notes,
  routes: routes.map(({ table, destination, home, to }, index) => ({
    table,
    name: steps[index]!.entry.name,
    destination,
    from: home,
    to,
    out: null,
    back: null,
  })),
  standby: standby.map((link) => ({ link, why: watching.verdict(link)!.why })),
  gapMs: { out: null, away: null, back: null },
  stream: watching.counts(),
  stranded: [],
  next: null,
  lanes: [],
  story: [],
});
