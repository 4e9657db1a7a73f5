import { EC2_ACTIONS, type Action } from './actions.ts';
import { ApiError } from './error.ts';
import { EC2_QUERY, yes, type Params, type Protocol } from './protocol.ts';

/** EC2 behind the endpoint. */
export interface Ec2Service {
  readonly protocol: Protocol;
  readonly operations: Readonly<Record<string, Action>>;
  /** Refuses a rehearsal (EC2's DryRun) with the word that it would have gone well. */
  rehearse(operation: string, input: { readonly params: Params }): void;
  unknown(operation: string | undefined): ApiError;
  readonly throttled: ApiError;
}

export const EC2: Ec2Service = {
  protocol: EC2_QUERY,
  operations: EC2_ACTIONS,
  // EC2's own rehearsal: permissions would be enough, nothing is done.
  rehearse(operation, { params }) {
    if (!/^(Describe|Get)/.test(operation) && yes(params, 'DryRun'))
      throw new ApiError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
  },
  unknown: (operation) =>
    operation === undefined
      ? new ApiError('MissingAction', 'The request is missing an action.')
      : new ApiError('InvalidAction', `The action ${operation} is not valid for this web service.`),
  throttled: new ApiError('RequestLimitExceeded', 'Request limit exceeded.', 503),
};
