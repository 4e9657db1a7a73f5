import type { CloudOptions } from '../../core/ports.ts';

export interface Tuning {
  /** Longest wait for a connection and for an answer, ms. */
  readonly connectMs: number;
  readonly answerMs: number;
  /** Tries in all, the first included. */
  readonly attempts: number;
}

/**
 * Five tries of the standard mode wait out a throttled burst of a few seconds and end well within a minute even against
 * a silent endpoint.
 */
const PATIENT: Tuning = { connectMs: 3_000, answerMs: 8_000, attempts: 5 };
/** EC2 answers within a second as a rule; a caller that asks again by itself learns of a lost answer soon. */
const ONCE: Tuning = { connectMs: 1_000, answerMs: 4_000, attempts: 1 };

/**
 * The SDK's name for "I know about this Node version". It writes several lines on stderr when a later SDK release will
 * drop the running Node; that is the packager's business, not the business of whoever moves a route at night.
 */
const QUIET = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/**
 * Credentials, endpoints (aws-cn included) and `AWS_ENDPOINT_URL` follow the SDK's own rules. Standard retry mode:
 * adaptive may delay the first request, which a failover can't have.
 */
export const clientConfig = ({ region, profile, once = false }: CloudOptions, tuning: Partial<Tuning> = {}) => {
  process.env[QUIET] ??= 'true';
  const { connectMs, answerMs, attempts } = { ...(once ? ONCE : PATIENT), ...tuning };
  return {
    region,
    ...(profile === undefined ? {} : { profile }),
    retryMode: 'standard',
    maxAttempts: attempts,
    requestHandler: { connectionTimeout: connectMs, requestTimeout: answerMs, throwOnRequestTimeout: true },
  };
};

/**
 * S3, and whatever speaks its protocol: path-style where an endpoint was named (such a server seldom has a name for
 * each bucket), and checksums only where the API demands them, since many servers don't know the newer ones.
 */
export const storageConfig = ({ s3Url }: Pick<CloudOptions, 's3Url'>) => {
  const named = s3Url ?? process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
  return {
    ...(s3Url === undefined ? {} : { endpoint: s3Url }),
    forcePathStyle: named !== undefined,
    requestChecksumCalculation: 'WHEN_REQUIRED' as const,
    responseChecksumValidation: 'WHEN_REQUIRED' as const,
  };
};
