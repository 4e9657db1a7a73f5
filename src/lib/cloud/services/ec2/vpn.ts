import * as sdk from '@aws-sdk/client-ec2';
import { randomBytes } from 'node:crypto';
import { ApiError, invalidValue } from '../../error.ts';
import type { Operations } from '../../service.ts';
import { needed, tagsByKind, takes } from './input.ts';
import { matching } from './select.ts';
import { tagsOf } from './tag-state.ts';
import { connectionOf, customerGatewayOf, TUNNEL_FIELDS, tunnelIn, vpnGatewayOf } from './vpn-shape.ts';
import {
  attachVpnGateway,
  createConnection,
  createCustomerGateway,
  createVpnGateway,
  deleteConnection,
  deleteCustomerGateway,
  deleteVpnGateway,
  detachVpnGateway,
  modifyTunnel,
  setConnectionRoute,
} from './vpn-state.ts';

const refuseOtherType = (type: string): void => {
  if (type !== 'ipsec.1') throw invalidValue(`Value (${type}) for parameter type is invalid. Must be ipsec.1.`);
};

/** A key as AWS makes them: 32 of its alphabet, no zero in front. */
const madeKey = (): string =>
  `k${randomBytes(64)
    .toString('base64')
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, 31)}`;

const absent = (code: string, what: string) => (id: string) => new ApiError(code, `The ${what} '${id}' does not exist`);

/** What a call has just made or changed is there. */
const made = <T extends { readonly id: string }>(items: readonly T[], id: string): T =>
  items.find((item) => item.id === id)!;

const OPTIONS = [
  'StaticRoutesOnly',
  'EnableAcceleration',
  'TunnelInsideIpVersion',
  'LocalIpv4NetworkCidr',
  'RemoteIpv4NetworkCidr',
  'OutsideIpAddressType',
  ...TUNNEL_FIELDS.map((name) => `TunnelOptions.${name}`),
].map((name) => `Options.${name}` as const);

