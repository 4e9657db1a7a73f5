import { FAAS_VERSIONS } from '../../lib/core/aliyun.ts';
import { usageError } from '../../lib/core/errors.ts';
import { arg, flag } from '../../lib/core/flags.ts';
import type { Kind } from '../../lib/core/flags/kind.ts';
import { choice, text } from '../../lib/core/flags/kinds.ts';
import type { CloudName } from '../../lib/core/fpga.ts';
import { show } from '../../lib/core/words.ts';
import { bucket, region } from '../../lib/domain/kinds.ts';

export const CLOUDS = ['aws', 'aliyun'] as const satisfies readonly CloudName[];

export const CLOUD = {
  cloud: flag(choice(CLOUDS), 'aws: Amazon FPGA images of EC2; aliyun: FaaS', {
    env: 'HYBRIDCTL_CLOUD',
    required: true,
  }),
  region: flag(region('any'), 'cloud region (default: AWS_REGION, or ALIBABA_CLOUD_REGION_ID)'),
  profile: flag(text({ placeholder: 'name', like: 'default' }), 'AWS profile, or profile of the Alibaba Cloud CLI'),
  apiVersion: flag(choice(FAAS_VERSIONS, 'date'), "FaaS: version of its API (default: the region's)"),
} as const;

/** A slash is the commonest cause of INACCESSIBLE_INPUT. */
export const fpgaBucket: Kind<string> = {
  ...bucket(),
  parse(given, context) {
    if (given.includes('/'))
      throw usageError(`${show(given)} is more than a bucket's name: write the name alone; the folder goes into --key`);
    return bucket().parse(given, context);
  },
};

export const BUCKET = {
  bucket: flag(fpgaBucket, 'bucket of the files and of the build logs', { required: true }),
} as const;

/** What both services and every tool beside them can spell. */
const KEY = /^(?!.*\/\/)[A-Za-z0-9._=+@-][A-Za-z0-9._=+@/ -]{0,1000}$/;
const KEY_WORDS = 'a key: letters, digits and "._=+@/-", no slash first';

export const objectKey = text({ placeholder: 'key', shape: KEY, what: KEY_WORDS, like: 'dcp/filter.tar' });

export const PREFIX = {
  prefix: flag(
    text({ placeholder: 'text', shape: KEY, what: KEY_WORDS, like: 'logs/' }),
    'only keys that begin with this',
  ),
} as const;

/** @throws usage error where it is no key. */
export const keyOf = (key: string, field: string): string => {
  if (!KEY.test(key)) throw usageError(`${show(key)} is not ${KEY_WORDS}`, { field });
  return key;
};

export const imageId = text({
  placeholder: 'id',
  shape: /^[A-Za-z0-9][A-Za-z0-9-]{3,80}$/,
  what: 'an image id',
  like: 'afi-09953582f46c45b17',
});

/** The image that a command is about. */
export const ID = { id: arg(imageId, 'afi-…, or the image id of FaaS', { required: true }) } as const;
