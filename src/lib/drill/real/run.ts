import { EXIT, type ExitCode } from '../../core/errors.ts';
import type { Ports } from '../../core/ports.ts';
import { DEFAULT_BUDGET, profileOf } from '../../domain/health/profiles.ts';
import { routePageOf } from '../page.ts';
import { readLeft } from './record.ts';
import type { RouteDrillReport } from './report.ts';
import { watchRoutes, type Watching } from './stream.ts';
import { watchedBy } from '../../monitor/watch.ts';
import { absolute } from '../../site/file.ts';
import { planLines } from '../../routes/plan.ts';
import { openContext, type DrillContext, type RouteDrillOptions } from './context.ts';
import { moveAway } from './away.ts';
import { refuseUnready, checkFirst, type Preflight } from './preflight.ts';
import { returnLeft, type Returned } from './recover.ts';

/** Long enough for a link that loses packets to be suspected: twenty probes at the default pace. */
const WARM_MS = 2_000;

type Ran<T> = Promise<{ readonly result: T; readonly exit: ExitCode }>;

/** First what an earlier drill has left, then this one. */
export const runRouteDrill = async (options: RouteDrillOptions, ports: Ports): Ran<RouteDrillReport | Returned> => {
  const context = await openContext(options, ports);
  const left = await readLeft(context.record);
  if (options.giveBack || left !== undefined) {
    const returned = await returnLeft(options, context, left, ports);
    if (options.giveBack || options.dryRun || returned.exit !== EXIT.ok) return returned;
  }
  const preflight = await checkFirst(options, context, ports);
  planLines(preflight.opened, preflight.steps).forEach((line) => ports.progress(line));
  for (const note of preflight.notes) ports.progress(`note: ${note}`);
  return drillOn(options, context, preflight, ports);
};

/** The stream and the probes run from before the question until after the return. */
const drillOn = async (
  options: RouteDrillOptions,
  context: DrillContext,
  preflight: Preflight,
  ports: Ports,
): Ran<RouteDrillReport> => {
  const { intervalMs, target, dryRun, stayMs } = options;
  const profile = profileOf('default', context.site.monitor?.budget ?? DEFAULT_BUDGET);
  const all = watchedBy(context.site, profile);
  const links = all.watched.links.filter(({ link }) => preflight.standby.includes(link));
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
    refuseUnready(options, preflight, watching, now());
    ports.progress(
      `${preflight.standby.join(', ')} ${preflight.standby.length === 1 ? 'carries' : 'carry'}, ${target} answers`,
    );
    if (dryRun) return { result: planned(options, preflight, watching, ports), exit: EXIT.ok };
    await options.confirm(`Move there, and back after ${stayMs / 1_000} s, in ${preflight.opened.region}?`);
    // A person may have thought about it for an hour.
    refuseUnready(options, preflight, watching, now());
    const outcome = await moveAway(options, context, preflight, watching, begunAt, ports);
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
  { opened, steps, routes, standby, notes }: Preflight,
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
