import { failure, HybridError, interrupted, missing, usageError, type CallFailure } from '../../core/errors.ts';

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
const FORBIDDEN = /^(NoPermissi?on.*|Forbidden\.RAM|AccessDenied|Forbidden)$/;
/** The role or the key is not what FaaS wants: nothing is wrong with the call itself. */
const UNFIT = /^(RoleAccessError|EntityNotExist\.RoleError|AccessDeniedError|CALLER TYPE NOT SUPPORT)$/;
const THROTTLED = /^Throttling|^ServiceUnavailable$/;
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

const NAMES: Readonly<Record<string, string>> = { faas: 'FaaS', oss: 'OSS', ram: 'RAM', sts: 'STS' };
const serviceOf = (action: string): string => NAMES[action.split(':')[0]!] ?? action;

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
export const isThrottled = (thrown: unknown): boolean => THROTTLED.test(codeOf(thrown));

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
 * @param action the RAM action, e.g. `oss:PutObject`
 */
export const asHybridError = (thrown: unknown, action: string, region: string): HybridError => {
  if (thrown instanceof HybridError) return thrown;
  const error = thrown as SdkError;
  const code = codeOf(thrown);
  const status = error.statusCode ?? error.status ?? 0;
  const call: CallFailure = THROTTLED.test(code) ? 'throttled' : status >= 400 && status < 500 ? 'refused' : 'unclear';
  const detail = { call, code };
  if (code === 'AbortError') return interrupted();
  if (CREDENTIALS.test(code))
    return missing(`Alibaba Cloud refused the credentials (${code})`, { ...detail, next: CREDENTIALS_NEXT });
  // OSS answers so where the bucket lies elsewhere, and names the right endpoint.
  if (code === 'AccessDenied' && /specified endpoint/.test(error.message ?? ''))
    return usageError(`the bucket is not in ${region}`, {
      ...detail,
      code: 'BucketInOtherRegion',
      field: '--region',
      next: 'give the region of the bucket: "aliyun oss stat oss://BUCKET" names it',
    });
  if (FORBIDDEN.test(code))
    return missing(`not allowed to call ${action} in ${region} (${code})`, {
      ...detail,
      next: `allow ${action} in a RAM policy of the user or role`,
    });
  if (call === 'throttled')
    return failure(`${serviceOf(action)} throttles ${action} (${code})`, {
      ...detail,
      next: 'wait some seconds and run it again: what is done already is not done twice',
    });
  if (UNREACHABLE.has(code) || UNREACHABLE.has(error.name ?? ''))
    return failure(`the ${serviceOf(action)} endpoint of ${region} is not reachable (${code})`, {
      ...detail,
      call: 'unclear',
      next: 'see to network, proxy and ALIBABA_CLOUD_ENDPOINT_URL',
    });
  if (
    status === 0 ||
    code === '' ||
    code === 'undefined' ||
    /^(Error|SyntaxError|TypeError|Unknown(Error)?)$/.test(code)
  )
    return unreadable(action);
  if (code === 'NoSuchBucket')
    return failure(`${action}: there is no such bucket`, {
      ...detail,
      next: 'correct --bucket: "aliyun oss ls" lists your own',
    });
  // Tickets begin with it.
  const request = error.data?.RequestId ?? error.requestId;
  return (UNFIT.test(code) ? missing : failure)(
    `${action}: ${code}${sentence(error) === '' ? '' : `: ${sentence(error)}`}`,
    { ...detail, ...(request === undefined ? {} : { more: [`request id ${request}`] }) },
  );
};

/** A proxy or a captive portal stands in the way. */
export const unreadable = (action: string): HybridError =>
  failure(`the answer to ${action} is not ${serviceOf(action)}'s`, {
    call: 'unclear',
    next: 'see to ALIBABA_CLOUD_ENDPOINT_URL and any proxy in between',
  });
