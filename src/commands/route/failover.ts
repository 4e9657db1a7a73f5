import { defineCommand } from '../../lib/core/define.ts';
import { toNextLink } from '../../lib/routes/plan.ts';
import { open } from '../../lib/routes/select.ts';
import { askable, MOVE, moveText, runMove, TO } from './shared.ts';

export const failover = defineCommand({
  path: 'route failover',
  summary: "move destinations to the next link in their table's order",
  details:
    'Reads the tables, says what will change, asks, changes all of them in the order of the site file, and reads again until EC2 shows it. Each table goes to the next link of its own order, or to the link named by --to. A route whose target is no link of the site is never touched.',
  flags: { ...MOVE, to: TO },
  examples: [
    { line: 'hybridctl route failover --dry-run', why: 'what would move, and how' },
    { line: 'hybridctl route failover --table private-1 --yes', why: 'one table to its next link, without a question' },
    { line: 'hybridctl route failover --to vpn-b --yes --json', why: 'everything to one link, the report as data' },
  ],
  refine: askable,
  async run(options, ports) {
    const opened = await open(options, ports);
    const { to } = opened;
    return runMove(opened, to === undefined ? toNextLink(opened.links) : () => to, options, ports);
  },
  human: moveText,
});
