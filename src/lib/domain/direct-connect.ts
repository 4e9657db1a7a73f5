import { addressText, cidr } from './cidr.ts';
import type { DxLink } from './site.ts';

/** The two ends of a link's BGP session: the router has the first address of the network, the cloud the second. */
export interface DxSession {
  readonly router: string;
  readonly cloud: string;
  readonly prefix: number;
  /** The same with the prefix length, as the Direct Connect API takes them. */
  readonly customer: string;
  readonly amazon: string;
}

export const dxSession = ({ inside }: Pick<DxLink, 'inside'>): DxSession => {
  const { first, prefix } = cidr(inside);
  const [router, cloud] = [addressText(first + 1), addressText(first + 2)];
  return { router, cloud, prefix, customer: `${router}/${prefix}`, amazon: `${cloud}/${prefix}` };
};
