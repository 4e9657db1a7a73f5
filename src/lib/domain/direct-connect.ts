import { addressText, cidr } from './cidr.ts';
import type { DxLink } from './site.ts';

/** The two ends of a link's BGP session. */
export interface DxSession {
  readonly router: string;
  readonly cloud: string;
  readonly prefix: number;
  /** The same with the prefix length, as the Direct Connect API takes them. */
  readonly customer: string;
  readonly amazon: string;
}

/**
 * The router has the first address of the network and the cloud the second, unless `cloud_address` says otherwise. A
 * /31 has no network and no broadcast address, so its two are the hosts (RFC 3021); Direct Connect asks only that both
 * addresses have the same mask (user guide, "Prerequisites for virtual interfaces").
 */
export const dxSession = ({ inside, cloud_address }: Pick<DxLink, 'inside' | 'cloud_address'>): DxSession => {
  const { first, prefix } = cidr(inside);
  const start = prefix === 31 ? first : first + 1;
  const [lower, upper] = [addressText(start), addressText(start + 1)];
  const [router, cloud] = cloud_address === 'first' ? [upper, lower] : [lower, upper];
  return { router, cloud, prefix, customer: `${router}/${prefix}`, amazon: `${cloud}/${prefix}` };
};
