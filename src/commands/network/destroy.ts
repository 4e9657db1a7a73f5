import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import type { PlannedStep } from '../../lib/core/procedure.ts';
import { removeStack } from '../../lib/procedures/network/destroy.ts';
import { remainsOf, removeRemains } from '../../lib/procedures/network/remains.ts';
import { findStack, resourcesOf } from '../../lib/procedures/network/stack.ts';
import { DESTROY, exitOf, contextOf, humanProcedure, tell, type ProcedureResult, procedureJson } from '../procedure.ts';
import { consent } from '../consent.ts';
import { PLACE } from './flags.ts';

export const destroy = defineCommand({
  path: 'network destroy',
  summary: 'delete the one-click VPC, completely',
  details:
    "Only what carries hybridctl's tags for that site: the stack, and what no stack takes away (retained by whoever deleted the stack, or left over by an update), in its order. " +
    "What can't be removed is named with the reason and the interfaces that are in the way, exit 5. Ctrl-C stops following only: CloudFormation goes on.",
  flags: { ...DESTROY, ...PLACE },
  examples: [
    { line: 'hybridctl network destroy --name office --region cn-north-1 --dry-run', why: 'what would go' },
    { line: 'hybridctl network destroy --name office --region cn-north-1 --yes', why: 'without a question' },
  ],

  async run({ name: site, ...options }, ports): Promise<Outcome<ProcedureResult>> {
    const context = await contextOf(ports, {}, options);
    const stack = await findStack(context.aws, site);
    const did = options.dryRun ? 'planned' : 'destroyed';
    const resources =
      stack === undefined
        ? []
        : (await resourcesOf(context.aws, stack)).filter(({ status }) => status !== 'DELETE_COMPLETE');
    const ids = new Set(resources.map(({ id }) => id));
    const remains = (await remainsOf(context.aws, site))
      .filter(({ id, alias }) => !ids.has(id) && !ids.has(alias))
      .reverse();
    const removal = (key: string, title: string, id: string | null): PlannedStep => ({
      key,
      title,
      action: 'remove',
      id,
      notes: [],
      cost: null,
    });
    const steps = [
      ...resources.map(({ key, type, id }) => removal(key, type, id)),
      ...(stack === undefined ? [] : [removal('stack/network', `CloudFormation stack ${stack.name}`, stack.id)]),
      ...remains.map(({ key, what, id }) => removal(key, `${what} of no stack`, id)),
    ];
    const result: ProcedureResult = { did, steps, values: {}, runbook: null };
    if (options.dryRun) return { result, exit: exitOf(steps, options) };
    if (steps.length === 0) return { result };
    if (!options.yes) tell(ports, steps);
    await consent(ports, options, `Remove the network of ${site}?`);
    if (stack !== undefined) await removeStack(context, site, stack);
    await removeRemains(context, site, resources);
    return { result };
  },

  json: procedureJson,
  data: (result) => result,
  human: humanProcedure,
});
