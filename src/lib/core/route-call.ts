import type { Input } from './aws.ts';
import { failure } from './errors.ts';
import type { Destination, RouteTarget, RouteWrite } from './ports.ts';

/** EC2's names of the calls, for runbooks, metrics and messages. */
export const ROUTE_CALL = {
  create: 'CreateRoute',
  replace: 'ReplaceRoute',
  delete: 'DeleteRoute',
} as const satisfies Record<RouteWrite['kind'], string>;

const through = (target: RouteTarget): Partial<Input<'ec2', 'CreateRoute'>> => {
  switch (target.kind) {
    case 'vgw':
    case 'igw':
      return { GatewayId: target.id };
    case 'eni':
      return { NetworkInterfaceId: target.id };
    case 'instance':
      return { InstanceId: target.id };
    default:
      throw failure(`a route can't be pointed at ${target.id} by hybridctl`);
  }
};

/** What the call of a write takes. @throws failure for a target that hybridctl writes no routes to. */
export const routeInput = (
  table: string,
  destination: Destination,
  write: RouteWrite,
): Input<'ec2', 'CreateRoute'> => ({
  RouteTableId: table,
  ...(destination.startsWith('pl-') ? { DestinationPrefixListId: destination } : { DestinationCidrBlock: destination }),
  ...(write.kind === 'delete' ? {} : through(write.target)),
});
