import { FLAG, defineCommand } from '../../lib/core/command.ts';
import { changePins, parsePin, pinText, STATE_FLAG, TABLE_FLAG, type PinOptions, type PinResult } from './pin.ts';

export const unpin = defineCommand<PinOptions, PinResult>({
  path: 'route unpin',
  summary: 'give the routes of a table back to the monitor',
  details: 'The monitor then moves them to the best link that carries, a preferred one after its hold-down.',
  flags: [FLAG.site, TABLE_FLAG, STATE_FLAG],
  examples: [{ line: 'hybridctl route unpin --table private-1', why: 'after the works' }],
  parse: parsePin,
  run: async (options, ports) => ({ result: await changePins(options, ports, undefined) }),
  human: pinText,
});
