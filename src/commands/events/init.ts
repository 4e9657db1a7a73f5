import { flag } from '../../lib/core/flags.ts';
import { mail } from '../../lib/core/flags/kinds.ts';
import { healthSteps } from '../../lib/procedures/events/health.ts';
import { procedureCommand } from '../procedure.ts';
import { NAMES_FLAG, PLACE } from './shared.ts';

export const init = procedureCommand({
  verb: 'apply',
  path: 'events init',
  summary: 'create EventBridge rules for Green, Yellow and Red health reports, with their targets and permissions',
  details:
    'Yellow calls a Lambda function (SampleAppDebugger, shipped with hybridctl: it writes one line a report to its log), Red is published to an SNS topic (RedHealthNotifier) and sent to an SQS queue (ReportInspectionQueue); ' +
    'Green is counted only. The function gets a role that may write its own log; rule, topic, queue and function get the policies that let EventBridge in, and nobody else. ' +
    "Function, topic and queue that are there already are used with --adopt (its ARN); a policy of theirs that does not let EventBridge in is yours to change. Idempotent: a second run only repairs drift. After a removal SQS takes the queue's name again only after a minute.",
  flags: {
    name: PLACE.name,
    mail: flag(mail(), 'e-mail for Red alerts (must confirm once)', { many: true }),
    ...NAMES_FLAG,
    region: PLACE.region,
  },
  examples: [
    {
      line: 'hybridctl events init --name shop --region cn-north-1 --mail ops@example.com --dry-run',
      why: 'what is there, and what would be made',
    },
    {
      line: 'hybridctl events init --name shop --region cn-north-1 --mail ops@example.com --yes',
      why: 'made, from a script',
    },
    {
      line: 'hybridctl events init --name shop --region us-east-1 --names legacy --emit sh',
      why: "the field document's names, as AWS CLI lines",
    },
  ],
  procedure: ({ name, region, names, mail: mails }) => ({
    title: `the health events of ${name}`,
    site: name,
    region,
    steps: healthSteps({ name, region, names, mails }),
  }),
});
