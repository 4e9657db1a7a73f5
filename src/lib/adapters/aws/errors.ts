import { failure, HybridError, interrupted, missing, type CallFailure } from '../../core/errors.ts';

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
const FORBIDDEN = new Set([
  'Forbidden',
  'UnauthorizedOperation',
  'AccessDenied',
  'AccessDeniedException',
  'AuthorizationError',
  'AuthorizationErrorException',
]);
const THROTTLED = new Set([
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'EC2ThrottledException',
  'SlowDown',
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

const NAMES: Readonly<Record<string, string>> = {
  sns: 'SNS',
  cloudwatch: 'CloudWatch',
  iam: 'IAM',
  ssm: 'Systems Manager',
  sts: 'STS',
  cloudformation: 'CloudFormation',
  directconnect: 'Direct Connect',
  s3: 'S3',
  events: 'EventBridge',
  lambda: 'Lambda',
  sqs: 'SQS',
  elasticloadbalancing: 'Elastic Load Balancing',
};
/** Who answers an action, as people call it. */
const serviceOf = (action: string): string => NAMES[action.split(':')[0]!] ?? 'EC2';

export const codeOf = (error: unknown): string => (error as SdkError).name ?? '';

/** AWS knows every operation that is sent; an emulator may lack some. */
const UNKNOWN = new Set(['InvalidAction', 'UnknownOperationException', 'NotImplemented', 'NotImplementedException']);
const LACKS = 'see to AWS_ENDPOINT_URL: an emulator of AWS may lack this operation';

/**
 * A first line fit for a person. EC2 puts an encoded policy document into some messages: nothing that long is shown.
 */
const sentence = (error: SdkError): string => {
  const line = (error.message ?? '').split('\n')[0]!.trim();
  return line.length > 160 ? `${line.slice(0, 157)}...` : line;
};

/**
 * An SDK error in our words: whose fault, and one next step. EC2's own codes are kept: people search for them.
 * @param action the IAM action, e.g. `ec2:ReplaceRoute`
 */
export const asHybridError = (thrown: unknown, action: string, region: string): HybridError => {
  if (thrown instanceof HybridError) return thrown;
  const error = thrown as SdkError;
  const code = codeOf(thrown);
  const detail = { cause: thrown, call: callOf(error, code), code };
  if (code === 'AbortError') return interrupted();
  if (CREDENTIALS.has(code)) {
    const why =
      code === 'CredentialsProviderError' ? 'no usable AWS credentials' : `AWS refused the credentials (${code})`;
    return missing(why, {
      ...detail,
      next: 'give --profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where an instance role is attached',
    });
  }
  if (FORBIDDEN.has(code))
    return missing(`not allowed to call ${action} in ${region}`, {
      ...detail,
      next: `allow ${action} in the role's or user's policy`,
    });
  if (THROTTLED.has(code))
    return failure(`${serviceOf(action)} throttles ${action} (${code})`, {
      ...detail,
      next: 'wait some seconds and run it again: what is done already is not done twice',
    });
  if (code === 'TimeoutError')
    return failure(`no answer from ${serviceOf(action)} to ${action} (timed out, or the connection broke)`, {
      ...detail,
      next: `see whether the endpoint is reachable: a call without an answer may have been applied; ${lookAgain(action)}`,
    });
  if (UNREACHABLE.has(error.code ?? '') || UNREACHABLE.has(code))
    return failure(`the ${serviceOf(action)} endpoint of ${region} is not reachable (${error.code ?? code})`, {
      ...detail,
      next: 'see to network, proxy and AWS_ENDPOINT_URL',
    });
  if (UNKNOWN.has(code))
    return failure(`the endpoint of ${region} does not know ${action} (${code})`, { ...detail, next: LACKS });
  if (isUnreadable(error)) return unreadable(action, thrown);
  return failure(`${action}: ${code}${sentence(error) === '' ? '' : `: ${sentence(error)}`}`, detail);
};

/** Where to see what became of a call that nobody knows about. */
const lookAgain = (action: string): string =>
  /:(Create|Replace|Delete)Route$/.test(action)
    ? '"hybridctl route status" shows what was applied'
    : 'run it again: it looks at what is there first';

/** EC2 applies nothing it answers with a 4xx; with a 5xx, or without an answer, nobody knows. */
const callOf = ({ $metadata }: SdkError, code: string): CallFailure => {
  if (THROTTLED.has(code)) return 'throttled';
  if (CREDENTIALS.has(code) || FORBIDDEN.has(code)) return 'refused';
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

export const unreadable = (action: string, cause?: unknown): HybridError =>
  failure(`the answer to ${action} is not ${serviceOf(action)}'s`, {
    call: 'unclear',
    ...(cause === undefined ? {} : { cause }),
    next: `see to AWS_ENDPOINT_URL (an emulator of AWS may lack this operation) and any proxy in between; ${lookAgain(action)}`,
  });
