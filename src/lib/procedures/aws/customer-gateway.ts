import { api } from '../../core/aws.ts';
import type { Existing, Step } from '../../core/procedure.ts';
import { filtersOf, isOurs, oursIn, tagsOf } from '../../domain/tags.ts';

export interface CustomerGateway {
  /** Of the router: the step is `customer-gateway/rtr-1`. */
  readonly name: string;
  /** Public address of the router. */
  readonly address: string;
  /** undefined: routes are static, and the number that AWS must be told means nothing. */
  readonly asn: number | undefined;
}

const ANY_ASN = 65_000;

const GONE = ['deleting', 'deleted'];

/** What AWS knows of a router. There is one to an address and AS number: somebody else's is used, and never removed. */
export const customerGateway = (site: string, { name, address, asn }: CustomerGateway): Step => {
  const told = asn ?? ANY_ASN;
  const key = `customer-gateway/${name}`;
  return {
    key,
    title: `customer gateway of ${name}`,
    async read({ aws, adopted }) {
      const id = adopted.get(key);
      const all = async (asked: { CustomerGatewayIds: string[] } | { Filters: { Name: string; Values: string[] }[] }) =>
        ((await aws.ask('ec2', 'DescribeCustomerGateways', asked)).CustomerGateways ?? []).filter(
          ({ State }) => !GONE.includes(State ?? ''),
        );
      const own =
        id === undefined
          ? oursIn(await all({ Filters: filtersOf(site, key) }), site, key)
          : await all({ CustomerGatewayIds: [id] });
      const [first, ...surplus] =
        own.length > 0
          ? own
          : (
              await all({
                Filters: [
                  { Name: 'ip-address', Values: [address] },
                  { Name: 'bgp-asn', Values: [String(told)] },
                ],
              })
            ).slice(0, 1);
      if (first === undefined) return { state: 'absent' };
      const found: Existing = {
        id: first.CustomerGatewayId!,
        owned: isOurs(first.Tags, site, key),
        surplus: surplus.map(({ CustomerGatewayId }) => CustomerGatewayId!),
      };
      if (first.State === 'pending') return { state: 'pending', found, why: 'is pending' };
      const differences = [
        ...(first.IpAddress === address ? [] : [`it is for ${first.IpAddress}, the router has ${address}`]),
        ...(asn === undefined || first.BgpAsn === String(asn)
          ? []
          : [`it is for AS ${first.BgpAsn}, the router has ${asn}`]),
      ];
      return differences.length === 0 ? { state: 'ready', found } : { state: 'differs', found, differences };
    },
    create: () => [
      api('ec2', 'CreateCustomerGateway', {
        Type: 'ipsec.1',
        IpAddress: address,
        BgpAsn: told,
        TagSpecifications: [{ ResourceType: 'customer-gateway', Tags: tagsOf(site, key) }],
      }),
    ],
    idPath: 'CustomerGateway.CustomerGatewayId',
    delete: (_values, id) => [api('ec2', 'DeleteCustomerGateway', { CustomerGatewayId: id })],
  };
};
