import { randomBytes } from 'node:crypto';
import type { Action } from './actions.ts';
import { FILTERS, flagIn, numberIn, structure, structures, TAGGED, tagsByKind, tagSet, takes } from './params.ts';
import { optional, required, select, set, type Params, type Xml } from './protocol.ts';
import { ApiError, invalidValue } from './error.ts';
import type { CloudState } from './state.ts';
import { tagsOf } from './tag-state.ts';
import { customerGatewayConfiguration } from './vpn-config.ts';
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
  type CustomerGateway,
  type VpnConnection,
  type VpnGateway,
} from './vpn-state.ts';
import { CHOICES, type Choice, type TunnelOptions } from './vpn-tunnel.ts';

const NUMBERS = {
  phase1Lifetime: 'Phase1LifetimeSeconds',
  phase2Lifetime: 'Phase2LifetimeSeconds',
  rekeyMargin: 'RekeyMarginTimeSeconds',
  rekeyFuzz: 'RekeyFuzzPercentage',
  replayWindow: 'ReplayWindowSize',
  dpdTimeout: 'DPDTimeoutSeconds',
} as const satisfies Partial<Record<keyof TunnelOptions, string>>;
const WORDS = {
  insideCidr: 'TunnelInsideCidr',
  psk: 'PreSharedKey',
  dpdAction: 'DPDTimeoutAction',
  startup: 'StartupAction',
} as const satisfies Partial<Record<keyof TunnelOptions, string>>;

const TUNNEL = [
  ...Object.values(NUMBERS),
  ...Object.values(WORDS),
  ...Object.values(CHOICES).map(({ parameter }) => `${parameter}.#.Value`),
  'EnableTunnelLifecycleControl',
];

/** Only what was given: the rest is AWS's to choose. */
const tunnelIn = (params: Params): TunnelOptions => {
  const entries: (readonly [string, unknown])[] = [
    ...Object.entries(NUMBERS).map(([field, name]) => [field, numberIn(params, name)] as const),
    ...Object.entries(WORDS).map(([field, name]) => [field, optional(params, name)] as const),
    ...Object.entries(CHOICES).map(([field, { parameter }]) => {
      const values = structures(params, parameter).map((item) => required(item, 'Value'));
      return [field, values.length === 0 ? undefined : values] as const;
    }),
    ['lifecycleControl', flagIn(params, 'EnableTunnelLifecycleControl')],
  ];
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as TunnelOptions;
};

/** `phase1EncryptionAlgorithmSet`: as the parameter, in an answer's spelling. */
const CHOICE_SETS: Readonly<Record<Choice, string>> = {
  phase1Encryption: 'phase1EncryptionAlgorithmSet',
  phase2Encryption: 'phase2EncryptionAlgorithmSet',
  phase1Integrity: 'phase1IntegrityAlgorithmSet',
  phase2Integrity: 'phase2IntegrityAlgorithmSet',
  phase1Groups: 'phase1DHGroupNumberSet',
  phase2Groups: 'phase2DHGroupNumberSet',
  ikeVersions: 'ikeVersionSet',
};
const small = (name: string): string =>
  name.startsWith('DPD') ? `dpd${name.slice(3)}` : `${name[0]!.toLowerCase()}${name.slice(1)}`;

const tunnelOptionsElement = ({ tunnels }: VpnConnection): Xml | string =>
  set(
    tunnels.map(({ outside, insideCidr, psk, options }) => ({
      outsideIpAddress: outside,
      ...Object.fromEntries(
        Object.entries({ ...NUMBERS, ...WORDS }).map(([field, name]) => [
          small(name),
          options[field as keyof typeof NUMBERS],
        ]),
      ),
      tunnelInsideCidr: insideCidr,
      preSharedKey: psk,
      enableTunnelLifecycleControl: options.lifecycleControl,
      ...Object.fromEntries(
        Object.entries(CHOICE_SETS).flatMap(([field, name]) =>
          options[field as Choice] === undefined
            ? []
            : [[name, set(options[field as Choice]!.map((value) => ({ value })))]],
        ),
      ),
    })),
  );

const connectionElement = (state: CloudState, connection: VpnConnection): Xml => {
  const gone = connection.state === 'deleted' || connection.state === 'deleting';
  return {
    vpnConnectionId: connection.id,
    state: connection.state,
    type: 'ipsec.1',
    category: 'VPN',
    customerGatewayId: connection.customerGateway,
    vpnGatewayId: connection.vgw,
    gatewayAssociationState: 'associated',
    options: {
      staticRoutesOnly: connection.staticRoutesOnly,
      enableAcceleration: false,
      tunnelInsideIpVersion: 'ipv4',
      localIpv4NetworkCidr: connection.local,
      remoteIpv4NetworkCidr: connection.remote,
      outsideIpAddressType: 'PublicIpv4',
      tunnelOptionSet: tunnelOptionsElement(connection),
    },
    routes: set(
      connection.routes.map((destinationCidrBlock) => ({
        destinationCidrBlock,
        source: 'Static',
        state: connection.state === 'available' ? 'available' : 'pending',
      })),
    ),
    vgwTelemetry: set(
      gone
        ? []
        : connection.tunnels.map(({ outside }) => ({
            outsideIpAddress: outside,
            status: 'DOWN',
            lastStatusChange: new Date(0).toISOString(),
            statusMessage: '',
            acceptedRouteCount: 0,
          })),
    ),
    customerGatewayConfiguration: gone ? undefined : customerGatewayConfiguration(state, connection),
    tagSet: tagSet(tagsOf(state, connection.id)),
  };
};

