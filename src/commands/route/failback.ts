import { defineCommand } from '../../lib/core/define.ts';
import { open, targetOf } from '../../lib/routes/select.ts';
import { askable, MOVE, moveText, runMove } from './shared.ts';

export const failback = defineCommand({
  path: 'route failback',
  summary: 'move destinations back to the preferred link of their table',
  details:
    'Each table returns to the first link of its order. In override mode that means deleting the static route, which is refused while the VGW propagates nothing to catch the traffic. Look at the link first: a gateway that runs again is not yet a tunnel that carries.',
  flags: MOVE,
  examples: [
    {
      line: 'hybridctl route failback --dry-run --detailed-exitcode',
      why: 'exit 3 when something is off its preferred link',
    },
    { line: 'hybridctl route failback --yes', why: 'everything back to its preferred link' },
  ],
  refine: askable,
  async run(options, ports) {
    const opened = await open(options, ports);
    return runMove(opened, ({ entry }) => targetOf(opened.links, entry.links[0]!), options, ports);
  },
  human: moveText,
});
