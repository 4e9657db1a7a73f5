import { failure } from '../../core/errors.ts';
import type { Found, Hands, Look, Step, World } from '../../core/procedure.ts';
import type { Ledger } from './values.ts';

export interface Scene {
  readonly site: string;
  readonly adopted: ReadonlyMap<string, string>;
}

export const worldOf = (
  { aws, aliyun, shell, files, signal }: Hands,
  { site, adopted }: Scene,
  { values }: Ledger,
): World => ({ aws, aliyun, shell, files, site, adopted, values, signal });

const ABSENT: Look = { state: 'absent' };

/** Looks, and notes what was found for the steps after it. */
export const lookAt = async (step: Step, world: World, known: Ledger): Promise<Look> => {
  if (step.needs?.some((slot) => !world.values.has(slot)) === true) return ABSENT;
  const look = await step.look(world);
  const found = foundOf(look);
  if (found !== undefined) note(step, found, known);
  else {
    known.forget(step.key);
    if (look.state === 'absent') for (const [slot, value] of Object.entries(look.gives ?? {})) known.set(slot, value);
  }
  return look;
};

export const foundOf = (look: Look): Found | undefined => ('found' in look ? look.found : undefined);

const note = ({ key }: Step, { id, gives = {} }: Found, known: Ledger): void => {
  known.set(key, id);
  for (const [slot, value] of Object.entries(gives)) known.set(slot, value);
};

const PATIENCE_MS = 60_000;
/** Between two looks: doubling, so that what is quick is met quickly and what is slow does not drain EC2's bucket. */
const FIRST_MS = 250;
const LONGEST_MS = 5_000;

/** Looks until `fits`. @throws failure at the deadline, interrupted on Ctrl-C. */
export const awaitLook = async (
  step: Step,
  hands: Hands,
  world: World,
  known: Ledger,
  fits: (look: Look) => boolean,
): Promise<Look> => {
  const { clock, signal } = hands;
  const patience = step.patienceMs ?? PATIENCE_MS;
  const until = clock.now() + patience;
  for (let pause = FIRST_MS; ; pause = Math.min(2 * pause, LONGEST_MS)) {
    const look = await lookAt(step, world, known);
    if (fits(look)) return look;
    if (clock.now() + pause > until) {
      const why =
        look.state === 'pending'
          ? look.why
          : look.state === 'differs'
            ? look.differences.join(', ')
            : look.state === 'absent'
              ? 'it does not show up'
              : 'it is still there';
      throw failure(`${step.title}: ${why} after ${Math.round(patience / 1000)} s`, {
        next: 'run the same again: what is there is used',
      });
    }
    await clock.sleep(pause, signal);
  }
};
