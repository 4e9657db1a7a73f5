import { defineCommand, FLAG } from '../../lib/core/command.ts';
import type { PlannedStep } from '../../lib/core/procedure.ts';
import { removeStack } from '../../lib/procedures/network/destroy.ts';
import { findStack, resourcesOf } from '../../lib/procedures/network/stack.ts';
import { consent, DESTROY_FLAGS, exitOf, handsOf, humanProcedure, procedureOptions, tell, type ProcedureOptions, type ProcedureResult } from '../procedure.ts';
import { NAME_FLAG, nameIn, REGION_FLAG, regionIn } from './flags.ts';

interface Options {
  readonly site: string;
  readonly region: string;
  readonly procedure: ProcedureOptions;
}

export const destroy = defineCommand<Options, ProcedureResult>({
  path: 'network destroy',
  summary: 'remove the one-click VPC, completely',
  details:
    "Only a stack that carries hybridctl's tags for that site. It ends when the stack is gone; what can't be removed (an interface in use, a group that others refer to) is named with " +
    "CloudFormation's reason, exit 5. Ctrl-C stops following only.",
  flags: [NAME_FLAG, REGION_FLAG, ...DESTROY_FLAGS.filter(({ flags }) => flags !== FLAG.region.flags)],
  examples: [
    { line: 'hybridctl network destroy --name office --region cn-north-1 --dry-run', why: 'what would go' },
    { line: 'hybridctl network destroy --name office --region cn-north-1 --yes', why: 'without a question' },
  ],

  parse: (raw) => ({ site: nameIn(raw), region: regionIn(raw), procedure: procedureOptions(raw) }),

  async run({ site, region, procedure }, ports) {
    const hands = await handsOf(ports, { region }, procedure);
    const stack = await findStack(hands.aws, site);
    const did = procedure.dryRun ? 'planned' : 'destroyed';
    if (stack === undefined) return { result: { did, steps: [], values: {}, runbook: null } };
    const resources = (await resourcesOf(hands.aws, stack)).filter(({ status }) => status !== 'DELETE_COMPLETE');
    const removal = (key: string, title: string, id: string | null): PlannedStep => ({ key, title, action: 'remove', id, notes: [], cost: null });
    const steps = [...resources.map(({ key, type, id }) => removal(key, type, id)), removal('stack/network', `CloudFormation stack ${stack.name}`, stack.id)];
    const result: ProcedureResult = { did, steps, values: {}, runbook: null };
    if (procedure.dryRun) return { result, exit: exitOf(steps, procedure) };
    if (!procedure.yes) tell(ports, steps);
    await consent(ports, procedure, `Remove the network of ${site}?`);
    await removeStack(hands, site, stack);
    return { result };
  },

  human: humanProcedure,
});
