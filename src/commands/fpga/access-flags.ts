import { usageError } from '../../lib/core/errors.ts';
import { flag, type Options } from '../../lib/core/flags.ts';
import { choice, text } from '../../lib/core/flags/kinds.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { FAAS_POLICY, FAAS_ROLE } from '../../lib/domain/fpga/faas-policy.ts';
import { CLOUD, CLOUDS } from './flags.ts';
import { regionFor } from './shared.ts';

const name = (like: string) =>
  text({
    placeholder: 'name',
    shape: /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/,
    what: 'a name of RAM (letters, digits and hyphens)',
    like,
  });

/** Of the policy and its role: FaaS alone has them, so --cloud can be left out. */
export const ACCESS = {
  cloud: flag(choice(CLOUDS), 'aliyun: FaaS; on AWS there is nothing to grant', { default: 'aliyun' }),
  region: CLOUD.region,
  profile: CLOUD.profile,
  role: flag(name(FAAS_ROLE), 'role that FaaS takes; faascmd of 2018 called it faasRole', { default: FAAS_ROLE }),
  policy: flag(name(FAAS_POLICY), 'policy of that role', { default: FAAS_POLICY }),
} as const;

/** EC2 reads the bucket with the permissions of whoever asks, so there is nothing to grant. */
export const accessOf = <O extends Options<unknown, typeof ACCESS>>(
  options: O,
  ports: Ports,
): O & { region: string } => {
  if (options.cloud === 'aws')
    throw usageError('EC2 reads the bucket with your own permissions: there is no role and no policy to grant', {
      field: '--cloud',
      next: 'allow yourself s3:GetObject and s3:PutObject on the bucket',
    });
  return { ...options, region: regionFor(options.cloud, options.region, ports) };
};
