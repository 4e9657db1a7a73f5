import type { CloudName, FpgaCloud, FpgaOptions } from '../core/fpga.ts';
import type { ObjectStore } from '../core/objects.ts';

interface Adapters {
  fpga(options: FpgaOptions): Promise<FpgaCloud>;
  objects(bucket: string, options: FpgaOptions): Promise<ObjectStore>;
}

/** Commands refuse a cloud that needs a region and got none. */
const inRegion = (options: FpgaOptions) => ({ ...options, region: options.region ?? '' });

/** One cloud's SDK is loaded, never both. */
const CLOUDS: Readonly<Record<CloudName, Adapters>> = {
  aws: {
    fpga: async (options) => (await import('./aws/fpga.ts')).awsFpga(inRegion(options)),
    objects: async (bucket, options) => (await import('./aws/objects.ts')).awsObjects(bucket, inRegion(options)),
  },
  aliyun: {
    fpga: async (options) => (await import('./aliyun/fpga.ts')).aliyunFpga(options),
    objects: async (bucket, options) => (await import('./aliyun/objects.ts')).aliyunObjects(bucket, options),
  },
};

export const fpga: Adapters['fpga'] = (options) => CLOUDS[options.cloud].fpga(options);
export const objects: Adapters['objects'] = (bucket, options) => CLOUDS[options.cloud].objects(bucket, options);
