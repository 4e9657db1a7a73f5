import { api, type Input, type Output } from '../../core/aws.ts';
import { failure, unlessAbsent } from '../../core/errors.ts';
import type { ReadContext, Step, Values } from '../../core/procedure.ts';
import { AWS_ASN } from '../../domain/managed-vpn.ts';
import { filtersOf, isOurs, oursIn, tagsOf } from '../../domain/tags.ts';
import { part, resource } from '../kit/resource.ts';

type Gateway = NonNullable<Output<'ec2', 'DescribeVpnGateways'>['VpnGateways']>[number];

const KEY = 'vgw';
/** Slot of AWS's own AS number. */
export const VGW_ASN = `${KEY}/asn`;
const TIMEOUT_MS = 600_000;
const lives = ({ State }: Gateway): boolean => State !== 'deleted' && State !== 'deleting';
const attachmentOf = ({ VpcAttachments = [] }: Gateway) => VpcAttachments.find(({ State }) => State !== 'detached');
const byUse = (a: Gateway, b: Gateway): number =>
  Number(attachmentOf(b) !== undefined) - Number(attachmentOf(a) !== undefined) ||
  (a.VpnGatewayId! < b.VpnGatewayId! ? -1 : 1);

const describe = async (
  { aws }: ReadContext,
  asked: Input<'ec2', 'DescribeVpnGateways'>,
): Promise<readonly Gateway[]> => (await unlessAbsent(aws.ask('ec2', 'DescribeVpnGateways', asked)))?.VpnGateways ?? [];

/** @param known id of one that is there: used, and made by nobody. */
const gatewayItself = (site: string, known: string | undefined): Step =>
  resource<Gateway>(site, {
    key: KEY,
    title: 'virtual private gateway',
    timeoutMs: TIMEOUT_MS,
    kind: 'virtual private gateway',
    known,
    byId: async (context, id) => (await describe(context, { VpnGatewayIds: [id] }))[0],
    byTags: async (context) =>
      oursIn(await describe(context, { Filters: filtersOf(site, KEY) }), site, KEY).sort(byUse),
    async byName(context) {
      // A VPC has one at most.
      const { values, removing } = context;
      if (!values.has('vpc') || removing) return undefined;
      const Filters = [{ Name: 'attachment.vpc-id', Values: [values('vpc')] }];
      const other = (await describe(context, { Filters })).find((one) => lives(one) && attachmentOf(one) !== undefined);
      if (other !== undefined && !isOurs(other.Tags, site, KEY))
        throw failure(`${values('vpc')} has the virtual private gateway ${other.VpnGatewayId} already`, {
          field: 'cloud.vgw',
          next: `say vgw: ${other.VpnGatewayId} in the site file to use it`,
        });
      return other;
    },
    gone: (one) => !lives(one),
    missing: (id) =>
      failure(`the virtual private gateway ${id} is gone`, {
        field: 'cloud.vgw',
        next: 'correct it in the site file, or leave it out to have one made',
      }),
    id: ({ VpnGatewayId }) => VpnGatewayId!,
    tags: ({ Tags }) => Tags,
    outputs: ({ AmazonSideAsn }) => ({ [VGW_ASN]: String(AmazonSideAsn ?? AWS_ASN) }),
    pending: ({ State }) => (State === 'pending' ? 'is pending' : undefined),
    create: () => [
      api('ec2', 'CreateVpnGateway', {
        Type: 'ipsec.1',
        TagSpecifications: [{ ResourceType: 'vpn-gateway', Tags: tagsOf(site, KEY) }],
      }),
    ],
    idPath: 'VpnGateway.VpnGatewayId',
    delete: (_values, id) => [api('ec2', 'DeleteVpnGateway', { VpnGatewayId: id })],
  });

const attachment = (): Step =>
  part<NonNullable<ReturnType<typeof attachmentOf>>>({
    key: `${KEY}/attachment`,
    title: 'its attachment to the VPC',
    parent: KEY,
    timeoutMs: TIMEOUT_MS,
    async read(context) {
      const gateway = (await describe(context, { VpnGatewayIds: [context.values(KEY)] })).find(lives);
      return gateway && attachmentOf(gateway);
    },
    id: ({ VpcId }) => VpcId!,
    pending: ({ State }) => (State === 'attached' ? undefined : `is ${State}`),
    diff: ({ VpcId = 'nothing' }, values) =>
      !values.has('vpc') || VpcId === values('vpc')
        ? []
        : [
            {
              field: 'VPC',
              is: VpcId,
              wanted: values('vpc'),
              fixable: false,
              next: 'correct cloud.vgw or cloud.vpc',
            },
          ],
    create: (values) => [api('ec2', 'AttachVpnGateway', { VpnGatewayId: values(KEY), VpcId: values('vpc') })],
    after: (values) => [
      `until [ "$(aws ec2 describe-vpn-gateways --vpn-gateway-ids ${values(KEY)} --query 'VpnGateways[0].VpcAttachments[0].State' --output text)" = attached ]; do sleep 5; done`,
    ],
    delete: (values, id) => [api('ec2', 'DetachVpnGateway', { VpnGatewayId: values(KEY), VpcId: id })],
  });

/**
 * The virtual private gateway, in the slot `vgw` with its AS number beside it, and its attachment to the VPC of the
 * slot `vpc`.
 * @param known id of one that is there: used, and made by nobody.
 */
export const vpnGateway = (site: string, known: string | undefined): readonly Step[] => [
  gatewayItself(site, known),
  attachment(),
];

/** A route table takes what the gateway learns; nobody can say whose doing it was, so it stays when the rest goes. */
export const routePropagation = (
  site: string,
  gateway: (values: Values) => string,
  { id: table, name }: { readonly id: string; readonly name: string },
  needs: readonly string[] = [],
): Step =>
  resource<string>(site, {
    key: `propagation/${name}`,
    title: `Route propagation into ${name}`,
    kind: 'route propagation',
    needs,
    byName: async ({ routes, values }) =>
      (await routes.read(table)).propagatingVgws.includes(gateway(values)) ? table : undefined,
    id: () => table,
    tags: () => undefined,
    owned: () => false,
    foreign: 'use',
    create: (values) => [api('ec2', 'EnableVgwRoutePropagation', { GatewayId: gateway(values), RouteTableId: table })],
  });
