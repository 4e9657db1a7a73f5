import * as sdk from '@aws-sdk/client-direct-connect';
import type {
  Connection,
  NewPrivateVirtualInterface,
  VirtualInterface as ApiInterface,
  VirtualInterfaceState,
} from '@aws-sdk/client-direct-connect';
import { AWS_JSON_11 } from '../../codec/json.ts';
import type { CloudModel } from '../../model.ts';
import { cloudService, op, type Operations } from '../../service.ts';
import type { CloudState } from '../../state.ts';
import {
  addInterface,
  confirmConnection,
  confirmInterface,
  connectionNamed,
  connectionState,
  dropInterface,
  dx,
  dxError,
  interfaceId,
  interfaceNamed,
  type DxConnection,
  type DxState,
  type VirtualInterface,
} from './state.ts';

const change = (cloud: CloudModel, step: (own: DxState) => DxState): CloudState =>
  cloud.change((state) => dx.put(state, step(dx.of(state))));

const connectionOf = ({ owner, region }: CloudState, connection: DxConnection, at: number): Connection => ({
  ownerAccount: owner,
  connectionId: connection.id,
  connectionName: connection.name,
  connectionState: connectionState(connection, at),
  region,
  location: 'LAB1',
  bandwidth: '1Gbps',
  vlan: connection.vlan,
  partnerName: 'lab',
  tags: [],
});

/** What BGP says: the virtual private gateway has learnt networks, or it has not. */
const peerUp = (state: CloudState, { gateway }: VirtualInterface): boolean =>
  state.vgws.some(({ id, networks }) => id === gateway && networks.length > 0);

const stateOf = (state: CloudState, made: VirtualInterface, at: number): VirtualInterfaceState => {
  if (made.gateway === undefined) return 'confirming';
  if (at < made.dueAt) return 'pending';
  return peerUp(state, made) ? 'available' : 'down';
};

const interfaceOf = (state: CloudState, made: VirtualInterface, at: number): ApiInterface => {
  const shown = stateOf(state, made, at);
  const both = {
    ...(made.asn > LARGEST_ASN ? {} : { asn: made.asn }),
    asnLong: made.asn,
    authKey: made.authKey,
    addressFamily: 'ipv4',
    amazonAddress: made.amazonAddress,
    customerAddress: made.customerAddress,
  } as const;
  return {
    ...both,
    ownerAccount: state.owner,
    virtualInterfaceId: made.id,
    location: 'LAB1',
    connectionId: made.connection,
    virtualInterfaceType: 'private',
    virtualInterfaceName: made.name,
    vlan: made.vlan,
    amazonSideAsn: made.amazonAsn,
    virtualInterfaceState: shown,
    virtualGatewayId: made.gateway ?? '',
    mtu: made.mtu,
    jumboFrameCapable: true,
    region: state.region,
    routeFilterPrefixes: [],
    bgpPeers: [
      {
        ...both,
        bgpPeerId: `dxpeer-${made.id.slice(6)}`,
        bgpPeerState: shown === 'pending' ? 'pending' : 'available',
        bgpStatus: shown === 'available' ? 'up' : 'down',
      },
    ],
    tags: made.tags.map(({ key, value }) => ({ key, value })),
  };
};

const gatewayIn = (state: CloudState, id: string): string => {
  if (!state.vgws.some((vgw) => vgw.id === id)) throw dxError(`Virtual Gateway ${id} cannot be found.`);
  return id;
};

const needed = <T>(value: T | undefined, field: string): T => {
  if (value === undefined || value === '') throw dxError(`${field} is required.`);
  return value;
};

const LARGEST_ASN = 2_147_483_646;

const asnOf = ({ asn, asnLong }: NewPrivateVirtualInterface): number => {
  const number = needed(asnLong ?? asn, 'asn');
  if (asnLong === undefined && number > LARGEST_ASN)
    throw dxError(`asn must be between 1 and ${LARGEST_ASN}; use asnLong for ${number}.`);
  return number;
};