const customerElement = (state: CloudState, { id, ip, asn, device, state: now }: CustomerGateway): Xml => ({
  customerGatewayId: id,
  state: now,
  type: 'ipsec.1',
  ipAddress: ip,
  bgpAsn: asn,
  deviceName: device,
  tagSet: tagSet(tagsOf(state, id)),
});

const attachmentElement = ({ attachment }: VpnGateway): Xml | string =>
  set(attachment === undefined ? [] : [{ vpcId: attachment.vpc, state: attachment.state }]);
const vgwElement = (state: CloudState, vgw: VpnGateway): Xml => ({
  vpnGatewayId: vgw.id,
  state: vgw.state,
  type: 'ipsec.1',
  amazonSideAsn: vgw.asn,
  attachments: attachmentElement(vgw),
  tagSet: tagSet(tagsOf(state, vgw.id)),
});

const refuseOtherType = (params: Params): void => {
  const type = required(params, 'Type');
  if (type !== 'ipsec.1') throw invalidValue(`Value (${type}) for parameter type is invalid. Must be ipsec.1.`);
};

/** A key as AWS makes them: 32 of its alphabet, no zero in front. */
const madeKey = (): string =>
  `k${randomBytes(64)
    .toString('base64')
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, 31)}`;

const absent = (code: string, what: string) => (id: string) => new ApiError(code, `The ${what} '${id}' does not exist`);
const done: Xml = { return: true };
/** What a call has just made or changed is there. */
const made = <T extends { readonly id: string }>(items: readonly T[], id: string): T =>
  items.find((item) => item.id === id)!;

