import { ApiError, invalidValue } from '../../error.ts';
import { hasInterface, type CloudState } from '../../state.ts';
import type { Tags } from '../../tags.ts';

/** Source: "Tag restrictions" in the EC2 user guide. */
const MOST_TAGS = 50;

/** Everything that can carry tags: kind as TagSpecification names it, by id. */
export const taggables = (state: CloudState): ReadonlyMap<string, string> => {
  const live = state.instances.filter(hasInterface);
  const kinds: readonly (readonly [string, readonly { readonly id: string }[]])[] = [
    ['vpc', state.vpcs],
    ['internet-gateway', state.internetGateways],
    ['subnet', state.subnets],
    ['route-table', state.tables],
    ['security-group', state.securityGroups],
    ['security-group-rule', state.securityGroups.flatMap(({ rules }) => rules)],
    ['instance', state.instances],
    ['network-interface', live.map(({ eni }) => ({ id: eni }))],
    ['volume', live.flatMap(({ volumes }) => volumes)],
    ['elastic-ip', state.addresses],
    ['key-pair', state.keyPairs],
    ['natgateway', state.natGateways],
    ['launch-template', state.launchTemplates],
    ['vpn-gateway', state.vgws],
    ['customer-gateway', state.customerGateways],
    ['vpn-connection', state.vpnConnections],
    ['fpga-image', state.fpgaImages],
    ['prefix-list', state.prefixLists],
  ];
  return new Map(kinds.flatMap(([kind, items]) => items.map(({ id }) => [id, kind] as const)));
};

export const tagsOf = (state: CloudState, id: string): Tags => (Object.hasOwn(state.tags, id) ? state.tags[id]! : {});

/** How EC2 names what is not there, by the id's prefix. */
const ABSENT: Readonly<Record<string, string>> = {
  vpc: 'InvalidVpcID.NotFound',
  igw: 'InvalidInternetGatewayID.NotFound',
  subnet: 'InvalidSubnetID.NotFound',
  rtb: 'InvalidRouteTableID.NotFound',
  sg: 'InvalidGroup.NotFound',
  sgr: 'InvalidSecurityGroupRuleId.NotFound',
  i: 'InvalidInstanceID.NotFound',
  eni: 'InvalidNetworkInterfaceID.NotFound',
  vol: 'InvalidVolume.NotFound',
  eipalloc: 'InvalidAllocationID.NotFound',
  key: 'InvalidKeyPair.NotFound',
  nat: 'InvalidNatGatewayID.NotFound',
  lt: 'InvalidLaunchTemplateId.NotFound',
  vgw: 'InvalidVpnGatewayID.NotFound',
  cgw: 'InvalidCustomerGatewayID.NotFound',
  vpn: 'InvalidVpnConnectionID.NotFound',
  afi: 'InvalidFpgaImageID.NotFound',
  pl: 'InvalidPrefixListID.NotFound',
};

const refuse = (tags: Tags): void => {
  for (const [key, value] of Object.entries(tags)) {
    if (/^aws:/i.test(key)) throw invalidValue("Tag keys starting with 'aws:' are reserved for internal use");
    if (key === '' || key.length > 127) throw invalidValue('Tag key must be between 1 and 127 characters long');
    if (value.length > 255) throw invalidValue('Tag value exceeds the maximum length of 255 characters');
  }
};

/**
 * Adds tags, and changes the values of those that are there. @throws ApiError, with nothing done, where one resource is
 * not there.
 */
export const addTags = (state: CloudState, ids: readonly string[], tags: Tags): CloudState => {
  refuse(tags);
  const known = taggables(state);
  return ids.reduce((next, id) => {
    if (!known.has(id)) {
      const code = ABSENT[id.split('-')[0]!];
      throw code === undefined
        ? new ApiError('InvalidID', `The ID '${id}' is not valid`)
        : new ApiError(code, `The ID '${id}' does not exist`);
    }
    const after = { ...tagsOf(next, id), ...tags };
    if (Object.keys(after).length > MOST_TAGS)
      throw new ApiError('TagLimitExceeded', 'The maximum number of tags for a resource has been reached.');
    return { ...next, tags: { ...next.tags, [id]: after } };
  }, state);
};

/** @param tags value undefined: whatever the value. What is not there is no error. */
export const removeTags = (
  state: CloudState,
  ids: readonly string[],
  tags: Readonly<Record<string, string | undefined>>,
): CloudState =>
  ids.reduce((next, id) => {
    const left = Object.entries(tagsOf(next, id)).filter(
      ([key, value]) => !Object.hasOwn(tags, key) || (tags[key] !== undefined && tags[key] !== value),
    );
    return { ...next, tags: { ...next.tags, [id]: Object.fromEntries(left) } };
  }, state);

/** Forgets the tags of what is no more. */
export const withoutTags = (state: CloudState, ...ids: readonly string[]): CloudState => ({
  ...state,
  tags: Object.fromEntries(Object.entries(state.tags).filter(([id]) => !ids.includes(id))),
});
