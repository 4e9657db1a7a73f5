import { policyRemovalSteps } from '../../lib/procedures/fpga/faas-access.ts';
import { procedureCommand } from '../procedure.ts';
import { ACCESS, accessOf } from './access-flags.ts';

export const policyDelete = procedureCommand({
  verb: 'destroy',
  path: 'fpga policy delete',
  summary: 'detach the policy from the role of FaaS, and delete it with all versions',
  details:
    'Whoever made it, and for every bucket in it; users of one account share the policy. Refused while somebody else has it too. The role stays: FaaS owns its name.',
  flags: ACCESS,
  examples: [
    { line: 'hybridctl fpga policy delete --cloud aliyun --region cn-hangzhou --dry-run', why: 'what would go' },
    { line: 'hybridctl fpga policy delete --cloud aliyun --region cn-hangzhou --yes', why: 'gone, from a script' },
  ],
  refine: (options, ports) => accessOf(options, ports),
  procedure: ({ policy, role, region }) => ({
    title: `the policy ${policy}`,
    site: 'faas',
    cloud: 'aliyun',
    region,
    steps: policyRemovalSteps(role, policy),
  }),
});