export const VPN_ACTIONS: Readonly<Record<string, Action>> = {
  CreateCustomerGateway: takes(
    ['Type', 'BgpAsn', 'IpAddress', 'PublicIp', 'DeviceName', ...TAGGED],
    ({ cloud, params }) => {
      refuseOtherType(params);
      const tags = tagsByKind(params, 'customer-gateway')['customer-gateway'];
      // PublicIp is what IpAddress was called before.
      const ip = optional(params, 'IpAddress') ?? required(params, 'PublicIp');
      const [after, id] = cloud.make((state) =>
        createCustomerGateway(
          state,
          { ip, asn: numberIn(params, 'BgpAsn') ?? 65_000, device: optional(params, 'DeviceName') },
          tags,
        ),
      );
      return { customerGateway: customerElement(after, made(after.customerGateways, id)) };
    },
  ),

  DeleteCustomerGateway: takes(['CustomerGatewayId'], ({ cloud, params }) => {
    cloud.change((state) =>
      deleteCustomerGateway(state, required(params, 'CustomerGatewayId'), cloud.now(), cloud.times),
    );
    return done;
  }),

  DescribeCustomerGateways: takes(['CustomerGatewayId.#', ...FILTERS], ({ state, params }) => {
    const { items } = select(params, state.customerGateways, {
      idParameter: 'CustomerGatewayId',
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
      whole: true,
    });
    return { customerGatewaySet: set(items.map((gateway) => customerElement(state, gateway))) };
  }),

  CreateVpnGateway: takes(['Type', 'AmazonSideAsn', 'AvailabilityZone', ...TAGGED], ({ cloud, params }) => {
    refuseOtherType(params);
    const tags = tagsByKind(params, 'vpn-gateway')['vpn-gateway'];
    const [after, id] = cloud.make((state) =>
      createVpnGateway(state, numberIn(params, 'AmazonSideAsn') ?? 64_512, tags),
    );
    return { vpnGateway: vgwElement(after, made(after.vgws, id)) };
  }),

  AttachVpnGateway: takes(['VpnGatewayId', 'VpcId'], ({ cloud, params }) => {
    const [id, vpc] = [required(params, 'VpnGatewayId'), required(params, 'VpcId')];
    const after = cloud.change((state) => attachVpnGateway(state, id, vpc, cloud.now(), cloud.times));
    return { attachment: { vpcId: vpc, state: made(after.vgws, id).attachment?.state } };
  }),

  DetachVpnGateway: takes(['VpnGatewayId', 'VpcId'], ({ cloud, params }) => {
    cloud.change((state) =>
      detachVpnGateway(state, required(params, 'VpnGatewayId'), required(params, 'VpcId'), cloud.now(), cloud.times),
    );
    return done;
  }),

  DeleteVpnGateway: takes(['VpnGatewayId'], ({ cloud, params }) => {
    cloud.change((state) => deleteVpnGateway(state, required(params, 'VpnGatewayId'), cloud.now(), cloud.times));
    return done;
  }),

  DescribeVpnGateways: takes(['VpnGatewayId.#', ...FILTERS], ({ state, params }) => {
    const { items } = select(params, state.vgws, {
      idParameter: 'VpnGatewayId',
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
      whole: true,
    });
    return { vpnGatewaySet: set(items.map((vgw) => vgwElement(state, vgw))) };
  }),

  CreateVpnConnection: takes(
    [
      'Type',
      'CustomerGatewayId',
      'VpnGatewayId',
      ...[
        'StaticRoutesOnly',
        'EnableAcceleration',
        'TunnelInsideIpVersion',
        'LocalIpv4NetworkCidr',
        'RemoteIpv4NetworkCidr',
        'OutsideIpAddressType',
        ...TUNNEL.map((name) => `TunnelOptions.#.${name}`),
      ].map((name) => `Options.${name}`),
      ...TAGGED,
    ],
    ({ cloud, params }) => {
      refuseOtherType(params);
      const tags = tagsByKind(params, 'vpn-connection')['vpn-connection'];
      const options = structure(params, 'Options');
      if (flagIn(options, 'EnableAcceleration') === true)
        throw new ApiError(
          'InvalidParameterCombination',
          'Acceleration is supported only for VPN connections to a transit gateway.',
        );
      for (const [name, only] of [
        ['TunnelInsideIpVersion', 'ipv4'],
        ['OutsideIpAddressType', 'PublicIpv4'],
      ] as const) {
        if ((optional(options, name) ?? only) !== only)
          throw invalidValue(
            `Value (${optional(options, name)}) for parameter ${name} is invalid for a virtual private gateway.`,
          );
      }
      const input = {
        customerGateway: required(params, 'CustomerGatewayId'),
        vgw: required(params, 'VpnGatewayId'),
        staticRoutesOnly: flagIn(options, 'StaticRoutesOnly') ?? false,
        local: optional(options, 'LocalIpv4NetworkCidr') ?? '0.0.0.0/0',
        remote: optional(options, 'RemoteIpv4NetworkCidr') ?? '0.0.0.0/0',
        tunnels: structures(options, 'TunnelOptions').map(tunnelIn),
        psks: [madeKey(), madeKey()] as const,
      };
      const [after, id] = cloud.make((state) => createConnection(state, input, tags, cloud.now(), cloud.times));
      return { vpnConnection: connectionElement(after, made(after.vpnConnections, id)) };
    },
  ),

  DeleteVpnConnection: takes(['VpnConnectionId'], ({ cloud, params }) => {
    cloud.change((state) => deleteConnection(state, required(params, 'VpnConnectionId'), cloud.now(), cloud.times));
    return done;
  }),

  DescribeVpnConnections: takes(['VpnConnectionId.#', ...FILTERS], ({ state, params }) => {
    const { items } = select(params, state.vpnConnections, {
      idParameter: 'VpnConnectionId',
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
      whole: true,
    });
    return { vpnConnectionSet: set(items.map((connection) => connectionElement(state, connection))) };
  }),

  CreateVpnConnectionRoute: takes(['VpnConnectionId', 'DestinationCidrBlock'], ({ cloud, params }) => {
    cloud.change((state) =>
      setConnectionRoute(state, required(params, 'VpnConnectionId'), required(params, 'DestinationCidrBlock'), true),
    );
    return done;
  }),

  DeleteVpnConnectionRoute: takes(['VpnConnectionId', 'DestinationCidrBlock'], ({ cloud, params }) => {
    cloud.change((state) =>
      setConnectionRoute(state, required(params, 'VpnConnectionId'), required(params, 'DestinationCidrBlock'), false),
    );
    return done;
  }),

  ModifyVpnTunnelOptions: takes(
    [
      'VpnConnectionId',
      'VpnTunnelOutsideIpAddress',
      'SkipTunnelReplacement',
      ...TUNNEL.map((name) => `TunnelOptions.${name}`),
    ],
    ({ cloud, params }) => {
      const id = required(params, 'VpnConnectionId');
      const after = cloud.change((state) =>
        modifyTunnel(
          state,
          id,
          required(params, 'VpnTunnelOutsideIpAddress'),
          tunnelIn(structure(params, 'TunnelOptions')),
          cloud.now(),
          cloud.times,
        ),
      );
      return { vpnConnection: connectionElement(after, made(after.vpnConnections, id)) };
    },
  ),
};
