import { defineCommand, text } from '../../lib/core/command.ts';
import { EXIT } from '../../lib/core/errors.ts';
import { bucketsIn } from '../../lib/domain/fpga/faas-policy.ts';
import { readPolicy, type PolicyView } from '../../lib/procedures/fpga/faas-access.ts';
import { ACCESS_FLAGS, accessOf, type AccessChoice } from './access.ts';
import { BUCKET, bucketOf } from './shared.ts';

interface Options extends AccessChoice {
  readonly bucket: string | undefined;
}

interface Result {
  /** null: there is none. */
  readonly policy: PolicyView | null;
  /** Buckets that it names; `enough`: FaaS can build from it and write its logs. */
  readonly buckets: readonly { readonly bucket: string; readonly enough: boolean }[];
  /** The role has it. */
  readonly attached: boolean;
}

export const policyList = defineCommand<Options, Result>({
  path: 'fpga policy list',
  summary: 'the policy by which FaaS reaches buckets: version, document, buckets, who has it',
  details:
    'Exit code 1 where there is none, where the role does not have it, or where --bucket is not covered, so that a script can ask before a build.',
  flags: [...ACCESS_FLAGS, BUCKET],
  examples: [
    {
      line: 'hybridctl fpga policy list --cloud aliyun --region cn-hangzhou --bucket fpga-builds',
      why: 'whether a build from this bucket would be let in',
    },
  ],
  parse: (raw, ports) => ({
    ...accessOf(raw, ports),
    bucket: text(raw, 'bucket') === undefined ? undefined : bucketOf(raw),
  }),
  async run({ role, policy: name, bucket, region, profile }, ports) {
    const policy = (await readPolicy(await ports.aliyun({ region, profile, signal: ports.signal }), name)) ?? null;
    const buckets = policy === null ? [] : bucketsIn(policy.text);
    const attached = policy?.holders.some((one) => one.toLowerCase() === role.toLowerCase()) === true;
    const covered = bucket === undefined || buckets.some((one) => one.bucket === bucket && one.enough);
    return { result: { policy, buckets, attached }, exit: attached && covered ? EXIT.ok : EXIT.failed };
  },
  human: ({ policy, buckets, attached }, style) =>
    policy === null
      ? style.bad('no policy: hybridctl fpga auth')
      : [
          `${policy.name} ${policy.version} of ${policy.createdAt}; ${attached ? `given to ${policy.holders.join(', ')}` : style.bad('the role does not have it: hybridctl fpga auth')}`,
          style.table(
            ['bucket', 'builds'],
            buckets.map(({ bucket, enough }) => [
              bucket,
              enough ? style.good('yes') : style.bad('no: hybridctl fpga auth adds what is missing'),
            ]),
          ),
          '',
          JSON.stringify(policy.document, undefined, 2),
        ].join('\n'),
});
