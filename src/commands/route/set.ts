import { defineCommand } from '../../lib/core/define.ts';
import { flag, saying } from '../../lib/core/flags.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { destination } from '../../lib/domain/kinds.ts';
import { open } from '../../lib/routes/select.ts';
import { askable, MOVE, moveData, moveText, NAMED_LINK, NAMED_TABLES, runMove } from './shared.ts';

export const set = defineCommand({
  path: 'route set',
  summary: 'point one destination of one table at a link',
  details:
    'The destination need not be in the site file: a new static route is made for it. A route whose target is no link of the site is still never touched.',
  flags: {
    ...MOVE,
    table: saying(NAMED_TABLES, 'the route table, by name or id'),
    destination: flag(destination(), 'the network or prefix list', { many: true, required: true }),
    to: NAMED_LINK,
  },
  examples: [
    {
      line: 'hybridctl route set --table private-1 --destination 10.10.0.0/16 --to vpn-b',
      why: 'asks before it changes',
    },
    {
      line: 'hybridctl route set --table private-1 --destination 10.20.0.0/16 --to dx-1 --yes',
      why: 'a network the site file does not list',
    },
  ],
  refine: askable,
  async run(options, ports) {
    const opened = await open(options, ports, true);
    return runMove(opened, () => opened.to!, options, ports);
  },
  json: jsonShape(1, async () => (await import('./json.ts')).routeSet),
  data: moveData,
  human: moveText,
});
