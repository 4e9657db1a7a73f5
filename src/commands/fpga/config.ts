import { join } from 'node:path';
import { defineCommand, flag, FLAG, text, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import {
  FAAS_CREDENTIALS,
  faasCredentialsText,
  parseFaasCredentials,
  type FaasCredentials,
} from '../../lib/domain/fpga/faascredentials.ts';
import { absolute } from '../../lib/site/file.ts';
import { consent } from '../consent.ts';
import { bucketOf } from './shared.ts';

interface Options {
  readonly id: string | undefined;
  readonly secretFile: string | undefined;
  readonly role: string | undefined;
  readonly bucket: string | undefined;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

interface Result {
  readonly file: string;
  readonly accessKeyId: string;
  readonly role: string | null;
  readonly bucket: string | null;
  readonly written: boolean;
}

const ID = /^[A-Za-z0-9._]{8,128}$/;
const SECRET = /^[\x21-\x7e]{8,128}$/;
const ROLE = /^acs:ram::\d{4,20}:role\/[A-Za-z0-9._-]{1,64}$/;
/** Of a key's secret; what is longer is another file. */
const MOST = 4_096;

const shaped = (raw: Raw, name: string, shape: RegExp, what: string): string | undefined => {
  const value = text(raw, name);
  if (value !== undefined && !shape.test(value))
    throw usageError(`${value.slice(0, 60)} is ${what}`, { field: `--${name}` });
  return value;
};

const idFrom = async ({ id }: Options, { ask }: Ports): Promise<string> => {
  if (id !== undefined) return id;
  if (ask === undefined)
    throw usageError('is needed', {
      field: '--id',
      next: 'give --id and --secret-file; "-" reads the secret from standard input',
    });
  return (
    await ask.input('AccessKey id:', {
      validate: (answer) => ID.test(answer.trim()) || 'letters, digits, dot and underscore',
    })
  ).trim();
};

const secretFrom = async ({ secretFile }: Options, { ask, files, cwd }: Ports): Promise<string> => {
  if (secretFile === undefined) {
    if (ask === undefined)
      throw usageError('is needed', {
        field: '--secret-file',
        next: 'name a file; "-" reads the secret from standard input',
      });
    return (
      await ask.password('AccessKey secret:', {
        validate: (answer) => SECRET.test(answer.trim()) || 'no secret of an AccessKey',
      })
    ).trim();
  }
  const secret = (await files.read(secretFile === '-' ? '/dev/stdin' : absolute(cwd, secretFile), MOST))?.trim();
  if (secret === undefined) throw usageError(`there is no file ${secretFile}`, { field: '--secret-file' });
  if (!SECRET.test(secret))
    throw usageError('has no secret of an AccessKey in it, alone on its line', { field: '--secret-file' });
  return secret;
};

export const config = defineCommand<Options, Result>({
  path: 'fpga config',
  summary: 'keep an AccessKey for FaaS in ~/.faascredentials, where faascmd keeps it too',
  details:
    'For Alibaba Cloud; AWS has "aws configure". The secret is asked for, or read from a file or standard input: it is never an argument. The file has mode 0600 from its first byte. Role and bucket of an earlier file stay unless others are given. ' +
    "Keys are looked for in ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET (with ALIBABA_CLOUD_SECURITY_TOKEN), then in --profile of ~/.aliyun/config.json, then here, then where the SDK looks (current CLI profile, OIDC, the ECS instance's role); --profile goes before all. A file that others can read is refused.",
  flags: [
    { flags: '--id <text>', summary: 'AccessKey id' },
    { flags: '--secret-file <file>', summary: 'file with the AccessKey secret; "-": standard input' },
    { flags: '--role <arn>', summary: 'role that FaaS takes, where it is not AliyunFAASDefaultRole' },
    { flags: '--bucket <name>', summary: 'bucket, for faascmd' },
    FLAG.dryRun,
    FLAG.yes,
  ],
  examples: [
    { line: 'hybridctl fpga config', why: 'asks for id and secret' },
    {
      line: 'hybridctl fpga config --id LTAI5tExample00000000000 --secret-file - --yes',
      why: 'from a script: the secret comes by standard input',
    },
  ],
  parse: (raw) => ({
    id: shaped(raw, 'id', ID, 'no AccessKey id'),
    secretFile: text(raw, 'secretFile'),
    role: shaped(raw, 'role', ROLE, 'no ARN of a role: acs:ram::1234567890123456:role/aliyunfaasdefaultrole'),
    bucket: text(raw, 'bucket') === undefined ? undefined : bucketOf(raw),
    dryRun: flag(raw, 'dryRun'),
    yes: flag(raw, 'yes'),
  }),
  async run(options, ports) {
    const home = ports.env['HOME'];
    if (home === undefined || home === '')
      throw usageError('HOME is not set, so there is no place for the file', { field: 'HOME' });
    const file = join(home, FAAS_CREDENTIALS);
    const text = await ports.files.read(file, 16 * MOST);
    const before: FaasCredentials = parseFaasCredentials(text ?? '');
    const accessKeyId = await idFrom(options, ports);
    const accessKeySecret = await secretFrom(options, ports);
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
  human: ({ file, accessKeyId, role, bucket, written }) =>
    [
      `${written ? 'saved' : 'would save'} the AccessKey ${accessKeyId} to ${file}`,
      ...(role === null ? [] : [`role ${role}`]),
      ...(bucket === null ? [] : [`bucket ${bucket}`]),
    ].join('\n'),
});
