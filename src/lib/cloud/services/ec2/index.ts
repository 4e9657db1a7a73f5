import { EC2_QUERY } from '../../codec/query.ts';
import { ApiError } from '../../error.ts';
import { cloudService } from '../../service.ts';
import { addresses } from './addresses.ts';
import { fpga } from './fpga.ts';
import { groups } from './groups.ts';
import { images } from './images.ts';
import { instances } from './instances.ts';
import { keys } from './keys.ts';
import { launch } from './launch.ts';
import { nat } from './nat.ts';
import { routes } from './routes.ts';
import { subnets } from './subnets.ts';
import { vpcs } from './vpcs.ts';
import { vpn } from './vpn.ts';

export const service = cloudService('ec2', {
  protocol: EC2_QUERY,
  operations: {
    ...addresses,
    ...fpga,
    ...groups,
    ...images,
    ...instances,
    ...keys,
    ...launch,
    ...nat,
    ...routes,
    ...subnets,
    ...vpcs,
    ...vpn,
  },
  // EC2's own rehearsal: permissions would be enough, nothing is done.
  check(operation, { DryRun }) {
    if (!/^(Describe|Get)/.test(operation) && DryRun === true)
      throw new ApiError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
  },
  unknown: (operation) =>
    operation === undefined
      ? new ApiError('MissingAction', 'The request is missing an action.')
      : new ApiError('InvalidAction', `The action ${operation} is not valid for this web service.`),
  throttled: new ApiError('RequestLimitExceeded', 'Request limit exceeded.', 503),
});
