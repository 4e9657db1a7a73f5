import { defineCommand, FLAG, list } from '../../lib/core/command.ts';
import { healthSteps } from '../../lib/procedures/events/health.ts';
import {
  APPLY_FLAGS,
  humanProcedure,
  procedureOptions,
  runApply,
  type ProcedureOptions,
  type ProcedureResult,
} from '../procedure.ts';
import { mailIn, NAME_FLAG, NAMES_FLAG, placeOf, REGION_FLAG, type Place } from './shared.ts';

interface Options {
  readonly place: Place;
  readonly mails: readonly string[];
  readonly procedure: ProcedureOptions;
}

export const init = defineCommand<Options, ProcedureResult>({
  path: 'events init',
  summary: 'make EventBridge rules for Green, Yellow and Red health reports, with their targets and permissions',
  details:
    'Yellow calls a Lambda function (SampleAppDebugger, shipped with hybridctl: it writes one line a report to its log), Red is published to an SNS topic (RedHealthNotifier) and sent to an SQS queue (ReportInspectionQueue); ' +
    'Green is counted only. The function gets a role that may write its own log; rule, topic, queue and function get the policies that let EventBridge in, and nobody else. ' +
    "Function, topic and queue that are there already are used with --adopt (its ARN); a policy of theirs that does not let EventBridge in is yours to change. Running it again changes nothing, or what is no longer so. After a removal SQS takes the queue's name again only after a minute.",
  flags: [
    NAME_FLAG,
    { flags: '--mail <address...>', summary: 'mailbox that is told of Red; it has to say yes once' },
    NAMES_FLAG,
    REGION_FLAG,
    ...APPLY_FLAGS.filter(({ flags }) => flags !== FLAG.region.flags),
  ],
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
      line: 'hybridctl events init --name shop --region us-east-1 --names seed --emit sh',
      why: "the field document's names, as AWS CLI lines",
    },
  ],
  parse: (raw) => ({ place: placeOf(raw), mails: list(raw, 'mail').map(mailIn), procedure: procedureOptions(raw) }),
  run: ({ place, mails, procedure }, ports) =>
    runApply(
      ports,
      {
        title: `the health events of ${place.name}`,
        site: place.name,
        region: place.region,
        steps: healthSteps({ ...place, mails }),
      },
      { ...procedure, region: place.region },
    ),
  human: humanProcedure,
});
