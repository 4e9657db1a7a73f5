import { failure, HybridError } from '../core/errors.ts';
import type { FpgaCloud, FpgaImage } from '../core/fpga.ts';
import type { Clock } from '../core/ports.ts';
import { duration } from '../domain/amount.ts';

/** A build takes 30 to 40 minutes on AWS and may take hours (TRAPS: "Poll 60 s, cap 6 h"). */
export const POLL_MS = 60_000;
export const LONGEST_MS = 6 * 3_600_000;
/** Between lines that say nothing new. */
const WORD_MS = 600_000;
/** Polls in which a new image may be unknown: EC2 answers from copies that lag behind, by seconds. */
const UNSEEN = 5;
/** Polls in a row that nobody answered: an hour of an API that is down is no reason to lose sight of a build. */
const MOST_SILENT = 60;

export interface FollowOptions {
  readonly fpga: FpgaCloud;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Asked for a moment ago: at first it may be unknown. */
  readonly isNew?: boolean | undefined;
  readonly pollMs?: number;
  readonly longestMs?: number;
  progress(line: string): void;
}

export const imageNamed = async (fpga: FpgaCloud, id: string): Promise<FpgaImage> => {
  const image = (await fpga.images([id])).find((one) => one.id === id);
  if (image === undefined)
    throw failure(`there is no FPGA image ${id} in ${fpga.region}`, {
      next: `hybridctl fpga list --cloud ${fpga.cloud} --region ${fpga.region}`,
    });
  return image;
};

/** Throttling and lost answers pass. @param young it may not be known yet. */
const passes = (error: unknown, young: boolean): boolean =>
  error instanceof HybridError &&
  (error.call === 'throttled' || error.call === 'unclear' || (young && error.kind === 'absent'));

/**
 * @returns the image once it is no longer pending. Throws where that takes longer than six hours: it goes on without
 * us.
 */
export const follow = async (
  id: string,
  { fpga, clock, signal, progress, isNew = false, pollMs = POLL_MS, longestMs = LONGEST_MS }: FollowOptions,
): Promise<FpgaImage> => {
  const start = clock.now();
  let told: number | undefined;
  let silent = 0;
  let seen = !isNew;
  for (;;) {
    try {
      const image = await imageNamed(fpga, id);
      silent = 0;
      seen = true;
      if (image.state !== 'pending') return image;
    } catch (error) {
      silent += 1;
      if (!passes(error, !seen && silent <= UNSEEN) || silent >= MOST_SILENT) throw error;
    }
    const waited = clock.now() - start;
    const again = `hybridctl fpga wait ${id} --cloud ${fpga.cloud} --region ${fpga.region}`;
    if (waited >= longestMs)
      throw failure(`${id} is still pending after ${duration(waited / 1_000)}`, { next: `look again later: ${again}` });
    if (told === undefined) {
      told = clock.now();
      progress(
        `${id} is pending${fpga.cloud === 'aws' ? ': usually 30 to 40 minutes' : ''}; after an interruption go on with "${again}"`,
      );
    } else if (clock.now() - told >= WORD_MS) {
      told = clock.now();
      progress(`${id} is pending since ${duration(waited / 1_000)}`);
    }
    await clock.sleep(pollMs, signal);
  }
};
