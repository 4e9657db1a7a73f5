import { failure, HybridError, missing, usageError } from '../../core/errors.ts';
import { kindOf } from '../error-kinds.ts';
import { asHybridError, codeOf } from './errors.ts';
import { regionIn, s3 } from './services/s3.ts';
import { actionOf, COMMON_ERRORS } from './services/service.ts';

interface S3Failure {
  readonly $metadata?: { readonly httpStatusCode?: number };
}

export const statusOf = (error: unknown): number => (error as S3Failure).$metadata?.httpStatusCode ?? 0;

/** The region of a bucket that is elsewhere: S3 answers 301, or 400 where the signature was for the wrong one. */
export const redirectedTo = (error: unknown): string | undefined =>
  statusOf(error) === 301 || statusOf(error) === 400 ? regionIn(error) : undefined;

/** An answer to HEAD has no body, so no code: its status has to do. */
const BY_STATUS: Readonly<Record<number, string>> = { 403: 'AccessDenied', 404: 'NotFound' };

/**
 * An S3 error in our words. @param operation as a policy names it: `PutObject` also stands for every call of a multipart
 * upload.
 */
export const asStoreError = (
  thrown: unknown,
  operation: string,
  { bucket, region }: { readonly bucket: string; readonly region: string },
): HybridError => {
  if (thrown instanceof HybridError) return thrown;
  const named = codeOf(thrown);
  const code = ['', 'Error', 'Unknown', 'UnknownError', 'Forbidden', '403', 'NotFound'].includes(named)
    ? (BY_STATUS[statusOf(thrown)] ?? named)
    : named;
  const action = actionOf(s3, operation);
  const kind = kindOf([s3.errors, COMMON_ERRORS], { code, operation, message: (thrown as Error).message });
  const detail = { cause: thrown, code, kind };
  const elsewhere = redirectedTo(thrown);
  if (elsewhere !== undefined && elsewhere !== region)
    return usageError(`the bucket ${bucket} is in ${elsewhere}, not in ${region}`, {
      ...detail,
      call: 'refused',
      field: '--bucket',
      next: `use --region ${elsewhere}, or a bucket in ${region}`,
    });
  if (code === 'NoSuchBucket')
    return usageError(`there is no bucket ${bucket}`, { ...detail, call: 'refused', field: '--bucket' });
  if (code === 'NoSuchKey' || (code === 'NotFound' && operation === 'GetObject'))
    return failure(`there is no such object in ${bucket}`, { ...detail, call: 'refused' });
  if (kind === 'denied')
    return missing(`not allowed to ${action} in the bucket ${bucket}`, {
      ...detail,
      call: 'refused',
      next: `allow ${action} in the role's or user's policy, and see to the bucket's own`,
    });
  if (code === 'TimeoutError')
    return failure(`no answer from S3 to ${action} (timed out, or the connection broke)`, {
      ...detail,
      call: 'unclear',
      next: 'see whether the endpoint is reachable, then run it again: what is there is not sent twice',
    });
  const { message, exit, next, call } = asHybridError(thrown, s3, operation, region);
  const unreadable = message.startsWith('the answer to');
  return new HybridError(exit, message, {
    ...detail,
    ...(call === undefined ? {} : { call }),
    ...(unreadable ? { next: 'see to AWS_ENDPOINT_URL and any proxy in between' } : next === undefined ? {} : { next }),
  });
};
