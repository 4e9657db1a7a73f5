import type { Agent } from 'node:http';
import type { Agent as SecureAgent } from 'node:https';
import OSS from 'ali-oss';
import { usageError } from '../../core/errors.ts';
import type { CredentialSource, Keys } from './credentials.ts';
import { endpointOf } from './endpoints.ts';
import { unreadable } from './errors.ts';
import { oss } from './services/oss.ts';

export interface OssPlace {
  readonly region: string;
  readonly credentials: CredentialSource;
}

/** Naming rules of OSS buckets: 3 to 63 of small letters, digits and hyphens, none of these at an end. */
const BUCKET = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** Connection and answer to one request; a part of 16 MiB takes about 13 s at 10 Mbit/s. */
const TIMEOUT_MS = 60_000;

const renewed = ({ accessKeyId, accessKeySecret, securityToken = '' }: Keys) => ({
  accessKeyId,
  accessKeySecret,
  stsToken: securityToken,
});

/**
 * The answer, if it is OSS's: each has a number. A page that answers 200 to whatever it is asked would make a file seem
 * stored and a list seem empty.
 */
export const ownAnswer = <T>(answer: T, action: string): T => {
  const { res } = answer as { readonly res?: { readonly headers?: Readonly<Record<string, string | undefined>> } };
  if ((res?.headers?.['x-oss-request-id'] ?? '') === '') throw unreadable(oss, action);
  return answer;
};

/** A client for one bucket, with the V4 signature, which names the region. */
export const ossClient = async (
  bucket: string,
  { region, credentials }: OssPlace,
  agents: { readonly agent?: Agent; readonly httpsAgent?: SecureAgent } = {},
): Promise<OSS> => {
  if (!BUCKET.test(bucket))
    throw usageError(
      `"${bucket.slice(0, 80)}" is no name of an OSS bucket: 3 to 63 small letters, digits and hyphens`,
      { field: '--bucket' },
    );
  const { protocol, host } = endpointOf(oss, region);
  const { accessKeyId, accessKeySecret, securityToken } = await credentials();
  return new OSS({
    accessKeyId,
    accessKeySecret,
    ...(securityToken === undefined
      ? {}
      : {
          stsToken: securityToken,
          refreshSTSTokenInterval: 60_000,
          refreshSTSToken: async () => renewed(await credentials()),
        }),
    region: `oss-${region}`,
    endpoint: `${protocol}://${host}`,
    secure: protocol === 'https',
    bucket,
    authorizationV4: true,
    timeout: TIMEOUT_MS,
    ...agents,
  });
};
