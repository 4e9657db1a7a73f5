import type { Command } from '../lib/core/command.ts';
import { usageError } from '../lib/core/errors.ts';

/**
 * Refuses more arguments than the command has. Flags that may be repeated once took all the words behind them: who
 * still writes `--host a b` is told to repeat the flag.
 * @param given the arguments. @param line every word of the command line.
 */
export const refuseExcess = (
  { path, args = [], flags }: Pick<Command, 'path' | 'args' | 'flags'>,
  given: readonly string[],
  line: readonly string[],
): void => {
  if (given.length <= args.length || args.at(-1)?.name.includes('...') === true) return;
  for (const flag of flags.filter(({ repeats }) => repeats === true)) {
    const name = flag.flags.split(/[ ,]+/).find((word) => word.startsWith('--'))!;
    const at = line.indexOf(name);
    const [first, second] = at === -1 ? [] : line.slice(at + 1, at + 3);
    if (first !== undefined && second !== undefined && !first.startsWith('-') && !second.startsWith('-'))
      throw usageError(`takes one value each time: write ${name} ${first} ${name} ${second}`, { field: name });
  }
  throw usageError(
    `too many arguments for '${path.split(' ').at(-1)}'. Expected ${args.length} argument${args.length === 1 ? '' : 's'} but got ${given.length}.`,
    { next: 'see --help' },
  );
};
