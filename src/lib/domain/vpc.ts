import { cidr, covers, type Cidr } from './cidr.ts';
import type { Site } from './site.ts';

/**
 * Every CIDR of the VPC: the first, and what `cloud.networks` names outside it, which can only be secondary CIDRs. A
 * network inside the first is a part of it that is offered through policy-based tunnels.
 */
export const vpcCidrs = ({ cloud }: Pick<Site, 'cloud'>): readonly Cidr[] => {
  const first = cidr(cloud.cidr);
  const others = (cloud.networks ?? []).filter((text) => text !== cloud.cidr && !covers(first, cidr(text)));
  return [first, ...[...new Set(others)].map(cidr)];
};
