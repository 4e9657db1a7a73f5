import type { Ports } from '../core/ports.ts';
import { DEFAULT_BUDGET, profileOf } from '../domain/health/profiles.ts';
import type { PathVerdict } from '../domain/health/types.ts';
import type { Site } from '../domain/site.ts';
import type { LinkCheck } from '../routes/move.ts';
import { observe } from './observe.ts';
import { watchedBy } from './watch.ts';

/** Fifty probes at the pace of the detector `fast`, which finds a dead path in a quarter of that. */
const LOOK_MS = 1_000;
/** A link with a quarter of the evidence against it may be failing (as in failover/choose.ts). */
const SUSPECT = 1 / 4;
/** So many probes without one answer, while other links answer, are no chance. */
const SILENT = 3;

/**
 * Probes links for a second, each over its own path, and says of each whether it carries. The other links and the
 * canaries are probed too: where nothing at all answers, the silence may be this machine's, and nothing is said of a
 * link. Never rejects but when interrupted.
 */
export const checkLinks = async (
  site: Site,
  links: readonly string[],
  { prober: open, clock, signal }: Pick<Ports, 'prober' | 'clock' | 'signal'>,
): Promise<readonly LinkCheck[]> => {
  const unknown = (why: string): readonly LinkCheck[] => links.map((link) => ({ link, state: 'unknown', why }));
  const profile = profileOf('fast', site.monitor?.budget ?? DEFAULT_BUDGET);
  const { probes, watched } = watchedBy(site, profile);
  const now = (): number => performance.now();
  const observer = observe(watched, profile);
  const counts = new Map<string, { replies: number; lost: number }>(
    watched.links.map(({ link }) => [link, { replies: 0, lost: 0 }]),
  );
  const linkOf = new Map(watched.links.flatMap(({ link, probes: ids }) => ids.map((id) => [id, link] as const)));
  let answered = false;
  let verdicts: ReadonlyMap<string, PathVerdict>;
  let prober: Awaited<ReturnType<Ports['prober']>>;
  try {
    prober = await open();
  } catch (error) {
    return unknown(error instanceof Error ? error.message : String(error));
  }
  const running = prober.start(probes, (id, sample) => {
    answered ||= sample.kind === 'reply';
    const count = counts.get(linkOf.get(id) ?? '');
    if (count !== undefined && sample.kind === 'reply') count.replies += 1;
    if (count !== undefined && sample.kind === 'lost') count.lost += 1;
    observer.sample(id, sample, now());
  });
  try {
    await clock.sleep(LOOK_MS, signal);
    verdicts = observer.verdicts(now());
  } finally {
    await running.stop();
  }
  if (!answered) return unknown('no link and no canary of the site answers this machine');
  return links.map((link): LinkCheck => {
    const verdict = verdicts.get(link);
    const { replies, lost } = counts.get(link) ?? { replies: 0, lost: 0 };
    if (replies === 0 && lost >= SILENT) return { link, state: 'dead', why: `no reply to ${lost} probes` };
    if (watched.links.find((one) => one.link === link)?.probes.length === 0)
      return {
        link,
        state: 'unknown',
        why: 'it can not be probed on a path of its own: set probe.targets of the link',
      };
    if (verdict === undefined || verdict.state === 'unknown')
      return { link, state: 'unknown', why: verdict?.why ?? 'it has no probe' };
    const sound = verdict.state === 'alive' && verdict.suspicion < SUSPECT;
    return { link, state: sound ? 'alive' : 'dead', why: verdict.why };
  });
};
