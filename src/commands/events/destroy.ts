import { healthSteps } from '../../lib/procedures/events/health.ts';
import { procedureCommand } from '../procedure.ts';
import { NAMES_FLAG, PLACE } from './shared.ts';

export const destroy = procedureCommand({
  verb: 'destroy',
  path: 'events destroy',
  summary: 'delete the event rules, their targets, and all that was created for them',
  details:
    "Only what carries the application's tags; what was adopted stays. Targets go before their rules, permissions with what they hang on. Messages that still lie in the queue go with it. The function's log group, which Lambda made, stays.",
  flags: { ...PLACE, ...NAMES_FLAG },
  examples: [
    { line: 'hybridctl events destroy --name shop --region cn-north-1 --dry-run', why: 'what would go, in its order' },
    { line: 'hybridctl events destroy --name shop --region cn-north-1 --yes', why: 'all of it, from a script' },
  ],
  procedure: ({ name, region, names }) => ({
    title: `the health events of ${name}`,
    site: name,
    region,
    steps: healthSteps({ name, region, names, mails: [] }),
  }),
});
