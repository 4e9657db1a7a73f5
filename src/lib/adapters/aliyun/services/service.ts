import type { AliyunProduct } from '../../../core/aliyun.ts';
import type { ErrorRules } from '../../error-kinds.ts';

/** All that the adapters know of one product of Alibaba Cloud. */
export interface ProductDescriptor {
  /** As its CLI and RAM policies name it. */
  readonly name: AliyunProduct;
  /** As people name it. */
  readonly title: string;
  /** Of the API, where a call names none. OSS has none. */
  readonly version?: string;
  readonly host: (region: string) => string;
  /** Versions whose documentation has the first signature of RPC alone (HMAC-SHA1); the others take ACS3-HMAC-SHA256. */
  readonly firstSignature?: readonly string[];
  /** What the product's own error codes mean; what all products have in common is COMMON_ERRORS. */
  readonly errors: ErrorRules;
  /** Nothing is wrong with the call itself, but the account lacks something: exit 4. */
  readonly lacking?: readonly string[];
}

/** Codes that any product may answer with; both spellings of NoPermission are in use. */
export const COMMON_ERRORS: ErrorRules = {
  denied: ['NoPermission*', 'NoPermisson*', 'Forbidden.RAM', 'AccessDenied', 'Forbidden'],
  throttled: ['Throttling*', 'ServiceUnavailable'],
};
