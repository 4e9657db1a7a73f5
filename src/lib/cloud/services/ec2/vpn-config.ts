import { document, type Xml } from '../../codec/document.ts';
import type { CloudState } from '../../state.ts';
import type { VpnConnection, VpnTunnel } from './vpn-state.ts';
import {
  CHOICES,
  DEFAULT_PHASE1_S,
  DEFAULT_PHASE2_S,
  insideAddresses,
  type Choice,
  type TunnelOptions,
} from './vpn-tunnel.ts';

/** The sum that AWS writes whatever the ciphers are; a peer behind NAT needs less. */
const MSS = 1379;

/** The document names one proposal, the weakest that is allowed: which one is used the peers find out. */
const weakest = (options: TunnelOptions, choice: Choice): string =>
  CHOICES[choice].values.find((value) => (options[choice] ?? CHOICES[choice].values).includes(value))!;

/** `AES256` is `aes-256-cbc`, `AES256-GCM-16` is `aes-256-gcm-16`. */
const cipher = (value: string): string =>
  `${value.toLowerCase().replace(/^aes(\d+)/, 'aes-$1')}${value.includes('GCM') ? '' : '-cbc'}`;
/** ESP cuts the hash; the name says to how many bits. */
const ESP_HASH: Readonly<Record<string, string>> = {
  SHA1: 'hmac-sha1-96',
  'SHA2-256': 'hmac-sha2-256-128',
  'SHA2-384': 'hmac-sha2-384-192',
  'SHA2-512': 'hmac-sha2-512-256',
};

/** @param asn undefined: static routes, no BGP. */
const side = (outside: string, inside: string, asn: number | undefined): Xml => ({
  tunnel_outside_address: { ip_address: outside },
  tunnel_inside_address: { ip_address: inside, network_mask: '255.255.255.252', network_cidr: '30' },
  ...(asn === undefined ? {} : { bgp: { asn, hold_time: 30 } }),
});

const tunnelElement = (
  { outside, insideCidr, psk, options }: VpnTunnel,
  peer: string,
  asns: { readonly aws: number; readonly customer: number } | undefined,
): Xml => {
  const inside = insideAddresses(insideCidr);
  return {
    customer_gateway: side(peer, inside.customer, asns?.customer),
    vpn_gateway: side(outside, inside.aws, asns?.aws),
    ike: {
      authentication_protocol: weakest(options, 'phase1Integrity').toLowerCase(),
      encryption_protocol: cipher(weakest(options, 'phase1Encryption')),
      lifetime: options.phase1Lifetime ?? DEFAULT_PHASE1_S,
      perfect_forward_secrecy: `group${weakest(options, 'phase1Groups')}`,
      mode: 'main',
      pre_shared_key: psk,
    },
    ipsec: {
      protocol: 'esp',
      authentication_protocol: ESP_HASH[weakest(options, 'phase2Integrity')],
      encryption_protocol: cipher(weakest(options, 'phase2Encryption')),
      lifetime: options.phase2Lifetime ?? DEFAULT_PHASE2_S,
      perfect_forward_secrecy: `group${weakest(options, 'phase2Groups')}`,
      mode: 'tunnel',
      clear_df_bit: true,
      fragmentation_before_encryption: true,
      tcp_mss_adjustment: MSS,
      dead_peer_detection: { interval: 10, retries: 3 },
    },
  };
};

/** What DescribeVpnConnections gives as customerGatewayConfiguration: a document with both tunnels and their keys. */
export const customerGatewayConfiguration = (state: CloudState, connection: VpnConnection): string => {
  const customer = state.customerGateways.find(({ id }) => id === connection.customerGateway)!;
  const vgw = state.vgws.find(({ id }) => id === connection.vgw)!;
  const asns = connection.staticRoutesOnly ? undefined : { aws: vgw.asn, customer: customer.asn };
  return document({
    vpn_connection: {
      '@id': connection.id,
      customer_gateway_id: customer.id,
      vpn_gateway_id: vgw.id,
      vpn_connection_type: 'ipsec.1',
      ...(connection.staticRoutesOnly ? { vpn_connection_attributes: 'NoBGPVPNConnection' } : {}),
      ipsec_tunnel: connection.tunnels.map((tunnel) => tunnelElement(tunnel, customer.ip, asns)),
    },
  });
};
