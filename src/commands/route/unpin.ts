import { defineCommand } from '../../lib/core/define.ts';
import { withTable } from './shared.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { changePins, PIN, pinText } from './pin.ts';

export const unpin = defineCommand({
  path: 'route unpin',
  summary: 'unpin a route table, so that the monitor decides again',
  details: 'The monitor then moves them to the best link that carries, a preferred one after its hold-down.',
  flags: PIN,
  examples: [{ line: 'hybridctl route unpin --table private-1', why: 'after the works' }],
  run: async (options, ports) => ({ result: await changePins(options, ports, undefined) }),
  json: jsonShape(1, async () => (await import('./json.ts')).routeUnpin),
  data: ({ pins, ...result }) => ({ ...result, pins: pins.map(withTable) }),
  human: pinText,
});
