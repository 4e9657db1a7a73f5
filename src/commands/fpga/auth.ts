import { defineCommand, flag, text } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { faasAccessSteps } from '../../lib/procedures/fpga/faas-access.ts';
import {
  APPLY_FLAGS,
  humanProcedure,
  procedureOptions,
  runApply,
  type ProcedureOptions,
  type ProcedureResult,
} from '../procedure.ts';
import { ACCESS_FLAGS, accessOf, type AccessChoice } from './access.ts';
import { BUCKET, bucketOf } from './shared.ts';

interface Options extends AccessChoice, Omit<ProcedureOptions, 'region' | 'profile'> {
  readonly bucket: string;
  readonly kmsKey: string | undefined;
  readonly makeBucket: boolean;
}

/** Region and profile are the cloud's; what FaaS needs has fixed names, so nothing can be adopted in its place. */
const OWN = /^--(region|profile|adopt) /;
const OURS = APPLY_FLAGS.filter(({ flags }) => !OWN.test(flags)).map((one) =>
  one.flags.startsWith('--emit ')
    ? { ...one, summary: 'print the plan as lines of the aliyun CLI (sh) or as a page for a runbook (md)' }
    : one,
);
const KEY = /^[A-Za-z0-9-]{4,64}$/;

export const auth = defineCommand<Options, ProcedureResult>({
  path: 'fpga auth',
  summary: 'let FaaS read the designs of a bucket and write its build logs there',
  details:
    'Makes the folder compiling_logs/ in the bucket, the role AliyunFAASDefaultRole, which FaaS may take, and the policy faasPolicy: it reads this bucket, writes below compiling_logs/ and sees instances, and nothing else. ' +
    'What is there is kept: another bucket is added to the policy, and FaaS to those who may take the role. Run again, it changes nothing. "fpga policy list" shows how it stands, "fpga policy delete" takes it back.',
  flags: [
    ...ACCESS_FLAGS,
    BUCKET,
    { flags: '--make-bucket', summary: 'make the bucket where it is not there' },
    { flags: '--kms-key <id>', summary: 'KMS key that images are encrypted by' },
    ...OURS,
  ],
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
  parse(raw, ports) {
    const kmsKey = text(raw, 'kmsKey');
    if (kmsKey !== undefined && !KEY.test(kmsKey))
      throw usageError(`${kmsKey.slice(0, 80)} is no key's id`, { field: '--kms-key' });
    return {
      ...procedureOptions(raw),
      ...accessOf(raw, ports),
      bucket: bucketOf(raw),
      kmsKey,
      makeBucket: flag(raw, 'makeBucket'),
    };
  },
  run: (options, ports) => {
    const { role, policy, bucket, kmsKey, makeBucket, region } = options;
    return runApply(
      ports,
      {
        title: `the access of FaaS to the bucket ${bucket}`,
        site: 'faas',
        cloud: 'aliyun',
        region,
        steps: faasAccessSteps({ role, policy, bucket, kmsKey, makeBucket }),
      },
      options,
    );
  },
  human: humanProcedure,
});
