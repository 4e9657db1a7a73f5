import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { EC2_TIMES, fixture, standingClock, testCloud } from '../../helpers/cloud.ts';
import { ec2 } from '../../helpers/ec2.ts';

const VPC = 'vpc-0d5a1b2c3d4e5f607';
const VGW = 'vgw-078bcc55';
const A = 'rtb-0468f52220000000a';
const ONPREM = '10.10.0.0/16';
const SITE = [{ Name: 'tag:hybridctl:site', Values: ['demo'] }];
const tagged = <T extends string>(ResourceType: T) => [
  { ResourceType, Tags: [{ Key: 'hybridctl:site', Value: 'demo' }] },
];

const open = async () => {
  const clock = standingClock();
  const cloud = await testCloud(fixture('lab'), { clock, times: EC2_TIMES });
  const api = ec2(cloud);
  const { CustomerGateway } = await api.ask('CreateCustomerGateway', {
    Type: 'ipsec.1',
    BgpAsn: 65010,
    IpAddress: '198.51.100.77',
    TagSpecifications: tagged('customer-gateway'),
  });
  const customer = CustomerGateway!.CustomerGatewayId!;
  const base = { Type: 'ipsec.1', CustomerGatewayId: customer, VpnGatewayId: VGW };
  const state = async (id: string) =>
    (await api.ask('DescribeVpnConnections', { VpnConnectionIds: [id] })).VpnConnections![0]!.State;
  const attachment = async (id: string) =>
    (await api.ask('DescribeVpnGateways', { VpnGatewayIds: [id] })).VpnGateways![0]!.VpcAttachments?.[0]?.State;
  return { ...api, cloud, customer, base, state, attachment, pass: clock.pass };
};

/** With nothing weak in it. */
const NARROW = {
  PreSharedKey: 'not.a_secret1',
  TunnelInsideCidr: '169.254.60.0/30',
  Phase1LifetimeSeconds: 14_400,
  Phase2LifetimeSeconds: 3_600,
  RekeyMarginTimeSeconds: 540,
  RekeyFuzzPercentage: 100,
  ReplayWindowSize: 1_024,
  DPDTimeoutSeconds: 30,
  DPDTimeoutAction: 'restart',
  StartupAction: 'start',
  Phase1EncryptionAlgorithms: [{ Value: 'AES256' }],
  Phase2EncryptionAlgorithms: [{ Value: 'AES256-GCM-16' }],
  Phase1IntegrityAlgorithms: [{ Value: 'SHA2-256' }],
  Phase2IntegrityAlgorithms: [{ Value: 'SHA2-512' }],
  Phase1DHGroupNumbers: [{ Value: 20 }],
  Phase2DHGroupNumbers: [{ Value: 20 }, { Value: 14 }],
  IKEVersions: [{ Value: 'ikev2' as const }],
};

describe('customer gateways', () => {
  it('are one for one address, ASN and device; in use they stay', async () => {
    const { ask, code, customer, base, state, pass } = await open();
    const create = async (more: object = {}) =>
      (await ask('CreateCustomerGateway', { Type: 'ipsec.1', BgpAsn: 65010, IpAddress: '198.51.100.77', ...more }))
        .CustomerGateway!.CustomerGatewayId;
    expect(await create()).toBe(customer);
    expect(await create({ BgpAsn: 65011 })).not.toBe(customer);
    expect(await create({ DeviceName: 'rtr-1' })).not.toBe(customer);
    const { VpnConnection } = await ask('CreateVpnConnection', base);
    const id = VpnConnection!.VpnConnectionId!;
    expect(await code('DeleteCustomerGateway', { CustomerGatewayId: customer })).toBe('IncorrectState');
    await ask('DeleteVpnConnection', { VpnConnectionId: id });
    pass(10_000);
    expect(await state(id)).toBe('deleted');
    await ask('DeleteCustomerGateway', { CustomerGatewayId: customer });
    // As on EC2, what is deleted is shown for a while, with its tags.
    expect(
      (await ask('DescribeCustomerGateways', { Filters: SITE })).CustomerGateways?.map(({ State }) => State),
    ).toEqual(['deleted']);
    expect([
      await code('DeleteCustomerGateway', { CustomerGatewayId: customer }),
      await code('CreateVpnConnection', base),
    ]).toEqual(['InvalidCustomerGatewayID.NotFound', 'InvalidCustomerGatewayID.NotFound']);
    expect(await create()).not.toBe(customer);
  });
});

