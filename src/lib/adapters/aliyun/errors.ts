import { failure, HybridError, interrupted, missing, usageError, type CallFailure } from '../../core/errors.ts';
import { kindOf } from '../error-kinds.ts';
import { COMMON_ERRORS, type ProductDescriptor } from './services/service.ts';

/** What an error of the OpenAPI core, of ali-oss or of the HTTP client below them may carry. */
interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly statusCode?: number;
  readonly status?: number;
  readonly requestId?: string;
  readonly data?: { readonly Code?: string; readonly Message?: string; readonly RequestId?: string };
}

const CREDENTIALS =
  /^(InvalidAccessKeyId(Error|\..+)?|InvalidSecurityToken.*|SignatureDoesNotMatch|IncompleteSignature|SecurityTokenExpired|InvalidCredentials|RequestTimeTooSkewed)$/;
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'RequestError',
  'ConnectionTimeoutError',
  'ResponseTimeoutError',
  'RequestTimeoutError',
]);

/** The service's own code; people search for it. */
export const codeOf = (thrown: unknown): string => {
  const { data, code, name } = thrown as SdkError;
  return String(data?.Code ?? code ?? name ?? '');
};

/** The core writes `code: 404, <message> request id: <id>`; the message alone is for people. */
const sentence = ({ data, message }: SdkError): string => {
  const line = (data?.Message ?? message ?? '')
    .replace(/^code: \d+, /, '')
    .replace(/ request id: .*$/s, '')
    .split('\n')[0]!
    .trim();
  return line.length > 160 ? `${line.slice(0, 157)}...` : line;
};

/** Worth another try, since nothing was done: the service sends us away for a moment. */
export const isThrottled = (thrown: unknown): boolean =>
  kindOf([COMMON_ERRORS], { code: codeOf(thrown), operation: '', message: '' }) === 'throttled';

/** Worth another try of a call that may be made twice: the service or the line failed. */
export const isPassing = (thrown: unknown): boolean =>
  isThrottled(thrown) ||
  UNREACHABLE.has(codeOf(thrown)) ||
  (((thrown as SdkError).status ?? 0) >= 500 && !(thrown instanceof HybridError));

export const CREDENTIALS_NEXT =
  'set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run "hybridctl fpga config", or give --profile';

/**
 * An error of Alibaba's SDKs in our words: whose fault, and one next step. `code` is the service's own, so that
 * `fpga explain` finds it. No cause goes along: the credentials library puts whole files into its messages.
 * @param operation as a RAM policy names it: `PutObject`
 */
export const asHybridError = (
  thrown: unknown,
  product: ProductDescriptor,
  operation: string,
  region: string,
): HybridError => {
  if (thrown instanceof HybridError) return thrown;
  const error = thrown as SdkError;
  const code = codeOf(thrown);
  const status = error.statusCode ?? error.status ?? 0;
  const action = `${product.name}:${operation}`;
  const kind = kindOf([product.errors, COMMON_ERRORS], { code, operation, message: error.message ?? '' });
  const call: CallFailure = kind === 'throttled' ? 'throttled' : status >= 400 && status < 500 ? 'refused' : 'unclear';
  const detail = { call, code, kind };
  if (code === 'AbortError') return interrupted();
  if (CREDENTIALS.test(code))
    return missing(`Alibaba Cloud refused the credentials (${code})`, { ...detail, next: CREDENTIALS_NEXT });
  if (kind === 'elsewhere')
    return usageError(`the bucket is not in ${region}`, {
      ...detail,
      code: 'BucketInOtherRegion',
      field: '--region',
      next: 'give the region of the bucket: "aliyun oss stat oss://BUCKET" names it',
    });
  if (kind === 'denied')
    return missing(`not allowed to call ${action} in ${region} (${code})`, {
      ...detail,
      next: `allow ${action} in a RAM policy of the user or role`,
    });
  if (kind === 'throttled')
    return failure(`${product.title} throttles ${action} (${code})`, {
      ...detail,
      next: 'wait some seconds and run it again: what is done already is not done twice',
    });
  if (UNREACHABLE.has(code) || UNREACHABLE.has(error.name ?? ''))
    return failure(`the ${product.title} endpoint of ${region} is not reachable (${code})`, {
      ...detail,
      call: 'unclear',
      next: 'check network, proxy and ALIBABA_CLOUD_ENDPOINT_URL',
    });
  if (
    status === 0 ||
    code === '' ||
    code === 'undefined' ||
    /^(Error|SyntaxError|TypeError|Unknown(Error)?)$/.test(code)
  )
    return unreadable(product, operation);
  if (code === 'NoSuchBucket')
    return failure(`${action}: there is no such bucket`, {
      ...detail,
      next: 'correct --bucket: "aliyun oss ls" lists your own',
    });
  // Tickets begin with it.
  const request = error.data?.RequestId ?? error.requestId;
  return (product.lacking?.includes(code) === true ? missing : failure)(
    `${action}: ${code}${sentence(error) === '' ? '' : `: ${sentence(error)}`}`,
    { ...detail, ...(request === undefined ? {} : { more: [`request id ${request}`] }) },
  );
};

/** A proxy or a captive portal stands in the way. */
export const unreadable = (product: ProductDescriptor, operation: string): HybridError =>
  failure(`the answer to ${product.name}:${operation} is not ${product.title}'s`, {
    call: 'unclear',
    next: 'see to ALIBABA_CLOUD_ENDPOINT_URL and any proxy in between',
  });