/** Virtual private gateways, customer gateways and the connections between them. */
export const vpn = {
  CreateCustomerGateway: takes(
    sdk.CreateCustomerGateway$,
    ['Type', 'BgpAsn', 'IpAddress', 'PublicIp', 'DeviceName', 'TagSpecifications'],
    (input, cloud) => {
      refuseOtherType(input.Type);
      const tags = tagsByKind(input.TagSpecifications, 'customer-gateway')['customer-gateway'];
      // PublicIp is what IpAddress was called before.
      const ip = input.IpAddress ?? needed(input.PublicIp, 'PublicIp');
      const [after, id] = cloud.make((state) =>
        createCustomerGateway(state, { ip, asn: input.BgpAsn ?? 65_000, device: input.DeviceName }, tags),
      );
      return { CustomerGateway: customerGatewayOf(after, made(after.customerGateways, id)) };
    },
  ),

  DeleteCustomerGateway: takes(sdk.DeleteCustomerGateway$, ['CustomerGatewayId'], ({ CustomerGatewayId }, cloud) => {
    cloud.change((state) => deleteCustomerGateway(state, CustomerGatewayId, cloud.now(), cloud.times));
    return {};
  }),

  DescribeCustomerGateways: takes(
    sdk.DescribeCustomerGateways$,
    ['CustomerGatewayIds', 'Filters'],
    (input, { state }) => {
      const found = matching(input, state.customerGateways, {
        ids: input.CustomerGatewayIds,
        absent: absent('InvalidCustomerGatewayID.NotFound', 'customerGateway ID'),
        id: ({ id }) => id,
        fields: ({ id, ip, asn, state: now }) => ({
          'customer-gateway-id': [id],
          'ip-address': [ip],
          'bgp-asn': [String(asn)],
          state: [now],
          type: ['ipsec.1'],
        }),
        tags: ({ id }) => tagsOf(state, id),
      });
      return { CustomerGateways: found.map((gateway) => customerGatewayOf(state, gateway)) };
    },
  ),

  CreateVpnGateway: takes(
    sdk.CreateVpnGateway$,
    ['Type', 'AmazonSideAsn', 'AvailabilityZone', 'TagSpecifications'],
    (input, cloud) => {
      refuseOtherType(input.Type);
      const tags = tagsByKind(input.TagSpecifications, 'vpn-gateway')['vpn-gateway'];
      const [after, id] = cloud.make((state) => createVpnGateway(state, input.AmazonSideAsn ?? 64_512, tags));
      return { VpnGateway: vpnGatewayOf(after, made(after.vgws, id)) };
    },
  ),

  AttachVpnGateway: takes(sdk.AttachVpnGateway$, ['VpnGatewayId', 'VpcId'], ({ VpnGatewayId: id, VpcId }, cloud) => {
    const after = cloud.change((state) => attachVpnGateway(state, id, VpcId, cloud.now(), cloud.times));
    return { VpcAttachment: { VpcId, State: made(after.vgws, id).attachment?.state } };
  }),

  DetachVpnGateway: takes(sdk.DetachVpnGateway$, ['VpnGatewayId', 'VpcId'], ({ VpnGatewayId, VpcId }, cloud) => {
    cloud.change((state) => detachVpnGateway(state, VpnGatewayId, VpcId, cloud.now(), cloud.times));
    return {};
  }),

  DeleteVpnGateway: takes(sdk.DeleteVpnGateway$, ['VpnGatewayId'], ({ VpnGatewayId }, cloud) => {
    cloud.change((state) => deleteVpnGateway(state, VpnGatewayId, cloud.now(), cloud.times));
    return {};
  }),

  DescribeVpnGateways: takes(sdk.DescribeVpnGateways$, ['VpnGatewayIds', 'Filters'], (input, { state }) => {
    const found = matching(input, state.vgws, {
      ids: input.VpnGatewayIds,
      absent: absent('InvalidVpnGatewayID.NotFound', 'vpnGateway ID'),
      id: ({ id }) => id,
      fields: ({ id, asn, state: now, attachment }) => ({
        'vpn-gateway-id': [id],
        'attachment.vpc-id': [attachment?.vpc],
        'attachment.state': [attachment?.state],
        state: [now],
        type: ['ipsec.1'],
        'amazon-side-asn': [String(asn)],
      }),
      tags: ({ id }) => tagsOf(state, id),
    });
    return { VpnGateways: found.map((vgw) => vpnGatewayOf(state, vgw)) };
  }),

  CreateVpnConnection: takes(
    sdk.CreateVpnConnection$,
    ['Type', 'CustomerGatewayId', 'VpnGatewayId', 'TagSpecifications', ...OPTIONS],
    (input, cloud) => {
      refuseOtherType(input.Type);
      const tags = tagsByKind(input.TagSpecifications, 'vpn-connection')['vpn-connection'];
      const options = input.Options ?? {};
      if (options.EnableAcceleration === true)
        throw new ApiError(
          'InvalidParameterCombination',
          'Acceleration is supported only for VPN connections to a transit gateway.',
        );
      for (const [name, only] of [
        ['TunnelInsideIpVersion', 'ipv4'],
        ['OutsideIpAddressType', 'PublicIpv4'],
      ] as const) {
        if ((options[name] ?? only) !== only)
          throw invalidValue(
            `Value (${options[name]}) for parameter ${name} is invalid for a virtual private gateway.`,
          );
      }
      const wanted = {
        customerGateway: input.CustomerGatewayId,
        vgw: needed(input.VpnGatewayId, 'VpnGatewayId'),
        staticRoutesOnly: options.StaticRoutesOnly ?? false,
        local: options.LocalIpv4NetworkCidr ?? '0.0.0.0/0',
        remote: options.RemoteIpv4NetworkCidr ?? '0.0.0.0/0',
        tunnels: (options.TunnelOptions ?? []).map(tunnelIn),
        psks: [madeKey(), madeKey()] as const,
      };
      const [after, id] = cloud.make((state) => createConnection(state, wanted, tags, cloud.now(), cloud.times));
      return { VpnConnection: connectionOf(after, made(after.vpnConnections, id)) };
    },
  ),

  DeleteVpnConnection: takes(sdk.DeleteVpnConnection$, ['VpnConnectionId'], ({ VpnConnectionId }, cloud) => {
    cloud.change((state) => deleteConnection(state, VpnConnectionId, cloud.now(), cloud.times));
    return {};
  }),

  DescribeVpnConnections: takes(sdk.DescribeVpnConnections$, ['VpnConnectionIds', 'Filters'], (input, { state }) => {
    const found = matching(input, state.vpnConnections, {
      ids: input.VpnConnectionIds,
      absent: absent('InvalidVpnConnectionID.NotFound', 'vpnConnection ID'),
      id: ({ id }) => id,
      fields: ({ id, customerGateway, vgw, staticRoutesOnly, routes, state: now }) => ({
        'vpn-connection-id': [id],
        'customer-gateway-id': [customerGateway],
        'vpn-gateway-id': [vgw],
        'option.static-routes-only': [String(staticRoutesOnly)],
        'route.destination-cidr-block': routes,
        state: [now],
        type: ['ipsec.1'],
      }),
      tags: ({ id }) => tagsOf(state, id),
    });
    return { VpnConnections: found.map((connection) => connectionOf(state, connection)) };
  }),

  CreateVpnConnectionRoute: takes(
    sdk.CreateVpnConnectionRoute$,
    ['VpnConnectionId', 'DestinationCidrBlock'],
    ({ VpnConnectionId, DestinationCidrBlock }, cloud) => {
      cloud.change((state) => setConnectionRoute(state, VpnConnectionId, DestinationCidrBlock, true));
      return {};
    },
  ),

  DeleteVpnConnectionRoute: takes(
    sdk.DeleteVpnConnectionRoute$,
    ['VpnConnectionId', 'DestinationCidrBlock'],
    ({ VpnConnectionId, DestinationCidrBlock }, cloud) => {
      cloud.change((state) => setConnectionRoute(state, VpnConnectionId, DestinationCidrBlock, false));
      return {};
    },
  ),

  ModifyVpnTunnelOptions: takes(
    sdk.ModifyVpnTunnelOptions$,
    [
      'VpnConnectionId',
      'VpnTunnelOutsideIpAddress',
      'SkipTunnelReplacement',
      ...TUNNEL_FIELDS.map((name) => `TunnelOptions.${name}` as const),
    ],
    ({ VpnConnectionId: id, VpnTunnelOutsideIpAddress: outside, TunnelOptions }, cloud) => {
      const after = cloud.change((state) =>
        modifyTunnel(state, id, outside, tunnelIn(TunnelOptions), cloud.now(), cloud.times),
      );
      return { VpnConnection: connectionOf(after, made(after.vpnConnections, id)) };
    },
  ),
} satisfies Operations<'ec2'>;