describe('virtual private gateways', () => {
  it('attach and detach over time, one to a VPC, and take propagation with them', async () => {
    const { ask, code, attachment, cloud, pass } = await open();
    const { VpnGateway } = await ask('CreateVpnGateway', {
      Type: 'ipsec.1',
      AmazonSideAsn: 64_600,
      TagSpecifications: tagged('vpn-gateway'),
    });
    const id = VpnGateway!.VpnGatewayId!;
    expect(VpnGateway).toMatchObject({ State: 'available', AmazonSideAsn: 64_600, VpcAttachments: [] });
    expect([
      await code('AttachVpnGateway', { VpnGatewayId: id, VpcId: VPC }),
      await code('EnableVgwRoutePropagation', { RouteTableId: A, GatewayId: id }),
      await code('CreateRoute', { RouteTableId: A, DestinationCidrBlock: '10.99.0.0/16', GatewayId: id }),
      await code('DetachVpnGateway', { VpnGatewayId: id, VpcId: VPC }),
      await code('DeleteVpnGateway', { VpnGatewayId: VGW }),
      await code('CreateVpnGateway', { Type: 'ipsec.1', AmazonSideAsn: 3_320 }),
    ]).toEqual([
      'InvalidVpcState',
      'Gateway.NotAttached',
      'InvalidParameterValue',
      'InvalidVpnGatewayAttachment.NotFound',
      'IncorrectState',
      'InvalidParameterValue',
    ]);
    await ask('CreateRoute', { RouteTableId: A, DestinationCidrBlock: '10.99.0.0/16', GatewayId: VGW });
    cloud.cloud.setPropagated(VGW, [ONPREM]);
    await ask('DetachVpnGateway', { VpnGatewayId: VGW, VpcId: VPC });
    const table = () => cloud.cloud.table(A);
    expect(await attachment(VGW)).toBe('detaching');
    pass(10_000);
    expect(await attachment(VGW)).toBe('detached');
    expect([
      table().propagatingVgws,
      table().routes.map(({ destination, state }) => `${destination} ${state}`),
    ]).toEqual([[], ['172.16.0.0/16 active', '10.99.0.0/16 blackhole']]);
    await ask('AttachVpnGateway', { VpnGatewayId: id, VpcId: VPC });
    expect(await attachment(id)).toBe('attaching');
    pass(10_000);
    expect(await attachment(id)).toBe('attached');
    expect([
      await code('DeleteVpnGateway', { VpnGatewayId: VGW }),
      await code('AttachVpnGateway', { VpnGatewayId: VGW, VpcId: VPC }),
    ]).toEqual(['ok', 'InvalidVpnGatewayID.NotFound']);
    await ask('EnableVgwRoutePropagation', { RouteTableId: A, GatewayId: id });
    expect(
      (await ask('DescribeVpnGateways', { Filters: SITE })).VpnGateways?.map(({ VpnGatewayId }) => VpnGatewayId),
    ).toEqual([id]);
  });
});

