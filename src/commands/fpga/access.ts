import { text, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { FAAS_POLICY, FAAS_ROLE } from '../../lib/domain/fpga/faas-policy.ts';
import { CLOUD_FLAGS, cloudOf, type CloudChoice } from './shared.ts';

/** Of the policy and its role: FaaS alone has them, so the cloud need not be told. */
export const ACCESS_FLAGS: readonly Flag[] = [
  {
    flags: '--cloud <name>',
    summary: 'aliyun: FaaS; on AWS there is nothing to grant',
    choices: ['aws', 'aliyun'],
    default: 'aliyun',
  },
  ...CLOUD_FLAGS.filter(({ flags }) => !/^--(cloud|api-version) /.test(flags)),
  { flags: '--role <name>', summary: 'role that FaaS takes; faascmd of 2018 called it faasRole', default: FAAS_ROLE },
  { flags: '--policy <name>', summary: 'policy of that role', default: FAAS_POLICY },
];

export interface AccessChoice extends CloudChoice {
  readonly role: string;
  readonly policy: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;

const named = (raw: Raw, name: 'role' | 'policy', fallback: string): string => {
  const value = text(raw, name) ?? fallback;
  if (!NAME.test(value))
    throw usageError(`${value.slice(0, 80)} is no name of RAM's: letters, digits and hyphens`, { field: `--${name}` });
  return value;
};

/** EC2 reads the bucket with the permissions of whoever asks, so there is nothing to grant. */
export const accessOf = (raw: Raw, ports: Ports): AccessChoice => {
  const choice = cloudOf(raw, ports);
  if (choice.cloud === 'aws')
    throw usageError('EC2 reads the bucket with your own permissions: there is no role and no policy to grant', {
      field: '--cloud',
      next: 'allow yourself s3:GetObject and s3:PutObject on the bucket',
    });
  return { ...choice, role: named(raw, 'role', FAAS_ROLE), policy: named(raw, 'policy', FAAS_POLICY) };
};
