import { FLAG, text, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { CloudName, FpgaOptions } from '../../lib/core/fpga.ts';
import type { Ports } from '../../lib/core/ports.ts';

const CLOUDS = ['aws'] as const satisfies readonly CloudName[];

export const CLOUD_FLAGS: readonly Flag[] = [
  { flags: '--cloud <name>', summary: 'aws: Amazon FPGA images of EC2; aliyun: FaaS', choices: CLOUDS, env: 'HYBRIDCTL_CLOUD' },
  { flags: '--region <name>', summary: 'cloud region (default: AWS_REGION, or the profile of ~/.faascredentials)' },
  FLAG.profile,
];

export interface CloudChoice {
  readonly cloud: CloudName;
  readonly region: string | undefined;
  readonly profile: string | undefined;
}

const REGION = /^[a-z]{2}(-[a-z0-9]+){1,4}$/;

export const cloudOf = (raw: Raw, { env }: Pick<Ports, 'env'>): CloudChoice => {
  const cloud = CLOUDS.find((name) => name === text(raw, 'cloud'));
  if (cloud === undefined) throw usageError('is needed', { field: '--cloud', next: `give ${CLOUDS.join(' or ')}, or set HYBRIDCTL_CLOUD` });
  const region = text(raw, 'region') ?? (cloud === 'aws' ? (env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION']) : undefined);
  if (cloud === 'aws' && region === undefined) throw usageError('is needed', { field: '--region', next: 'give it, or set AWS_REGION' });
  if (region !== undefined && !REGION.test(region)) throw usageError(`${region.slice(0, 40)} is no region`, { field: '--region', next: 'one like us-east-1, cn-north-1 or cn-hangzhou' });
  return { cloud, region, profile: text(raw, 'profile') };
};

export const optionsOf = ({ cloud, region, profile }: CloudChoice, { signal }: Pick<Ports, 'signal'>): FpgaOptions => ({ cloud, region, profile, signal });
