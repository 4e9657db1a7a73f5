import { api, type Output } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { Existing, Step, Values } from '../../core/procedure.ts';
import { AWS_ASN } from '../../domain/managed-vpn.ts';
import { filtersOf, isOurs, oursIn, tagsOf } from '../../domain/tags.ts';

type Gateway = NonNullable<Output<'ec2', 'DescribeVpnGateways'>['VpnGateways']>[number];

const KEY = 'vgw';
/** Slot of AWS's own AS number. */
export const VGW_ASN = `${KEY}/asn`;
const PATIENCE_MS = 600_000;
const lives = ({ State }: Gateway): boolean => State !== 'deleted' && State !== 'deleting';
const attachmentOf = ({ VpcAttachments = [] }: Gateway) => VpcAttachments.find(({ State }) => State !== 'detached');
const byUse = (a: Gateway, b: Gateway): number =>
  Number(attachmentOf(b) !== undefined) - Number(attachmentOf(a) !== undefined) ||
  (a.VpnGatewayId! < b.VpnGatewayId! ? -1 : 1);

/**
 * The virtual private gateway, in the slot `vgw` with its AS number beside it, and its attachment to the VPC of the
 * slot `vpc`.
 * @param known id of one that is there: used, and made by nobody.
 */
export const vpnGateway = (site: string, known: string | undefined): readonly Step[] => [
  {
    key: KEY,
    title: 'virtual private gateway',
    timeoutMs: PATIENCE_MS,
    async read({ aws, adopted, values }) {
      const id = adopted.get(KEY) ?? known;
      const ask = async (asked: { VpnGatewayIds: string[] } | { Filters: { Name: string; Values: string[] }[] }) =>
        ((await aws.ask('ec2', 'DescribeVpnGateways', asked)).VpnGateways ?? []).filter(lives);
      const [first, ...surplus] = (
        id === undefined
          ? oursIn(await ask({ Filters: filtersOf(site, KEY) }), site, KEY)
          : await ask({ VpnGatewayIds: [id] })
      ).sort(byUse);
      if (first === undefined) {
        if (id !== undefined)
          throw failure(`the virtual private gateway ${id} is gone`, {
            field: 'cloud.vgw',
            next: 'correct it in the site file, or leave it out to have one made',
          });
        // A VPC has one at most.
        const [other] = values.has('vpc')
          ? (await ask({ Filters: [{ Name: 'attachment.vpc-id', Values: [values('vpc')] }] })).filter(
              (one) => attachmentOf(one) !== undefined,
            )
          : [];
        if (other !== undefined)
          throw failure(`${values('vpc')} has the virtual private gateway ${other.VpnGatewayId} already`, {
            field: 'cloud.vgw',
            next: `say vgw: ${other.VpnGatewayId} in the site file to use it`,
          });
        return { state: 'absent' };
      }
      const found: Existing = {
        id: first.VpnGatewayId!,
        owned: isOurs(first.Tags, site, KEY),
        outputs: { [VGW_ASN]: String(first.AmazonSideAsn ?? AWS_ASN) },
        surplus: surplus.map(({ VpnGatewayId }) => VpnGatewayId!),
      };
      return first.State === 'pending' ? { state: 'pending', found, why: 'is pending' } : { state: 'ready', found };
    },
    create: () => [
      api('ec2', 'CreateVpnGateway', {
        Type: 'ipsec.1',
        TagSpecifications: [{ ResourceType: 'vpn-gateway', Tags: tagsOf(site, KEY) }],
      }),
    ],
    idPath: 'VpnGateway.VpnGatewayId',
    delete: (_values, id) => [api('ec2', 'DeleteVpnGateway', { VpnGatewayId: id })],
  },
  {
    key: `${KEY}/attachment`,
    title: 'its attachment to the VPC',
    needs: [KEY],
    timeoutMs: PATIENCE_MS,
    async read({ aws, values }) {
      const gateway = (
        (await aws.ask('ec2', 'DescribeVpnGateways', { VpnGatewayIds: [values(KEY)] })).VpnGateways ?? []
      ).find(lives);
      const there = gateway === undefined ? undefined : attachmentOf(gateway);
      if (gateway === undefined || there === undefined) return { state: 'absent' };
      if (values.has('vpc') && there.VpcId !== values('vpc'))
        throw failure(`${values(KEY)} is attached to ${there.VpcId}, not to ${values('vpc')}`, {
          field: 'cloud.vgw',
          next: 'correct cloud.vgw or cloud.vpc',
        });
      const found: Existing = { id: there.VpcId!, owned: isOurs(gateway.Tags, site, KEY) };
      return there.State === 'attached'
        ? { state: 'ready', found }
        : { state: 'pending', found, why: `is ${there.State}` };
    },
    create: (values) => [api('ec2', 'AttachVpnGateway', { VpnGatewayId: values(KEY), VpcId: values('vpc') })],
    after: (values) => [
      `until [ "$(aws ec2 describe-vpn-gateways --vpn-gateway-ids ${values(KEY)} --query 'VpnGateways[0].VpcAttachments[0].State' --output text)" = attached ]; do sleep 5; done`,
    ],
    delete: (values, id) => [api('ec2', 'DetachVpnGateway', { VpnGatewayId: values(KEY), VpcId: id })],
  },
];

/** A route table takes what the gateway learns; nobody can say whose doing it was, so it stays when the rest goes. */
export const routePropagation = (
  gateway: (values: Values) => string,
  { id: table, name }: { readonly id: string; readonly name: string },
  needs: readonly string[] = [],
): Step => ({
  key: `propagation/${name}`,
  title: `Route propagation into ${name}`,
  needs,
  async read({ aws, values }) {
    const { RouteTables = [] } = await aws.ask('ec2', 'DescribeRouteTables', { RouteTableIds: [table] });
    const on = RouteTables[0]?.PropagatingVgws?.some(({ GatewayId }) => GatewayId === gateway(values)) === true;
    return on ? { state: 'ready', found: { id: table, owned: false } } : { state: 'absent' };
  },
  create: (values) => [api('ec2', 'EnableVgwRoutePropagation', { GatewayId: gateway(values), RouteTableId: table })],
});
