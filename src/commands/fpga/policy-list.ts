import { defineCommand } from '../../lib/core/define.ts';
import { EXIT } from '../../lib/core/errors.ts';
import { flag } from '../../lib/core/flags.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { bucketsIn } from '../../lib/domain/fpga/faas-policy.ts';
import { readPolicy } from '../../lib/procedures/fpga/faas-access.ts';
import { ACCESS, accessOf } from './access-flags.ts';
import { fpgaBucket } from './flags.ts';

export const policyList = defineCommand({
  path: 'fpga policy list',
  summary: 'show the policy by which FaaS reaches buckets: version, document, buckets, roles',
  details:
    'Exit code 1 where there is none, where the role does not have it, or where --bucket is not covered, so that a script can ask before a build.',
  flags: { ...ACCESS, bucket: flag(fpgaBucket, 'bucket of the files and of the build logs') },
  examples: [
    {
      line: 'hybridctl fpga policy list --cloud aliyun --region cn-hangzhou --bucket fpga-builds',
      why: 'whether a build from this bucket would be let in',
    },
  ],
  refine: (options, ports) => accessOf(options, ports),
  async run({ role, policy: name, bucket, region, profile }, ports) {
    const policy = (await readPolicy(await ports.aliyun({ region, profile, signal: ports.signal }), name)) ?? null;
    const buckets = policy === null ? [] : bucketsIn(policy.text);
    const attached = policy?.holders.some((one) => one.toLowerCase() === role.toLowerCase()) === true;
    const covered = bucket === undefined || buckets.some((one) => one.bucket === bucket && one.enough);
    return { result: { policy, buckets, attached }, exit: attached && covered ? EXIT.ok : EXIT.failed };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaPolicyList),
  data: (result) => result,
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
