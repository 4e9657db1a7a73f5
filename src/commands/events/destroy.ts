import { defineCommand, FLAG } from '../../lib/core/command.ts';
import { healthSteps } from '../../lib/procedures/events/health.ts';
import {
  DESTROY_FLAGS,
  humanProcedure,
  procedureOptions,
  runDestroy,
  type ProcedureOptions,
  type ProcedureResult,
} from '../procedure.ts';
import { NAME_FLAG, NAMES_FLAG, placeOf, REGION_FLAG, type Place } from './shared.ts';

interface Options {
  readonly place: Place;
  readonly procedure: ProcedureOptions;
}

export const destroy = defineCommand<Options, ProcedureResult>({
  path: 'events destroy',
  summary: 'remove the rules, their targets and all that was made for them',
  details:
    "Only what carries the application's tags; what was adopted stays. Targets go before their rules, permissions with what they hang on. Messages that still lie in the queue go with it. The function's log group, which Lambda made, stays.",
  flags: [NAME_FLAG, NAMES_FLAG, REGION_FLAG, ...DESTROY_FLAGS.filter(({ flags }) => flags !== FLAG.region.flags)],
  examples: [
    { line: 'hybridctl events destroy --name shop --region cn-north-1 --dry-run', why: 'what would go, in its order' },
    { line: 'hybridctl events destroy --name shop --region cn-north-1 --yes', why: 'all of it, from a script' },
  ],
  parse: (raw) => ({ place: placeOf(raw), procedure: procedureOptions(raw) }),
  run: ({ place, procedure }, ports) =>
    runDestroy(
      ports,
      {
        title: `the health events of ${place.name}`,
        site: place.name,
        region: place.region,
        steps: healthSteps({ ...place, mails: [] }),
      },
      { ...procedure, region: place.region },
    ),
  human: humanProcedure,
});
