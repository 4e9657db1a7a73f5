import { missingFlag, usageError } from '../../lib/core/errors.ts';
import { flag, toggle, type Options } from '../../lib/core/flags.ts';
import type { Kind } from '../../lib/core/flags/kind.ts';
import { choice, mail, text } from '../../lib/core/flags/kinds.ts';
import { show } from '../../lib/core/words.ts';
import { arn } from '../../lib/domain/kinds.ts';
import type { BuildOptions } from '../../lib/fpga/build.ts';
import type { CloudChoice } from '../../lib/fpga/choice.ts';
import { keyOf } from './flags.ts';

/** FaaS writes its logs there and nowhere else (faascmd: "a folder named compiling_logs"). */
const FAAS_LOGS = 'compiling_logs/';

export const NOTIFY = {
  notifyTopic: flag(
    arn({
      service: 'sns',
      resource: /^[A-Za-z0-9_.-]{1,256}$/,
      what: 'an SNS topic',
      like: 'arn:aws:sns:us-east-1:123456789012:fpga',
    }),
    'SNS topic that gets a message when the build ends',
  ),
} as const;

export const maker = choice(['intel', 'xilinx'], 'maker');

const plain = (placeholder: string, like: string) =>
  text({ placeholder, shape: /^[\x20-\x7e]{1,255}$/, what: '1 to 255 printable ASCII characters', like });

export const shell = plain('version', 'V1.1');

export const kmsKey = text({
  placeholder: 'id',
  shape: /^[A-Za-z0-9-]{4,64}$/,
  what: 'the id of a KMS key',
  like: '1234abcd-12ab-34cd-56ef-1234567890ab',
});

const TAG = /^([A-Za-z0-9 _.:/=+@-]{1,127}?)=([A-Za-z0-9 _.:/=+@-]{0,255})$/;

const tag: Kind<readonly [string, string]> = {
  placeholder: 'key=value',
  parse(given) {
    const [, key, value] = TAG.exec(given) ?? [];
    if (key === undefined || value === undefined || /^(aws|hybridctl):/i.test(key))
      throw usageError(`${show(given)} is not a tag: write KEY=VALUE`);
    return [key, value];
  },
};

export const BUILD = {
  logs: flag(
    text({ placeholder: 'folder', like: 'logs/' }),
    'folder of the bucket for the build logs (default: logs/; FaaS: compiling_logs/)',
  ),
  name: flag(plain('text', 'filter'), 'name of the image'),
  description: flag(plain('text', 'a filter'), 'its description'),
  tag: flag(tag, 'tag of the image', { many: true }),
  fpgaType: flag(maker, 'FaaS: maker of the board (default: by the file)'),
  shell: flag(shell, 'FaaS: shell version of the board'),
  kmsKey: flag(kmsKey, 'FaaS: encrypt the image by this KMS key'),
  email: flag(mail(), 'FaaS: mail address that gets a message when the build ends'),
  wait: toggle('wait until the image is built: asked every minute, for up to six hours'),
  ...NOTIFY,
} as const;

export const FAAS_BUILD = ['fpgaType', 'shell', 'kmsKey', 'email'] as const;

/** @param ordered an image is asked for, so all that the service wants to know must be there. */
export const buildOf = <O extends CloudChoice & Options<unknown, typeof BUILD>>(
  options: O,
  ordered: boolean,
): Omit<O, 'logs'> & BuildOptions => {
  const { cloud, logs, name, description, tag: tags, fpgaType: kind, shell: version, kmsKey: key, email } = options;
  if (cloud === 'aliyun' && logs !== undefined)
    throw usageError(`FaaS writes its logs to ${FAAS_LOGS}`, { field: '--logs', next: 'leave it out' });
  if (cloud === 'aliyun' && ordered && version === undefined)
    throw missingFlag('--shell', 'add the shell version of the board: "hybridctl fpga instances" shows it');
  return {
    ...options,
    logs: keyOf((logs ?? (cloud === 'aliyun' ? FAAS_LOGS : 'logs/')).replace(/\/*$/, '/'), '--logs'),
    request: { name, description, tags: Object.fromEntries(tags), kind, shell: version, kmsKey: key, email },
  };
};
