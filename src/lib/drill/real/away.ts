import { EXIT, type ExitCode } from '../../core/errors.ts';
import type { Ports } from '../../core/ports.ts';
import { begin, finish } from './record.ts';
import {
  gapsOf,
  lanesOf,
  type DrilledRoute,
  type Leg,
  type Marks,
  type RouteDrillEnd,
  type RouteDrillReport,
} from './report.ts';
import { guard, LOOK_MS } from './guard.ts';
import type { Watching } from './stream.ts';
import { editPins } from '../../monitor/pins.ts';
import { applyAll } from '../../routes/apply.ts';
import { giveBack, keyOf, legOf, strandedText, type GivenBack } from './return.ts';
import type { DrillContext, RouteDrillOptions } from './context.ts';
import type { Preflight } from './preflight.ts';

/** What comes right after the return is still in the picture; a path's first answers take a round trip. */
const TAIL_MS = 500;

/**
 * Out, wait, and back. From the first write on nothing but a kill keeps it from going back: not Ctrl-C, not a silent
 * stream, not a write that fails, not a fault of ours.
 *
 * A monitor and a drill would be two writers. Two ways were open: to let the monitor move by pins alone, or to move
 * ourselves. We do both: the pins make a monitor want what the drill wants, whether it runs now or is started in the
 * middle, and the drill writes by itself, since a hung monitor must not keep a route away, and since only the drill
 * knows the exact form to come back to (a monitor leaves a static route where nothing is propagated). Both write
 * towards the same link, and a write that finds the other's done reads again and is content.
 */
export const moveAway = async (
  options: RouteDrillOptions,
  context: DrillContext,
  { opened, steps, routes, standby, notes }: Preflight,
  watching: Watching,
  begunAt: number,
  ports: Ports,
): Promise<{ result: RouteDrillReport; exit: ExitCode }> => {
  const { clock, progress } = ports;
  const now = (): number => performance.now();
  const startedAt = clock.now();
  const verdicts = standby.map((link) => ({ link, why: watching.verdict(link)!.why }));
  const diary: { at: number; line: string }[] = [];
  const tell = (line: string): void => {
    diary.push({ at: now(), line });
    progress(line);
  };
  const { silentMs } = watching;
  const unguarded: Ports = { ...ports, signal: new AbortController().signal };
  const watch = guard(watching, options.maxGapMs, ports);
  const out = new Map<string, Leg>();
  const problems: string[] = [];
  let stayed = false;
  let outAt: number | undefined;
  let awayAt: number | undefined;

  await begin(context.record, {
    startedAt: new Date(startedAt).toISOString(),
    region: opened.region,
    profile: options.profile ?? null,
    routes,
  });
  try {
    await editPins(ports, context.pins, (pins) => routes.forEach(({ table, to }) => pins.set(table, to)));
  } catch (error) {
    await Promise.all([watch.end(), finish(context.record)]);
    throw error;
  }
  try {
    outAt = now();
    for (const done of await applyAll(opened.tables, steps, { ...ports, signal: watch.signal }))
      out.set(keyOf({ table: done.step.entry.id, destination: done.step.destination }), legOf(done));
    awayAt = now();
    if ([...out.values()].every(({ status }) => status === 'moved')) {
      tell(
        `moved to ${standby.join(', ')}; back in ${Math.round(options.stayMs / 1_000)} s, or at once on Ctrl-C or when the stream is silent for ${options.maxGapMs} ms`,
      );
      await clock.sleep(options.stayMs, watch.signal).then(
        () => (stayed = true),
        () => undefined,
      );
    }
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  await watch.end();
  const ended: RouteDrillEnd = watch.because() ?? (stayed ? 'stayed' : 'failed');
  const silence = Math.round(silentMs());
  if (ended === 'silent') problems.push(`the stream fell silent for ${silence} ms on ${standby.join(', ')}`);

  tell(
    ended === 'stayed'
      ? 'the time is over: going back'
      : ended === 'interrupted'
        ? 'stopped: going back; a second Ctrl-C would leave the routes where they are'
        : `going back: ${problems[0] ?? 'not every route could be moved'}`,
  );
  const backAt = now();
  const back: GivenBack = await giveBack(routes, opened, context, unguarded);
  if (back.stranded.length === 0) tell('every route is back as it was');
  const backed = now();
  while ((watching.answeredAt() ?? 0) < backed && now() - backed < options.maxGapMs) await clock.sleep(LOOK_MS);
  const silentBack = (watching.answeredAt() ?? 0) < backed;
  await clock.sleep(TAIL_MS);

  const marks: Marks = { begunAt, outAt, awayAt, backAt, endAt: now() };
  const drilled = routes.map(
    (route, index): DrilledRoute => ({
      table: route.table,
      name: steps[index]!.entry.name,
      destination: route.destination,
      from: route.home,
      to: route.to,
      out: out.get(keyOf(route)) ?? null,
      back: back.legs.get(keyOf(route)) ?? null,
    }),
  );
  const unmoved = drilled
    .filter((route) => route.out?.status !== 'moved' && ended !== 'interrupted')
    .map(
      ({ name, destination, to, out: leg }) =>
        `${name} ${destination} did not come to ${to}: ${leg?.error ?? 'not tried'}`,
    );
  const all = [
    ...problems,
    ...unmoved,
    ...back.troubles,
    ...back.stranded.map(strandedText),
    ...(silentBack && back.stranded.length === 0
      ? [
          `the stream is silent since the return: ${[...new Set(routes.map(({ home }) => home))].join(', ')} does not carry`,
        ]
      : []),
  ];
  const unfinished = back.stranded.length > 0 || (await left(context));
  const passed = all.length === 0 && ended === 'stayed';
  const holes = watching.holes();
  const result: RouteDrillReport = {
    site: opened.site.site,
    region: opened.region,
    target: options.target,
    startedAt: new Date(startedAt).toISOString(),
    tookMs: clock.now() - startedAt,
    intervalMs: options.intervalMs,
    stayMs: options.stayMs,
    ended,
    passed,
    problems: all,
    notes,
    routes: drilled,
    standby: verdicts,
    gapMs: gapsOf(holes, marks, options.intervalMs),
    stream: watching.counts(),
    stranded: back.stranded,
    next: unfinished ? context.returnLine : null,
    lanes: lanesOf(drilled, holes, marks),
    story: diary.map(({ at, line }) => `${Math.round(at - (outAt ?? begunAt))} ms  ${line}`),
  };
  return {
    result,
    exit: unfinished ? EXIT.partly : ended === 'interrupted' ? EXIT.interrupted : passed ? EXIT.ok : EXIT.failed,
  };
};

/** The pins or the record could not be cleared: the routes are back, but another go has to finish. */
const left = async ({ record }: DrillContext): Promise<boolean> =>
  record.read().then(
    (text) => text !== undefined && /"holder"/.test(text),
    () => true,
  );
