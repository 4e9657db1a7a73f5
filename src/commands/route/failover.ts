import { defineCommand } from '../../lib/core/define.ts';
import { toggle } from '../../lib/core/flags.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { offPreferred, toNextLink } from '../../lib/routes/plan.ts';
import { open } from '../../lib/routes/select.ts';
import { askable, MOVE, moveData, moveText, runMove, TO } from './shared.ts';

export const failover = defineCommand({
  path: 'route failover',
  summary: 'move destinations off their preferred link, to the next one of their table',
  details:
    'Reads the tables, probes the link that the routes go to over its own path, says what will change, asks, changes all of them in the order of the site file, and reads again until EC2 shows it. ' +
    'A table that is on a standby link already stays there; --next moves it on, --to moves it to a link by name. A link that does not carry is refused, unless --no-check is given. ' +
    'While a "route monitor" runs, the table is pinned to the link, or the monitor would move it back; "route failback" takes the pin away. A route whose target is no link of the site is never touched.',
  flags: {
    ...MOVE,
    next: toggle('go on to the next link, also from a standby link'),
    to: TO,
  },
  conflicts: [['next', 'to']],
  examples: [
    { line: 'hybridctl route failover --dry-run', why: 'what would move, and how' },
    {
      line: 'hybridctl route failover --table private-1 --yes',
      why: 'one table off its preferred link, without a question',
    },
    { line: 'hybridctl route failover --next --yes', why: 'the standby link fails too' },
    { line: 'hybridctl route failover --to vpn-b --yes --json', why: 'everything to one link, the report as data' },
  ],
  refine: askable,
  async run(options, ports) {
    const opened = await open(options, ports);
    const { to, links } = opened;
    const choose = to !== undefined ? () => to : options.next ? toNextLink(links) : offPreferred(links);
    return runMove(opened, choose, options, ports);
  },
  json: jsonShape(1, async () => (await import('./json.ts')).routeFailover),
  data: moveData,
  human: moveText,
});
