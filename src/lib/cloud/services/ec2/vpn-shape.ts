import type {
  CustomerGateway as ApiCustomerGateway,
  TunnelOption,
  VpnConnection as ApiConnection,
  VpnGateway as ApiVpnGateway,
  VpnTunnelOptionsSpecification,
} from '@aws-sdk/client-ec2';
import type { CloudState } from '../../state.ts';
import { tagList } from '../../tags.ts';
import { needed } from './input.ts';
import { tagsOf } from './tag-state.ts';
import { customerGatewayConfiguration } from './vpn-config.ts';
import type { CustomerGateway, VpnConnection, VpnGateway } from './vpn-state.ts';
import type { Choice, TunnelOptions } from './vpn-tunnel.ts';

/** VPN gateways and connections as EC2 takes and shows them. */

/** One value each, by the name that a request has for it. */
const SINGLE = {
  insideCidr: 'TunnelInsideCidr',
  psk: 'PreSharedKey',
  phase1Lifetime: 'Phase1LifetimeSeconds',
  phase2Lifetime: 'Phase2LifetimeSeconds',
  rekeyMargin: 'RekeyMarginTimeSeconds',
  rekeyFuzz: 'RekeyFuzzPercentage',
  replayWindow: 'ReplayWindowSize',
  dpdTimeout: 'DPDTimeoutSeconds',
  dpdAction: 'DPDTimeoutAction',
  startup: 'StartupAction',
  lifecycleControl: 'EnableTunnelLifecycleControl',
} as const satisfies Partial<Record<keyof TunnelOptions, keyof VpnTunnelOptionsSpecification>>;

/** Lists of `{ Value }`, from which the two ends choose. */
const LISTS = {
  phase1Encryption: 'Phase1EncryptionAlgorithms',
  phase2Encryption: 'Phase2EncryptionAlgorithms',
  phase1Integrity: 'Phase1IntegrityAlgorithms',
  phase2Integrity: 'Phase2IntegrityAlgorithms',
  phase1Groups: 'Phase1DHGroupNumbers',
  phase2Groups: 'Phase2DHGroupNumbers',
  ikeVersions: 'IKEVersions',
} as const satisfies Record<Choice, keyof VpnTunnelOptionsSpecification>;

export const TUNNEL_FIELDS = [...Object.values(SINGLE), ...Object.values(LISTS)] as const;

/** Only what was given: the rest is AWS's to choose. */
export const tunnelIn = (given: VpnTunnelOptionsSpecification): TunnelOptions => {
  const entries: (readonly [string, unknown])[] = [
    ...Object.entries(SINGLE).map(([field, name]) => [field, given[name]] as const),
    ...Object.entries(LISTS).map(([field, name]) => {
      const values = (given[name] ?? []).map(({ Value }) => String(needed<string | number>(Value, 'Value')));
      return [field, values.length === 0 ? undefined : values] as const;
    }),
  ];
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== '')) as TunnelOptions;
};

/** An answer spells some of the names otherwise. */
const shown = (name: string): string => name.replace(/^DPD/, 'Dpd').replace(/^IKE/, 'Ike');

const tunnelsOf = ({ tunnels }: VpnConnection): TunnelOption[] =>
  tunnels.map(({ outside, insideCidr, psk, options }) => ({
    ...Object.fromEntries(
      Object.entries(SINGLE).map(([field, name]) => [shown(name), options[field as keyof typeof SINGLE]]),
    ),
    ...Object.fromEntries(
      Object.entries(LISTS).flatMap(([field, name]) => {
        const values = options[field as Choice];
        const write = (value: string): string | number => (name.includes('DHGroup') ? Number(value) : value);
        return values === undefined ? [] : [[shown(name), values.map((value) => ({ Value: write(value) }))]];
      }),
    ),
    OutsideIpAddress: outside,
    TunnelInsideCidr: insideCidr,
    PreSharedKey: psk,
  }));

export const connectionOf = (state: CloudState, connection: VpnConnection): ApiConnection => {
  const gone = connection.state === 'deleted' || connection.state === 'deleting';
  return {
    VpnConnectionId: connection.id,
    State: connection.state as ApiConnection['State'],
    Type: 'ipsec.1',
    Category: 'VPN',
    CustomerGatewayId: connection.customerGateway,
    VpnGatewayId: connection.vgw,
    GatewayAssociationState: 'associated',
    Options: {
      StaticRoutesOnly: connection.staticRoutesOnly,
      EnableAcceleration: false,
      TunnelInsideIpVersion: 'ipv4',
      LocalIpv4NetworkCidr: connection.local,
      RemoteIpv4NetworkCidr: connection.remote,
      OutsideIpAddressType: 'PublicIpv4',
      TunnelOptions: tunnelsOf(connection),
    },
    Routes: connection.routes.map((DestinationCidrBlock) => ({
      DestinationCidrBlock,
      Source: 'Static' as const,
      State: connection.state === 'available' ? ('available' as const) : ('pending' as const),
    })),
    VgwTelemetry: gone
      ? []
      : connection.tunnels.map(({ outside }) => ({
          OutsideIpAddress: outside,
          Status: 'DOWN' as const,
          LastStatusChange: new Date(0),
          StatusMessage: '',
          AcceptedRouteCount: 0,
        })),
    CustomerGatewayConfiguration: gone ? undefined : customerGatewayConfiguration(state, connection),
    Tags: tagList(tagsOf(state, connection.id)),
  };
};

export const customerGatewayOf = (
  state: CloudState,
  { id, ip, asn, device, state: now }: CustomerGateway,
): ApiCustomerGateway => ({
  CustomerGatewayId: id,
  State: now,
  Type: 'ipsec.1',
  IpAddress: ip,
  BgpAsn: String(asn),
  DeviceName: device,
  Tags: tagList(tagsOf(state, id)),
});

export const vpnGatewayOf = (state: CloudState, { id, asn, state: now, attachment }: VpnGateway): ApiVpnGateway => ({
  VpnGatewayId: id,
  State: now,
  Type: 'ipsec.1',
  AmazonSideAsn: asn,
  VpcAttachments: attachment === undefined ? [] : [{ VpcId: attachment.vpc, State: attachment.state }],
  Tags: tagList(tagsOf(state, id)),
});
