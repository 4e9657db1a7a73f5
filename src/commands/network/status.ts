import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT, failure } from '../../lib/core/errors.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { driftOf, findStack, resourcesOf, type Stack, type StackResource } from '../../lib/procedures/network/stack.ts';
import { FLAG } from '../flags.ts';
import { contextOf } from '../procedure.ts';
import { NETWORK, NETWORK_CONFLICTS, PLACE, resolved, wishesIn } from './flags.ts';

interface StatusResult {
  readonly stack: Omit<Stack, 'ours'>;
  readonly resources: readonly StackResource[];
  /**
   * How the stack differs from what the flags say, and its template from today's; what no flag says, does not differ.
   */
  readonly drift: readonly string[];
}

export const status = defineCommand({
  path: 'network status',
  summary: 'show the stack: state, outputs, resources, and differences from what is wanted',
  details:
    'Given the flags of "network create", it says which parameters of the stack differ from them. With --detailed-exitcode a difference is exit 3. Reads only.',
  flags: { ...PLACE, ...NETWORK, detailedExitcode: FLAG.detailedExitcode },
  conflicts: NETWORK_CONFLICTS,
  examples: [
    { line: 'hybridctl network status --name office --region cn-north-1', why: 'outputs and resources' },
    {
      line: 'hybridctl network status --name office --region cn-north-1 --nat-count 2 --detailed-exitcode',
      why: 'exit 3 unless there is a NAT in each zone',
    },
  ],

  async run({ name: site, region, profile, detailedExitcode, ...given }, ports): Promise<Outcome<StatusResult>> {
    const { aws } = await contextOf(ports, {}, { region, profile });
    const found = await findStack(aws, site);
    if (found === undefined)
      throw failure(`there is no network of ${site} in ${aws.region}`, {
        next: 'make it with "hybridctl network create"',
      });
    const { ours: _, ...stack } = found;
    const drift = await driftOf(aws, resolved(site, wishesIn(given), stack.parameters), found);
    return {
      result: { stack, resources: await resourcesOf(aws, found), drift },
      exit: detailedExitcode && drift.length > 0 ? EXIT.changesPending : EXIT.ok,
    };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).networkStatus),
  data: (result) => result,
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
