import type { S3Client } from '@aws-sdk/client-s3';
import { unreadable } from './errors.ts';
import type { ServiceDescriptor } from './services/service.ts';

interface Seen {
  readonly response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string | undefined>> };
  readonly output?: Readonly<Record<string, unknown>>;
}

/** Fields that the service's own answer always has, where servers that speak its protocol need not number theirs. */
const OWN: Readonly<Record<string, string>> = {
  ListObjectsV2: 'IsTruncated',
  ListMultipartUploads: 'IsTruncated',
  ListParts: 'IsTruncated',
  CreateMultipartUpload: 'UploadId',
  CompleteMultipartUpload: 'ETag',
  UploadPart: 'ETag',
  PutObject: 'ETag',
  GetObject: 'ETag',
  HeadObject: 'ETag',
  GetBucketTagging: 'TagSet',
};

/** By which AWS, and most of those that speak its protocol, number every answer. Source: "Common response headers". */
const NUMBERS = ['x-amz-request-id', 'x-amz-id-2', 'x-oss-request-id'];

const isNumbered = ({ headers = {} }: NonNullable<Seen['response']>): boolean =>
  NUMBERS.some((name) => (headers[name] ?? '') !== '');
/** A page for people is a proxy's or a captive portal's; web servers give an ETag to their pages too. */
const isPage = (response: Seen['response'] = {}): boolean =>
  !isNumbered(response) && /\bhtml\b/.test(response.headers?.['content-type'] ?? '');

/** Whether an answer is the service's. @param operation as the SDK names it */
const isOwn = (operation: string, { response = {}, output }: Seen): boolean => {
  if (isNumbered(response)) return true;
  if (isPage(response)) return false;
  const field = OWN[operation];
  if (field !== undefined) return output?.[field] !== undefined;
  // What has no content of its own.
  const { 'content-type': type = '', 'content-length': length } = response.headers ?? {};
  return (
    response.statusCode === 204 ||
    length === '0' ||
    type === '' ||
    /\bxml\b/.test(type) ||
    type === 'application/octet-stream'
  );
};

/**
 * An answer counts only if it is the service's: a page that answers 200 to whatever it is asked would make a file seem
 * stored, a list seem empty, and the page itself an object's content.
 */
export const ownAnswersOnly = (client: Pick<S3Client, 'middlewareStack'>, s3: ServiceDescriptor): void =>
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const operation = (context.commandName ?? '').replace(/Command$/, '');
      let result: Awaited<ReturnType<typeof next>>;
      try {
        result = await next(args);
      } catch (error) {
        const { $response } = error as { readonly $response?: Seen['response'] };
        // An answer to HEAD has no body to judge: 404 of a proxy says nothing of the object.
        if (operation.startsWith('Head') && isPage($response)) throw unreadable(s3, operation, error);
        throw error;
      }
      if (!isOwn(operation, result as unknown as Seen)) throw unreadable(s3, operation);
      return result;
    },
    { step: 'deserialize', priority: 'high', name: 'ownAnswersOnly' },
  );
