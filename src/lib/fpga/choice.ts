import type { FaasVersion } from '../core/aliyun.ts';
import type { CloudName, FpgaOptions } from '../core/fpga.ts';
import type { ObjectStore } from '../core/objects.ts';
import type { Ports } from '../core/ports.ts';

/** Which cloud, and as whom. */
export interface CloudChoice {
  readonly cloud: CloudName;
  readonly region: string;
  readonly profile: string | undefined;
  readonly apiVersion: FaasVersion | undefined;
}

export const optionsOf = (
  { cloud, region, profile, apiVersion }: CloudChoice,
  { signal }: Pick<Ports, 'signal'>,
): FpgaOptions => ({ cloud, region, profile, apiVersion, signal });

/** A line to type next, with the cloud that this one was for. */
export const again = ({ cloud, region }: CloudChoice, words: string): string =>
  `hybridctl fpga ${words} --cloud ${cloud} --region ${region}`;

export const uri = ({ scheme, bucket }: ObjectStore, key: string): string => `${scheme}://${bucket}/${key}`;
