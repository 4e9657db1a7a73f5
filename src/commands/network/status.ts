import { defineCommand, FLAG } from '../../lib/core/command.ts';
import { EXIT, failure } from '../../lib/core/errors.ts';
import { driftOf, findStack, resourcesOf, type Stack, type StackResource } from '../../lib/procedures/network/stack.ts';
import type { NetworkWishes } from '../../lib/render/network/network.ts';
import { contextOf, procedureOptions, type ProcedureOptions } from '../procedure.ts';
import { NAME_FLAG, nameIn, NETWORK_FLAGS, REGION_FLAG, regionIn, resolved, wishesIn } from './flags.ts';

interface Options {
  readonly site: string;
  readonly region: string;
  readonly wishes: NetworkWishes;
  readonly procedure: ProcedureOptions;
}

interface StatusResult {
  readonly stack: Omit<Stack, 'ours'>;
  readonly resources: readonly StackResource[];
  /**
   * How the stack differs from what the flags say, and its template from today's; what no flag says, does not differ.
   */
  readonly drift: readonly string[];
}

export const status = defineCommand<Options, StatusResult>({
  path: 'network status',
  summary: 'the stack: state, outputs, resources, and how it differs from what is wanted',
  details:
    'Given the flags of "network create", it says which parameters of the stack differ from them. With --detailed-exitcode a difference is exit 3. Reads only.',
  flags: [NAME_FLAG, ...NETWORK_FLAGS, REGION_FLAG, FLAG.profile, FLAG.detailedExitcode],
  examples: [
    { line: 'hybridctl network status --name office --region cn-north-1', why: 'outputs and resources' },
    {
      line: 'hybridctl network status --name office --region cn-north-1 --nat-count 2 --detailed-exitcode',
      why: 'exit 3 unless there is a NAT in each zone',
    },
  ],

  parse: (raw) => ({
    site: nameIn(raw),
    region: regionIn(raw),
    wishes: wishesIn(raw),
    procedure: procedureOptions(raw),
  }),

  async run({ site, region, wishes, procedure }, ports) {
    const { aws } = await contextOf(ports, { region }, procedure);
    const found = await findStack(aws, site);
    if (found === undefined)
      throw failure(`there is no network of ${site} in ${aws.region}`, {
        next: 'make it with "hybridctl network create"',
      });
    const { ours: _, ...stack } = found;
    const drift = await driftOf(aws, resolved(site, wishes, stack.parameters), found);
    return {
      result: { stack, resources: await resourcesOf(aws, found), drift },
      exit: procedure.detailedExitcode && drift.length > 0 ? EXIT.changesPending : EXIT.ok,
    };
  },

  human({ stack, resources, drift }, style) {
    const good = /^(CREATE|UPDATE)_COMPLETE$/.test(stack.status);
    return [
      `${style.bold(stack.name)}  ${good ? style.good(stack.status) : style.warn(stack.status)}${stack.reason === null ? '' : `  ${stack.reason}`}`,
      '',
      style.table(['output', 'value'], Object.entries(stack.outputs)),
      '',
      style.table(
        ['resource', 'type', 'id', 'state'],
        resources.map(({ key, type, id, status: state, reason }) => [
          key,
          type,
          id ?? '-',
          reason === null ? state : `${state}: ${reason}`,
        ]),
      ),
      '',
      drift.length === 0 ? style.good('as it should be') : style.warn(`differs: ${drift.join('; ')}`),
    ].join('\n');
  },
});