describe('managed VPN connections', () => {
  it('come up with two tunnels, and echo what was narrowed', async () => {
    const { ask, base, state, pass } = await open();
    const { VpnConnection } = await ask('CreateVpnConnection', {
      ...base,
      Options: {
        StaticRoutesOnly: true,
        TunnelOptions: [NARROW, { ...NARROW, PreSharedKey: 'another.one22', TunnelInsideCidr: '169.254.61.0/30' }],
      },
      TagSpecifications: tagged('vpn-connection'),
    });
    const id = VpnConnection!.VpnConnectionId!;
    expect(VpnConnection?.State).toBe('pending');
    pass(180_000);
    expect(await state(id)).toBe('available');
    const { VpnConnections } = await ask('DescribeVpnConnections', { Filters: SITE });
    expect(VpnConnections).toHaveLength(1);
    const [{ Options, VgwTelemetry, CustomerGatewayConfiguration }] = VpnConnections as [
      NonNullable<typeof VpnConnections>[number],
    ];
    expect(Options).toMatchObject({
      StaticRoutesOnly: true,
      LocalIpv4NetworkCidr: '0.0.0.0/0',
      RemoteIpv4NetworkCidr: '0.0.0.0/0',
    });
    const [first] = Options!.TunnelOptions!;
    const { DPDTimeoutSeconds, DPDTimeoutAction, IKEVersions, ...rest } = NARROW;
    expect(first).toEqual({
      ...rest,
      DpdTimeoutSeconds: DPDTimeoutSeconds,
      DpdTimeoutAction: DPDTimeoutAction,
      IkeVersions: IKEVersions,
      OutsideIpAddress: first!.OutsideIpAddress,
    });
    expect(VgwTelemetry?.map(({ OutsideIpAddress, Status }) => [OutsideIpAddress, Status])).toEqual(
      Options!.TunnelOptions!.map(({ OutsideIpAddress }) => [OutsideIpAddress, 'DOWN']),
    );
    const { vpn_connection } = new XMLParser({ ignoreAttributes: false, parseTagValue: false }).parse(
      CustomerGatewayConfiguration!,
    );
    expect(vpn_connection).toMatchObject({
      '@_id': id,
      vpn_gateway_id: VGW,
      vpn_connection_attributes: 'NoBGPVPNConnection',
    });
    expect(vpn_connection.ipsec_tunnel).toHaveLength(2);
    expect(vpn_connection.ipsec_tunnel[0]).toEqual({
      customer_gateway: {
        tunnel_outside_address: { ip_address: '198.51.100.77' },
        tunnel_inside_address: { ip_address: '169.254.60.2', network_mask: '255.255.255.252', network_cidr: '30' },
      },
      vpn_gateway: {
        tunnel_outside_address: { ip_address: first!.OutsideIpAddress },
        tunnel_inside_address: { ip_address: '169.254.60.1', network_mask: '255.255.255.252', network_cidr: '30' },
      },
      ike: {
        authentication_protocol: 'sha2-256',
        encryption_protocol: 'aes-256-cbc',
        lifetime: '14400',
        perfect_forward_secrecy: 'group20',
        mode: 'main',
        pre_shared_key: 'not.a_secret1',
      },
      ipsec: {
        protocol: 'esp',
        authentication_protocol: 'hmac-sha2-512-256',
        encryption_protocol: 'aes-256-gcm-16',
        lifetime: '3600',
        perfect_forward_secrecy: 'group14',
        mode: 'tunnel',
        clear_df_bit: 'true',
        fragmentation_before_encryption: 'true',
        tcp_mss_adjustment: '1379',
        dead_peer_detection: { interval: '10', retries: '3' },
      },
    });
  });

  it('left to AWS get keys, inside networks and the weakest proposal; with BGP they carry both ASNs', async () => {
    const { ask, base } = await open();
    const { VpnConnection } = await ask('CreateVpnConnection', base);
    const tunnels = VpnConnection!.Options!.TunnelOptions!;
    for (const { PreSharedKey, TunnelInsideCidr } of tunnels) {
      expect(PreSharedKey).toMatch(/^(?!0)[A-Za-z0-9._]{32}$/);
      expect(TunnelInsideCidr).toMatch(/^169\.254\.\d+\.\d+\/30$/);
    }
    expect(
      new Set(
        tunnels.flatMap(({ PreSharedKey, TunnelInsideCidr, OutsideIpAddress }) => [
          PreSharedKey,
          TunnelInsideCidr,
          OutsideIpAddress,
        ]),
      ).size,
    ).toBe(6);
    const { vpn_connection } = new XMLParser({ parseTagValue: false }).parse(
      VpnConnection!.CustomerGatewayConfiguration!,
    );
    expect(vpn_connection.ipsec_tunnel[1]).toMatchObject({
      customer_gateway: { bgp: { asn: '65010', hold_time: '30' } },
      vpn_gateway: { bgp: { asn: '64512' } },
      ike: { authentication_protocol: 'sha1', encryption_protocol: 'aes-128-cbc', perfect_forward_secrecy: 'group2' },
    });
    // "This is an idempotent operation."
    expect((await ask('CreateVpnConnection', base)).VpnConnection?.VpnConnectionId).toBe(
      VpnConnection!.VpnConnectionId,
    );
  });

  it('carry their static routes into the tables that propagate the gateway', async () => {
    const { ask, code, base, state, cloud, pass } = await open();
    const { VpnConnection } = await ask('CreateVpnConnection', { ...base, Options: { StaticRoutesOnly: true } });
    const id = VpnConnection!.VpnConnectionId!;
    const carried = () =>
      cloud.cloud
        .table(A)
        .routes.filter(({ origin }) => origin === 'propagated')
        .map(({ destination }) => destination);
    await ask('CreateVpnConnectionRoute', { VpnConnectionId: id, DestinationCidrBlock: '10.10.9.9/16' });
    pass(180_000);
    expect(await state(id)).toBe('available');
    expect([
      carried(),
      (await ask('DescribeVpnConnections', { VpnConnectionIds: [id] })).VpnConnections![0]!.Routes,
    ]).toEqual([[ONPREM], [{ DestinationCidrBlock: ONPREM, Source: 'Static', State: 'available' }]]);
    await ask('DeleteVpnConnectionRoute', { VpnConnectionId: id, DestinationCidrBlock: ONPREM });
    expect([
      carried(),
      await code('DeleteVpnConnectionRoute', { VpnConnectionId: id, DestinationCidrBlock: ONPREM }),
    ]).toEqual([[], 'InvalidRoute.NotFound']);
  });

  it('change one tunnel at a time', async () => {
    const { ask, code, base, state, pass } = await open();
    const { VpnConnection } = await ask('CreateVpnConnection', base);
    const id = VpnConnection!.VpnConnectionId!;
    const [first, second] = VpnConnection!.Options!.TunnelOptions!;
    const modify = (TunnelOptions: object, VpnTunnelOutsideIpAddress = first!.OutsideIpAddress!) =>
      code('ModifyVpnTunnelOptions', { VpnConnectionId: id, VpnTunnelOutsideIpAddress, TunnelOptions });
    expect(await modify({ DPDTimeoutAction: 'restart' })).toBe('IncorrectState');
    pass(180_000);
    expect(await state(id)).toBe('available');
    expect([
      await modify({ DPDTimeoutAction: 'reboot' }),
      await modify({}, '192.0.2.255'),
      await modify({ DPDTimeoutAction: 'restart', StartupAction: 'start' }),
    ]).toEqual(['InvalidParameterValue', 'InvalidParameterValue', 'ok']);
    pass(180_000);
    expect(await state(id)).toBe('available');
    const { VpnConnections } = await ask('DescribeVpnConnections', { VpnConnectionIds: [id] });
    expect(VpnConnections![0]!.Options!.TunnelOptions).toEqual([
      { ...first, DpdTimeoutAction: 'restart', StartupAction: 'start' },
      second,
    ]);
  });

  it.each([
    ['a key that starts with zero', { PreSharedKey: '0startswithzero' }],
    ['a key that is short', { PreSharedKey: 'short' }],
    ['a reserved inside network', { TunnelInsideCidr: '169.254.0.0/30' }],
    ['an inside network of another size', { TunnelInsideCidr: '169.254.60.0/29' }],
    ['phase 2 no shorter than phase 1', { Phase1LifetimeSeconds: 3_600, Phase2LifetimeSeconds: 3_600 }],
    ['a phase 1 that is too long', { Phase1LifetimeSeconds: 86_400 }],
    ['a margin past half of phase 2', { Phase2LifetimeSeconds: 900, RekeyMarginTimeSeconds: 500 }],
    ['DPD that is too quick', { DPDTimeoutSeconds: 10 }],
    ['a group for phase 2 alone', { Phase1DHGroupNumbers: [{ Value: 5 }] }],
    ['no such cipher', { Phase1EncryptionAlgorithms: [{ Value: '3DES' }] }],
  ])('refuse %s', async (_, options) => {
    const { code, base } = await open();
    expect(await code('CreateVpnConnection', { ...base, Options: { TunnelOptions: [options] } })).toBe(
      'InvalidParameterValue',
    );
  });

  it('show no key in the state of the lab', async () => {
    const { ask, base, cloud } = await open();
    const { VpnConnection } = await ask('CreateVpnConnection', { ...base, Options: { TunnelOptions: [NARROW] } });
    const text = await (await fetch(`${cloud.url}/_lab/state`)).text();
    expect(VpnConnection!.Options!.TunnelOptions!.map(({ PreSharedKey }) => text.includes(PreSharedKey!))).toEqual([
      false,
      false,
    ]);
    expect(text).toContain(VpnConnection!.VpnConnectionId);
  });
});
