import { defineCommand } from '../../lib/core/define.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { restoredTo } from '../../lib/routes/plan.ts';
import { open, targetOf } from '../../lib/routes/select.ts';
import { askable, MOVE, moveData, moveText, runMove } from './shared.ts';

export const failback = defineCommand({
  path: 'route failback',
  summary: 'move destinations back to the preferred link of their table',
  details:
    'Each table returns to the first link of its order, which is probed over its own path first. Where the VGW propagates the destination, the static route is deleted, so that the table is as it was before the failover; in override mode the return is refused while nothing is propagated. ' +
    'A pin that "route failover" set is taken away.',
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
    return runMove(opened, ({ entry }) => targetOf(opened.links, entry.links[0]!), options, ports, {
      goalOf: restoredTo,
    });
  },
  json: jsonShape(1, async () => (await import('./json.ts')).routeFailback),
  data: moveData,
  human: moveText,
});
