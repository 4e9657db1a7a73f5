import type { Account } from './account.ts';
import { ApiError, SignatureError } from './errors.ts';
import type { Context } from './product.ts';
import type { SecretOf } from './signature/signed.ts';

/** One call as it was answered. */
export interface CallRecord {
  /** `faas:DescribeFpgaImages`; with the code of a refusal: `oss:PutObject!NoSuchBucket`. */
  readonly action: string;
  readonly signature: 'rpc-v1' | 'acs3' | 'oss-v1' | 'oss-v4';
}

/** The next `times` calls of an action fail so. `status` 0: the work is done, then the connection breaks. */
export interface Fault {
  readonly status: number;
  readonly code: string;
  readonly message?: string;
  times: number;
}

/** What the two protocols of the server, RPC and OSS, have in common. */
export interface Endpoint extends Context {
  /** In order. */
  readonly calls: CallRecord[];
  /** By action. */
  readonly faults: Map<string, Fault>;
  /** Numbers used once that signatures have used, with the time of each, ms. */
  readonly nonces: Map<string, number>;
}

/** Calls that are kept. */
const MOST_CALLS = 10_000;
export const record = ({ calls }: Endpoint, call: CallRecord): void => {
  calls.push(call);
  if (calls.length > MOST_CALLS) calls.shift();
};

/** Finds secrets of access keys. @param token that came with the request; it has to be the key's own. */
export const secretsFor =
  ({ keys }: Account, token: string | undefined): SecretOf =>
  (keyId) => {
    const key = keys.get(keyId);
    if (key === undefined)
      throw new SignatureError('InvalidAccessKeyId.NotFound', 'Specified access key is not found.');
    if (key.token !== token)
      throw new SignatureError(
        'InvalidSecurityToken.MismatchWithAccessKey',
        'Specified SecurityToken mismatch with the AccessKey.',
      );
    return key.secret;
  };

/** @param code of the refusal: each product has its own. @throws ApiError where the key may not do the action. */
export const checkAllowed = ({ keys }: Account, keyId: string, action: string, code: string): void => {
  if (keys.get(keyId)!.denied.has(action)) throw new ApiError(403, code, 'You are not authorized to do this action.');
};

/** Takes the next fault of the action. @returns true: the connection is to break. @throws ApiError for any other. */
export const takeFault = ({ faults }: Endpoint, action: string): boolean => {
  const fault = faults.get(action);
  if (fault === undefined || fault.times === 0) return false;
  fault.times -= 1;
  if (fault.status > 0) throw new ApiError(fault.status, fault.code, fault.message ?? fault.code);
  return true;
};
