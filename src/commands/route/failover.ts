import { defineCommand } from '../../lib/core/command.ts';
import { toNextLink } from '../../lib/routes/plan.ts';
import type { MoveReport } from '../../lib/routes/report.ts';
import { open } from '../../lib/routes/select.ts';
import { MOVE_FLAGS, moveText, parseMove, runMove, type MoveCommandOptions } from './shared.ts';

export const failover = defineCommand<MoveCommandOptions, MoveReport>({
  path: 'route failover',
  summary: "move destinations to the next link in their table's order",
  details:
    'Reads the tables, says what will change, asks, changes all of them in the order of the site file, and reads again until EC2 shows it. Each table goes to the next link of its own order, or to the link named by --to. A route whose target is no link of the site is never touched.',
  flags: [...MOVE_FLAGS, { flags: '--to <link>', summary: 'go to this link in place of the next one' }],
  examples: [
    { line: 'hybridctl route failover --dry-run', why: 'what would move, and how' },
    { line: 'hybridctl route failover --table private-1 --yes', why: 'one table to its next link, without a question' },
    { line: 'hybridctl route failover --to vpn-b --yes --json', why: 'everything to one link, the report as data' },
  ],
  parse: parseMove,
  async run(options, ports) {
    const opened = await open(options, ports);
    const { to } = opened;
    return runMove(opened, to === undefined ? toNextLink(opened.links) : () => to, options, ports);
  },
  human: moveText,
});
