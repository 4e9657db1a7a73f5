import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  CLIProfileCredentialsProvider,
  DefaultCredentialsProvider,
  StaticAKCredentialsProvider,
  type CredentialsProvider,
} from '@alicloud/credentials';
import { missing } from '../../core/errors.ts';
import { isOpenToOthers, octal } from '../../domain/file-mode.ts';
import { FAAS_CREDENTIALS, parseFaasCredentials, type FaasCredentials } from '../../domain/fpga/faascredentials.ts';
import { CREDENTIALS_NEXT } from './errors.ts';

const home = (): string => process.env['HOME'] ?? homedir();

/**
 * faascmd's file, or undefined. @throws missing where others may read it: the secret in it must then be taken as known.
 */
export const readFaasCredentials = async (): Promise<FaasCredentials | undefined> => {
  const path = join(home(), FAAS_CREDENTIALS);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isFile()) return undefined;
  if (isOpenToOthers(found.mode))
    throw missing(`${path} can be read by others (mode ${octal(found.mode & 0o777)})`, {
      next: `chmod 600 ${path}; if others use this machine, take a new AccessKey too`,
    });
  return parseFaasCredentials(await readFile(path, 'utf8'));
};

/**
 * The more specific wins: the environment, the profile asked for, faascmd's own file, then what the SDK finds (CLI
 * profile, OIDC, ECS role).
 */
const providerOf = async (profile: string | undefined): Promise<CredentialsProvider> => {
  const { ALIBABA_CLOUD_ACCESS_KEY_ID: id, ALIBABA_CLOUD_ACCESS_KEY_SECRET: secret } = process.env;
  if (profile !== undefined) return CLIProfileCredentialsProvider.builder().withProfileName(profile).build();
  if (!id || !secret) {
    const file = await readFaasCredentials();
    if (file?.accessKeyId !== undefined && file.accessKeySecret !== undefined)
      return StaticAKCredentialsProvider.builder()
        .withAccessKeyId(file.accessKeyId)
        .withAccessKeySecret(file.accessKeySecret)
        .build();
  }
  return DefaultCredentialsProvider.builder().build();
};

export interface Keys {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string | undefined;
}

/** As they are now: those of a role are renewed by the SDK. */
export type CredentialSource = () => Promise<Keys>;

/**
 * @throws missing (exit 4) where there are none. The library's own message is not passed on: it may hold a whole file.
 */
export const credentialsOf = async (profile: string | undefined): Promise<CredentialSource> => {
  const provider = await providerOf(profile);
  const source: CredentialSource = async () => {
    const { accessKeyId, accessKeySecret, securityToken } = await provider
      .getCredentials()
      .catch(() => ({ accessKeyId: '', accessKeySecret: '', securityToken: '' }));
    if (!accessKeyId || !accessKeySecret)
      throw missing(
        profile === undefined
          ? 'no usable Alibaba Cloud credentials'
          : `no usable Alibaba Cloud credentials in the profile ${profile}`,
        { next: CREDENTIALS_NEXT },
      );
    return { accessKeyId, accessKeySecret, securityToken: securityToken || undefined };
  };
  await source();
  return source;
};
