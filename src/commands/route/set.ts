import { defineCommand } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { MoveReport } from '../../lib/routes/report.ts';
import { open } from '../../lib/routes/select.ts';
import { MOVE_FLAGS, moveText, parseMove, runMove, type MoveCommandOptions } from './shared.ts';

export const set = defineCommand<MoveCommandOptions, MoveReport>({
  path: 'route set',
  summary: 'point one destination of one table at a link',
  details:
    'The destination need not be in the site file: a new static route is made for it. A route whose target is no link of the site is still never touched.',
  flags: [...MOVE_FLAGS, { flags: '--to <link>', summary: 'the link (required)' }],
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
  parse(raw, ports) {
    const options = parseMove(raw, ports);
    if (options.tables.length === 0)
      throw usageError('is required', { field: '--table', next: 'name the route table' });
    if (options.destinations.length === 0)
      throw usageError('is required', { field: '--destination', next: 'give a network like 10.10.0.0/16' });
    if (options.to === undefined)
      throw usageError('is required', { field: '--to', next: 'name a link of the site file' });
    return options;
  },
  async run(options, ports) {
    const opened = await open(options, ports, true);
    return runMove(opened, () => opened.to!, options, ports);
  },
  human: moveText,
});
