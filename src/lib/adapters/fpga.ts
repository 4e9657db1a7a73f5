import { usageError } from '../core/errors.ts';
import type { CloudName, FpgaCloud, FpgaOptions } from '../core/fpga.ts';
import type { ObjectStore } from '../core/objects.ts';

interface Adapters {
  fpga(options: FpgaOptions): Promise<FpgaCloud>;
  objects(bucket: string, options: FpgaOptions): Promise<ObjectStore>;
}

/** Commands refuse a cloud that needs a region and got none. */
const inRegion = (options: FpgaOptions) => ({ ...options, region: options.region ?? '' });

/** One cloud's SDK is loaded, never both. */
const CLOUDS: Readonly<Record<Extract<CloudName, 'aws'>, Adapters>> = {
  aws: {
    fpga: async (options) => (await import('./aws/fpga.ts')).awsFpga(inRegion(options)),
    objects: async (bucket, options) => (await import('./aws/objects.ts')).awsObjects(bucket, inRegion(options)),
  },
};

const known = ({ cloud }: FpgaOptions): keyof typeof CLOUDS => {
  if (!Object.hasOwn(CLOUDS, cloud)) throw usageError(`${cloud} has no adapter`, { field: '--cloud' });
  return cloud as keyof typeof CLOUDS;
};

export const fpga: Adapters['fpga'] = (options) => CLOUDS[known(options)].fpga(options);
export const objects: Adapters['objects'] = (bucket, options) => CLOUDS[known(options)].objects(bucket, options);
