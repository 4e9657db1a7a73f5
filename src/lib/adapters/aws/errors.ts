import { failure, HybridError, interrupted, missing, type CallFailure, type ErrorKind } from '../../core/errors.ts';
import { kindOf } from '../error-kinds.ts';
import { actionOf, COMMON_ERRORS, type ServiceDescriptor } from './services/service.ts';

/** What an error from the SDK may carry. */
interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: unknown;
}

const CREDENTIALS = new Set([
  'InvalidAccessKeyId',
  'CredentialsProviderError',
  'TokenProviderError',
  'AuthFailure',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
  'OptInRequired',
  'PendingVerification',
  'Blocked',
]);
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

export const codeOf = (error: unknown): string => (error as SdkError).name ?? '';

const LACKS = 'see to AWS_ENDPOINT_URL: an emulator of AWS may lack this operation';

/**
 * A first line fit for a person. EC2 puts an encoded policy document into some messages: nothing that long is shown.
 */
const sentence = (error: SdkError): string => {
  const line = (error.message ?? '').split('\n')[0]!.trim();
  return line.length > 160 ? `${line.slice(0, 157)}...` : line;
};

/** What an SDK error means, by the codes of the service that gave it; undefined where that says nothing of use. */
export const kindOfError = (thrown: unknown, service: ServiceDescriptor, operation: string): ErrorKind | undefined =>
  kindOf([service.errors, COMMON_ERRORS], {
    code: codeOf(thrown),
    operation,
    message: (thrown as SdkError).message ?? '',
  });

/**
 * An SDK error in our words: its kind, whose fault it is, and one next step. The service's own codes are kept: people
 * search for them.
 */
export const asHybridError = (
  thrown: unknown,
  service: ServiceDescriptor,
  operation: string,
  region: string,
): HybridError => {
  if (thrown instanceof HybridError) return thrown;
  const error = thrown as SdkError;
  const code = codeOf(thrown);
  const action = actionOf(service, operation);
  const kind = kindOfError(thrown, service, operation);
  const detail = {
    cause: thrown,
    call: callOf(error, code, kind),
    code,
    kind,
    region: kind === 'elsewhere' ? service.regionIn?.(thrown) : undefined,
  };
  if (code === 'AbortError') return interrupted();
  if (CREDENTIALS.has(code)) {
    const why =
      code === 'CredentialsProviderError' ? 'no usable AWS credentials' : `AWS refused the credentials (${code})`;
    return missing(why, {
      ...detail,
      next: 'give --profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where an instance role is attached',
    });
  }
  if (kind === 'denied')
    return missing(`not allowed to call ${action} in ${region}`, {
      ...detail,
      next: `allow ${action} in the role's or user's policy`,
    });
  if (kind === 'throttled')
    return failure(`${service.title} throttles ${action} (${code})`, {
      ...detail,
      next: 'wait some seconds and run it again: what is done already is not done twice',
    });
  if (code === 'TimeoutError')
    return failure(`no answer from ${service.title} to ${action} (timed out, or the connection broke)`, {
      ...detail,
      next: `see whether the endpoint is reachable: a call without an answer may have been applied; ${lookAgain(operation)}`,
    });
  if (UNREACHABLE.has(error.code ?? '') || UNREACHABLE.has(code))
    return failure(`the ${service.title} endpoint of ${region} is not reachable (${error.code ?? code})`, {
      ...detail,
      next: 'check network, proxy and AWS_ENDPOINT_URL',
    });
  if (kind === 'unsupported')
    return failure(`the endpoint of ${region} does not know ${action} (${code})`, { ...detail, next: LACKS });
  if (isUnreadable(error)) return unreadable(service, operation, thrown);
  return failure(`${action}: ${code}${sentence(error) === '' ? '' : `: ${sentence(error)}`}`, detail);
};

/** Where to see what became of a call that nobody knows about. */
const lookAgain = (operation: string): string =>
  /^(Create|Replace|Delete)Route$/.test(operation)
    ? '"hybridctl route status" shows what was applied'
    : 'run it again: it looks at what is there first';

/** AWS applies nothing it answers with a 4xx; with a 5xx, or without an answer, nobody knows. */
const callOf = ({ $metadata }: SdkError, code: string, kind: ErrorKind | undefined): CallFailure => {
  if (kind === 'throttled') return 'throttled';
  if (CREDENTIALS.has(code) || kind === 'denied') return 'refused';
  const status = $metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500 ? 'refused' : 'unclear';
};

/** The SDK's parser gave up, or an error document had no code: a proxy or a captive portal stands in the way. */
const isUnreadable = (error: SdkError): boolean =>
  error.name === undefined ||
  error.name === 'Error' ||
  error.name === 'SyntaxError' ||
  error.name === 'TypeError' ||
  error.name === 'Unknown' ||
  error.name === 'UnknownError' ||
  (error.$metadata === undefined && error.code === undefined);

export const unreadable = (service: ServiceDescriptor, operation: string, cause?: unknown): HybridError =>
  failure(`the answer to ${actionOf(service, operation)} is not ${service.title}'s`, {
    call: 'unclear',
    ...(cause === undefined ? {} : { cause }),
    next: `see to AWS_ENDPOINT_URL (an emulator of AWS may lack this operation) and any proxy in between; ${lookAgain(operation)}`,
  });
