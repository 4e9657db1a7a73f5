import { api, type Input, type Output } from '../../core/aws.ts';
import { unlessAbsent } from '../../core/errors.ts';
import type { ReadContext, Step } from '../../core/procedure.ts';
import { filtersOf, oursIn, tagsOf } from '../../domain/tags.ts';
import { resource } from '../kit/resource.ts';

export interface CustomerGateway {
  /** Of the router: the step is `customer-gateway/rtr-1`. */
  readonly name: string;
  /** Public address of the router. */
  readonly address: string;
  /** undefined: routes are static, and the number that AWS must be told means nothing. */
  readonly asn: number | undefined;
}

type Described = NonNullable<Output<'ec2', 'DescribeCustomerGateways'>['CustomerGateways']>[number];

const ANY_ASN = 65_000;

const describe = async ({ aws }: ReadContext, asked: Input<'ec2', 'DescribeCustomerGateways'>) =>
  (await unlessAbsent(aws.ask('ec2', 'DescribeCustomerGateways', asked)))?.CustomerGateways ?? [];

/** What AWS knows of a router. There is one to an address and AS number: somebody else's is used, and never removed. */
export const customerGateway = (site: string, { name, address, asn }: CustomerGateway): Step => {
  const number = asn ?? ANY_ASN;
  const key = `customer-gateway/${name}`;
  return resource<Described>(site, {
    key,
    title: `customer gateway of ${name}`,
    kind: 'customer gateway',
    foreign: 'use',
    byId: async (context, id) => (await describe(context, { CustomerGatewayIds: [id] }))[0],
    byTags: async (context) => oursIn(await describe(context, { Filters: filtersOf(site, key) }), site, key),
    byName: async (context) =>
      (
        await describe(context, {
          Filters: [
            { Name: 'ip-address', Values: [address] },
            { Name: 'bgp-asn', Values: [String(number)] },
          ],
        })
      ).find((one) => !isGone(one)),
    gone: isGone,
    id: ({ CustomerGatewayId }) => CustomerGatewayId!,
    tags: ({ Tags }) => Tags,
    pending: ({ State }) => (State === 'pending' ? 'is pending' : undefined),
    // A customer gateway can't be changed; another one is made under another name in the site file.
    diff: ({ IpAddress = '', BgpAsn = '' }) => [
      ...(IpAddress === address ? [] : [{ field: 'address', is: IpAddress, wanted: address, fixable: false }]),
      ...(asn === undefined || BgpAsn === String(asn)
        ? []
        : [{ field: 'AS number', is: BgpAsn, wanted: String(asn), fixable: false }]),
    ],
    create: () => [
      api('ec2', 'CreateCustomerGateway', {
        Type: 'ipsec.1',
        IpAddress: address,
        BgpAsn: number,
        TagSpecifications: [{ ResourceType: 'customer-gateway', Tags: tagsOf(site, key) }],
      }),
    ],
    idPath: 'CustomerGateway.CustomerGatewayId',
    delete: (_values, id) => [api('ec2', 'DeleteCustomerGateway', { CustomerGatewayId: id })],
  });
};

const isGone = ({ State = '' }: Described): boolean => State === 'deleting' || State === 'deleted';
