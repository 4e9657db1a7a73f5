import { defineCommand } from '../../lib/core/command.ts';
import { policyRemovalSteps } from '../../lib/procedures/fpga/faas-access.ts';
import {
  DESTROY_FLAGS,
  humanProcedure,
  procedureOptions,
  runDestroy,
  type ProcedureOptions,
  type ProcedureResult,
} from '../procedure.ts';
import { ACCESS_FLAGS, accessOf, type AccessChoice } from './access.ts';

type Options = AccessChoice & Omit<ProcedureOptions, 'region' | 'profile'>;

export const policyDelete = defineCommand<Options, ProcedureResult>({
  path: 'fpga policy delete',
  summary: "take the policy from FaaS's role, and delete it with its versions",
  details:
    'Whoever made it, and for every bucket in it; users of one account share the policy. Refused while somebody else has it too. The role stays: FaaS owns its name.',
  flags: [...ACCESS_FLAGS, ...DESTROY_FLAGS.filter(({ flags }) => !/^--(region|profile) /.test(flags))],
  examples: [
    { line: 'hybridctl fpga policy delete --cloud aliyun --region cn-hangzhou --dry-run', why: 'what would go' },
    { line: 'hybridctl fpga policy delete --cloud aliyun --region cn-hangzhou --yes', why: 'gone, from a script' },
  ],
  parse: (raw, ports) => ({ ...procedureOptions(raw), ...accessOf(raw, ports) }),
  run: (options, ports) =>
    runDestroy(
      ports,
      {
        title: `the policy ${options.policy}`,
        site: 'faas',
        cloud: 'aliyun',
        region: options.region,
        steps: policyRemovalSteps(options.role, options.policy),
      },
      options,
    ),
  human: humanProcedure,
});
