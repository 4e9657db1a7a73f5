import type { Service } from '../../../core/aws.ts';
import type { CloudOptions } from '../../../core/ports.ts';
import type { ErrorRules } from '../../error-kinds.ts';

/** All that the adapters know of one AWS service. */
export interface ServiceDescriptor {
  /** As the AWS CLI names it. */
  readonly name: Service;
  /** As people name it: `Elastic Load Balancing`. */
  readonly title: string;
  /** As a policy names it, where that differs from the name. */
  readonly iamPrefix?: string;
  readonly client: (
    config: object,
    options: Pick<CloudOptions, 's3Url'>,
  ) => { send(command: never, options: object): Promise<unknown> };
  /** Servers that speak this service's protocol need not number their answers, as AWS does. */
  readonly unnumbered?: boolean;
  /** The operations that hybridctl ever sends: what is not listed is not in the bundle. */
  readonly commands: Readonly<Record<string, (new (input: never) => unknown) | undefined>>;
  /** What the service's own error codes mean; what all services have in common is COMMON_ERRORS. */
  readonly errors: ErrorRules;
  /** Where an error of kind `elsewhere` says that the thing is. */
  readonly regionIn?: (thrown: unknown) => string | undefined;
}

/** Codes that any AWS service may answer with. Source: "Common errors" in each service's API reference. */
export const COMMON_ERRORS: ErrorRules = {
  denied: ['AccessDenied', 'UnauthorizedOperation', 'AuthorizationError', 'Forbidden'],
  throttled: ['Throttling', 'Throttled', 'RequestLimitExceeded', 'RequestThrottled', 'TooManyRequests', 'SlowDown'],
  // AWS knows every operation that is sent; an emulator may lack some.
  unsupported: ['InvalidAction', 'UnknownOperation', 'NotImplemented'],
};

/** The action as a policy names it: `elasticloadbalancing:DescribeLoadBalancers`. */
export const actionOf = ({ name, iamPrefix = name }: ServiceDescriptor, operation: string): string =>
  `${iamPrefix}:${operation}`;
