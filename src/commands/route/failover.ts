import { defineCommand } from '../../lib/core/command.ts';
import { effectiveRoute, linkOf, nextLink } from '../../lib/domain/routes.ts';
import { move, type ChooseLink, type MoveReport } from './move.ts';
import { open, type Opened } from './select.ts';
import { MOVE_FLAGS, moveText, parseMove, type MoveCommandOptions } from './shared.ts';

export const next =
  ({ links }: Opened): ChooseLink =>
  ({ entry, destination }, table) => {
    const route = effectiveRoute(table, destination);
    const current = route === undefined ? undefined : linkOf(route.target, entry.links, links);
    return (
      nextLink(current, entry.links, links) ??
      `${current?.name ?? entry.links[0]} is the last of its links with a target of its own`
    );
  };

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
    return move(opened, to === undefined ? next(opened) : () => to, options, ports);
  },
  human: moveText,
});
