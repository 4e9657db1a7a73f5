import { join } from 'node:path';
import { defineCommand } from '../../lib/core/define.ts';
import { missingFlag, usageError } from '../../lib/core/errors.ts';
import { flag } from '../../lib/core/flags.ts';
import { secretFile, text } from '../../lib/core/flags/kinds.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import {
  FAAS_CREDENTIALS,
  faasCredentialsText,
  parseFaasCredentials,
  type FaasCredentials,
} from '../../lib/domain/fpga/faascredentials.ts';
import { absolute } from '../../lib/site/file.ts';
import { consent } from '../consent.ts';
import { FLAG } from '../flags.ts';
import { fpgaBucket } from './flags.ts';

const ID = /^[A-Za-z0-9._]{8,128}$/;
const SECRET = /^[\x21-\x7e]{8,128}$/;
/** Of a key's secret; what is longer is another file. */
const MOST = 4_096;

const idFrom = async (id: string | undefined, { ask }: Ports): Promise<string> => {
  if (id !== undefined) return id;
  if (ask === undefined)
    throw missingFlag('--id', 'add --id and --secret-file; "-" reads the secret from standard input');
  return (
    await ask.input('AccessKey id:', {
      validate: (answer) => ID.test(answer.trim()) || 'letters, digits, dot and underscore',
    })
  ).trim();
};

const secretFrom = async (given: string | undefined, { ask, files, cwd }: Ports): Promise<string> => {
  if (given === undefined) {
    if (ask === undefined) throw missingFlag('--secret-file', 'name a file; "-" reads the secret from standard input');
    return (
      await ask.password('AccessKey secret:', {
        validate: (answer) => SECRET.test(answer.trim()) || 'that is not the secret of an AccessKey',
      })
    ).trim();
  }
  const secret = (await files.read(given === '-' ? '/dev/stdin' : absolute(cwd, given), MOST))?.trim();
  if (secret === undefined) throw usageError(`there is no file ${given}`, { field: '--secret-file' });
  if (!SECRET.test(secret))
    throw usageError('has no secret of an AccessKey in it, alone on its line', { field: '--secret-file' });
  return secret;
};

export const config = defineCommand({
  path: 'fpga config',
  summary: 'save an AccessKey for FaaS in ~/.faascredentials, as faascmd does',
  details:
    'For Alibaba Cloud; AWS has "aws configure". The secret is asked for, or read from a file or standard input: it is never an argument. The file has mode 0600 from its first byte. Role and bucket of an earlier file stay unless others are given. ' +
    "Keys are looked for in ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET (with ALIBABA_CLOUD_SECURITY_TOKEN), then in --profile of ~/.aliyun/config.json, then here, then where the SDK looks (current CLI profile, OIDC, the ECS instance's role); --profile goes before all. A file that others can read is refused.",
  flags: {
    id: flag(
      text({ placeholder: 'text', shape: ID, what: 'an AccessKey id', like: 'LTAI5tExample00000000000' }),
      'AccessKey id',
    ),
    secretFile: flag(secretFile(), 'file with the AccessKey secret; "-": standard input'),
    role: flag(
      text({
        placeholder: 'arn',
        shape: /^acs:ram::\d{4,20}:role\/[A-Za-z0-9._-]{1,64}$/,
        what: 'the ARN of a role',
        like: 'acs:ram::1234567890123456:role/aliyunfaasdefaultrole',
      }),
      'role that FaaS takes, where it is not AliyunFAASDefaultRole',
    ),
    bucket: flag(fpgaBucket, 'bucket, for faascmd'),
    dryRun: FLAG.dryRun,
    yes: FLAG.yes,
  },
  examples: [
    { line: 'hybridctl fpga config', why: 'asks for id and secret' },
    {
      line: 'hybridctl fpga config --id LTAI5tExample00000000000 --secret-file - --yes',
      why: 'from a script: the secret comes by standard input',
    },
  ],
  async run(options, ports) {
    const home = ports.env['HOME'];
    if (home === undefined || home === '')
      throw usageError('HOME is not set, so there is no place for the file', { field: 'HOME' });
    const file = join(home, FAAS_CREDENTIALS);
    const kept = await ports.files.read(file, 16 * MOST);
    const before: FaasCredentials = parseFaasCredentials(kept ?? '');
    const accessKeyId = await idFrom(options.id, ports);
    const accessKeySecret = await secretFrom(options.secretFile, ports);
    const next = {
      accessKeyId,
      accessKeySecret,
      role: options.role ?? before.role,
      bucket: options.bucket ?? before.bucket,
    };
    const result = { file, accessKeyId, role: next.role ?? null, bucket: next.bucket ?? null };
    if (options.dryRun) return { result: { ...result, written: false } };
    if (
      before.accessKeyId !== undefined &&
      (before.accessKeyId !== accessKeyId || before.accessKeySecret !== accessKeySecret)
    )
      await consent(ports, options, `Replace the AccessKey ${before.accessKeyId} in ${file}?`);
    await ports.files.write([{ path: file, content: faasCredentialsText(next), mode: 0o600 }]);
    return { result: { ...result, written: true } };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaConfig),
  data: (result) => result,
  human: ({ file, accessKeyId, role, bucket, written }) =>
    [
      `${written ? 'saved' : 'would save'} the AccessKey ${accessKeyId} to ${file}`,
      ...(role === null ? [] : [`role ${role}`]),
      ...(bucket === null ? [] : [`bucket ${bucket}`]),
    ].join('\n'),
});
