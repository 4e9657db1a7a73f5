import { ACL_ACTIONS } from './actions-acls.ts';
import { ADDRESS_ACTIONS } from './actions-addresses.ts';
import { FPGA_ACTIONS } from './actions-fpga.ts';
import { GROUP_ACTIONS } from './actions-groups.ts';
import { IMAGE_ACTIONS } from './actions-images.ts';
import { INSTANCE_ACTIONS } from './actions-instances.ts';
import { KEY_ACTIONS } from './actions-keys.ts';
import { LAUNCH_ACTIONS } from './actions-launch.ts';
import { NAT_ACTIONS } from './actions-nat.ts';
import { NETWORK_ACTIONS } from './actions-network.ts';
import { ROUTE_ACTIONS } from './actions-routes.ts';
import { TAG_ACTIONS } from './actions-tags.ts';
import { VPC_ACTIONS } from './actions-vpc.ts';
import { VPN_ACTIONS } from './actions-vpn.ts';
import type { CloudModel } from './model.ts';
import type { Json, Params, Xml } from './protocol.ts';
import type { CloudState } from './state.ts';

/**
 * One operation: reads see `state`, which may be older than the present; writes go through `cloud.change`. Its input is
 * `params` in the query protocols and `json` in the JSON ones; the other is empty. `partly`: a fault takes part of a
 * batch.
 */
export type Action = (call: {
  readonly cloud: CloudModel;
  readonly state: CloudState;
  readonly params: Params;
  readonly json: Json;
  readonly partly?: boolean;
}) => Xml;

export const EC2_ACTIONS: Readonly<Record<string, Action>> = {
  ...NETWORK_ACTIONS,
  ...VPC_ACTIONS,
  ...NAT_ACTIONS,
  ...ACL_ACTIONS,
  ...ROUTE_ACTIONS,
  ...TAG_ACTIONS,
  ...GROUP_ACTIONS,
  ...ADDRESS_ACTIONS,
  ...IMAGE_ACTIONS,
  ...KEY_ACTIONS,
  ...LAUNCH_ACTIONS,
  ...INSTANCE_ACTIONS,
  ...VPN_ACTIONS,
  ...FPGA_ACTIONS,
};