const made = (cloud: CloudModel, connection: string, wanted: NewPrivateVirtualInterface): VirtualInterface => {
  const state = cloud.stateAt(0);
  const vlan = needed(wanted.vlan, 'vlan');
  const gateway = gatewayIn(state, needed(wanted.virtualGatewayId, 'virtualGatewayId'));
  const at = cloud.now();
  const id = interfaceId(connection, vlan, at);
  return {
    id,
    connection: connectionNamed(dx.of(state), connection).id,
    name: needed(wanted.virtualInterfaceName, 'virtualInterfaceName'),
    vlan,
    asn: asnOf(wanted),
    amazonAsn: state.vgws.find((vgw) => vgw.id === gateway)!.asn,
    amazonAddress: wanted.amazonAddress || '169.254.255.1/30',
    customerAddress: wanted.customerAddress || '169.254.255.2/30',
    // Direct Connect makes one itself where none is given.
    authKey: wanted.authKey || `made-${id}`,
    mtu: wanted.mtu ?? 1500,
    gateway,
    dueAt: at + cloud.times.startMs,
    tags: (wanted.tags ?? []).map(({ key = '', value = '' }) => ({ key, value })),
  };
};

const operations = {
  DescribeConnections: op(sdk.DescribeConnections$, ({ connectionId: id }, { now, state }) => {
    const found = id === undefined ? dx.of(state).connections : [connectionNamed(dx.of(state), id)];
    return { connections: found.map((connection) => connectionOf(state, connection, now())) };
  }),
  ConfirmConnection: op(sdk.ConfirmConnection$, ({ connectionId }, cloud) => {
    change(cloud, (own) => confirmConnection(own, connectionId, cloud.now() + cloud.times.startMs));
    return { connectionState: 'pending' };
  }),
  DescribeVirtualInterfaces: op(
    sdk.DescribeVirtualInterfaces$,
    ({ connectionId: connection, virtualInterfaceId: id }, { now, state }) => {
      const found = dx
        .of(state)
        .interfaces.filter(
          (one) => (connection === undefined || one.connection === connection) && (id === undefined || one.id === id),
        );
      return { virtualInterfaces: found.map((one) => interfaceOf(state, one, now())) };
    },
  ),
  CreatePrivateVirtualInterface: op(
    sdk.CreatePrivateVirtualInterface$,
    ({ connectionId, newPrivateVirtualInterface }, cloud) => {
      const wanted = made(cloud, connectionId, newPrivateVirtualInterface);
      const after = change(cloud, (own) => addInterface(own, wanted, cloud.now()));
      return interfaceOf(after, wanted, cloud.now());
    },
  ),
  ConfirmPrivateVirtualInterface: op(
    sdk.ConfirmPrivateVirtualInterface$,
    ({ virtualInterfaceId, virtualGatewayId }, cloud) => {
      const gateway = gatewayIn(cloud.state, needed(virtualGatewayId, 'virtualGatewayId'));
      change(cloud, (own) => confirmInterface(own, virtualInterfaceId, gateway, cloud.now() + cloud.times.startMs));
      return { virtualInterfaceState: 'pending' };
    },
  ),
  DeleteVirtualInterface: op(sdk.DeleteVirtualInterface$, ({ virtualInterfaceId }, cloud) => {
    const { id } = interfaceNamed(dx.of(cloud.state), virtualInterfaceId);
    change(cloud, (own) => dropInterface(own, id));
    return { virtualInterfaceState: 'deleting' };
  }),
  DescribeVirtualGateways: op(sdk.DescribeVirtualGateways$, (_input, { state }) => ({
    virtualGateways: state.vgws.map(({ id }) => ({ virtualGatewayId: id, virtualGatewayState: 'available' })),
  })),
} satisfies Operations<'directconnect'>;

export const service = cloudService('directconnect', {
  protocol: AWS_JSON_11,
  missing: 'DirectConnectClientException',
  operations,
});
