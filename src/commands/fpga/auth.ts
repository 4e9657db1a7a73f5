import { flag, saying, toggle } from '../../lib/core/flags.ts';
import { faasAccessSteps } from '../../lib/procedures/fpga/faas-access.ts';
import { APPLY, procedureCommand } from '../procedure.ts';
import { ACCESS, accessOf } from './access-flags.ts';
import { kmsKey } from './build-flags.ts';
import { BUCKET } from './flags.ts';

export const auth = procedureCommand({
  verb: 'apply',
  path: 'fpga auth',
  summary: 'allow FaaS to read the designs of a bucket and to write its build logs there',
  details:
    'Creates the folder compiling_logs/ in the bucket, the role AliyunFAASDefaultRole, which FaaS may take, and the policy faasPolicy: it reads this bucket, writes below compiling_logs/ and sees instances, and nothing else. ' +
    'What is there is kept: another bucket is added to the policy, and FaaS to those who may take the role. Run again, it changes nothing. "fpga policy list" shows what is there, "fpga policy delete" takes it back.',
  flags: {
    ...ACCESS,
    ...BUCKET,
    makeBucket: toggle('create the bucket where it does not exist'),
    kmsKey: flag(kmsKey, 'KMS key that images are encrypted by'),
    emit: saying(APPLY.emit, 'print the plan as lines of the aliyun CLI (sh) or as a page for a runbook (md)'),
  },
  // What FaaS needs has fixed names, so nothing can be adopted in its place.
  without: ['adopt'],
  examples: [
    {
      line: 'hybridctl fpga auth --cloud aliyun --region cn-hangzhou --bucket fpga-builds --dry-run',
      why: 'what is there, and what would be made',
    },
    {
      line: 'hybridctl fpga auth --cloud aliyun --region cn-hangzhou --bucket fpga-builds --yes',
      why: 'made, from a script',
    },
  ],
  refine: (options, ports) => accessOf(options, ports),
  procedure: (options) => ({
    title: `the access of FaaS to the bucket ${options.bucket}`,
    site: 'faas',
    cloud: 'aliyun',
    region: options.region,
    steps: faasAccessSteps(options),
  }),
});
