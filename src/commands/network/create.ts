import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { asMarkdown, asShell, runbookOf } from '../../lib/procedures/kit/emit.ts';
import { createNetwork, withImage } from '../../lib/procedures/network/create.ts';
import { networkStep } from '../../lib/procedures/network/runbook.ts';
import { findStack } from '../../lib/procedures/network/stack.ts';
import {
  APPLY,
  applyQuestion,
  exitOf,
  contextOf,
  humanProcedure,
  tell,
  type ProcedureResult,
  procedureJson,
} from '../procedure.ts';
import { canConsent, consent } from '../consent.ts';
import { complete, NETWORK, NETWORK_CONFLICTS, PLACE, resolved, wishesIn } from './flags.ts';

export const create = defineCommand({
  path: 'network create',
  summary: 'create the one-click VPC, or update it to what the flags say',
  details:
    'A stack named hybridctl-NAME-network. Its change set is the plan: --dry-run shows it and removes it again. A stack that is as it should be is left alone, without any changing call; ' +
    'one that is on its way is followed; a creation that was rolled back is removed and made again. What no flag says stays as the stack has it. ' +
    'What fails, CloudFormation undoes itself, unless --keep-on-failure. Ctrl-C stops following only: the cloud goes on, and the same command follows it again. ' +
    'An update takes the newest Amazon Linux, unless --image names an image: the plan says which instances are replaced by it. Where a region has no pointer to the newest, its id is taken at the making, and stays.',
  flags: {
    ...PLACE,
    ...NETWORK,
    dryRun: APPLY.dryRun,
    detailedExitcode: APPLY.detailedExitcode,
    emit: APPLY.emit,
    keepOnFailure: APPLY.keepOnFailure,
    yes: APPLY.yes,
  },
  conflicts: NETWORK_CONFLICTS,
  examples: [
    {
      line: 'hybridctl network create --name office --region cn-north-1 --key-name awskey --admin-cidr 198.51.100.0/24 --dry-run',
      why: 'what CloudFormation would make',
    },
    {
      line: 'hybridctl network create --name office --region cn-north-1 --nat-count 2 --yes',
      why: 'a NAT in each zone; all else stays as it is',
    },
    {
      line: 'hybridctl network create --name office --region us-east-1 --bastion no --emit md',
      why: 'the same as a page for the runbook',
    },
  ],

  async run(options, ports): Promise<Outcome<ProcedureResult>> {
    const { name: site, dryRun, emit, keepOnFailure } = options;
    const wishes = wishesIn(options);
    const title = `the network of ${site}`;
    const context = await contextOf(ports, {}, options);
    if (emit !== undefined) {
      const stack = await findStack(context.aws, site);
      const network = await withImage(context.aws, complete(resolved(site, wishes, stack?.parameters)), stack);
      const runbook = await runbookOf(title, [networkStep(site, network, stack)], context, {
        site,
        adopted: new Map(),
      });
      return {
        result: {
          did: 'emitted',
          steps: [],
          values: {},
          runbook: emit === 'sh' ? asShell(runbook) : asMarkdown(runbook),
        },
      };
    }
    const { steps, values } = await createNetwork(context, {
      site,
      wanted: (before) => complete(resolved(site, wishes, before)),
      keepOnFailure,
      dryRun,
      canConsent() {
        canConsent(ports, options);
      },
      async consent(planned) {
        if (!options.yes) tell(ports, planned);
        await consent(ports, options, applyQuestion(title, planned));
      },
    });
    const result: ProcedureResult = { did: dryRun ? 'planned' : 'applied', steps, values, runbook: null };
    return dryRun ? { result, exit: exitOf(steps, options) } : { result };
  },

  json: procedureJson,
  data: (result) => result,
  human(result, style) {
    const outputs = Object.entries(result.values);
    return [
      humanProcedure(result, style),
      ...(outputs.length === 0 ? [] : ['', style.table(['output', 'value'], outputs)]),
    ].join('\n');
  },
});
