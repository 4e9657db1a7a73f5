import type { Action } from './actions.ts';
import {
  addInterface,
  confirmConnection,
  confirmInterface,
  connectionState,
  connectionNamed,
  dropInterface,
  dxError,
  interfaceId,
  interfaceNamed,
  type DxConnection,
  type VirtualInterface,
} from './dx-state.ts';
import type { CloudModel } from './model.ts';
import type { Json, Xml } from './protocol.ts';
import type { CloudState } from './state.ts';

const wordIn = (json: Json, field: string): string => {
  const value = json[field];
  if (typeof value !== 'string' || value === '') throw dxError(`${field} is required.`);
  return value;
};
const optionalIn = (json: Json, field: string): string | undefined =>
  typeof json[field] === 'string' && json[field] !== '' ? (json[field] as string) : undefined;
const numberIn = (json: Json, field: string): number => {
  const value = json[field];
  if (typeof value !== 'number') throw dxError(`${field} is required.`);
  return value;
};

const now = (cloud: CloudModel): number => cloud.now();

const connectionJson = ({ owner, region }: CloudState, connection: DxConnection, at: number): Xml => ({
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

const stateOf = (state: CloudState, made: VirtualInterface, at: number): string => {
  if (made.gateway === undefined) return 'confirming';
  if (at < made.dueAt) return 'pending';
  return peerUp(state, made) ? 'available' : 'down';
};

const interfaceJson = (state: CloudState, made: VirtualInterface, at: number): Xml => {
  const shown = stateOf(state, made, at);
  return {
    ownerAccount: state.owner,
    virtualInterfaceId: made.id,
    location: 'LAB1',
    connectionId: made.connection,
    virtualInterfaceType: 'private',
    virtualInterfaceName: made.name,
    vlan: made.vlan,
    asn: made.asn,
    amazonSideAsn: made.amazonAsn,
    authKey: made.authKey,
    amazonAddress: made.amazonAddress,
    customerAddress: made.customerAddress,
    addressFamily: 'ipv4',
    virtualInterfaceState: shown,
    virtualGatewayId: made.gateway ?? '',
    mtu: made.mtu,
    jumboFrameCapable: true,
    region: state.region,
    routeFilterPrefixes: [],
    bgpPeers: [
      {
        bgpPeerId: `dxpeer-${made.id.slice(6)}`,
        asn: made.asn,
        authKey: made.authKey,
        addressFamily: 'ipv4',
        amazonAddress: made.amazonAddress,
        customerAddress: made.customerAddress,
        bgpPeerState: shown === 'pending' ? 'pending' : 'available',
        bgpStatus: shown === 'available' ? 'up' : 'down',
      } as Xml,
    ],
    tags: made.tags.map(({ key, value }) => ({ key, value })),
  };
};

const gatewayIn = (state: CloudState, id: string): string => {
  if (!state.vgws.some((vgw) => vgw.id === id)) throw dxError(`Virtual Gateway ${id} cannot be found.`);
  return id;
};

const made = (cloud: CloudModel, json: Json): VirtualInterface => {
  const state = cloud.stateAt(0);
  const wanted = (json['newPrivateVirtualInterface'] ?? {}) as Json;
  const connection = wordIn(json, 'connectionId');
  const vlan = numberIn(wanted, 'vlan');
  const gateway = gatewayIn(state, wordIn(wanted, 'virtualGatewayId'));
  const at = now(cloud);
  const id = interfaceId(connection, vlan, at);
  return {
    id,
    connection: connectionNamed(state.dx, connection).id,
    name: wordIn(wanted, 'virtualInterfaceName'),
    vlan,
    asn: numberIn(wanted, 'asn'),
    amazonAsn: state.vgws.find((vgw) => vgw.id === gateway)!.asn,
    amazonAddress: optionalIn(wanted, 'amazonAddress') ?? '169.254.255.1/30',
    customerAddress: optionalIn(wanted, 'customerAddress') ?? '169.254.255.2/30',
    // Direct Connect makes one itself where none is given.
    authKey: optionalIn(wanted, 'authKey') ?? `made-${id}`,
    mtu: typeof wanted['mtu'] === 'number' ? wanted['mtu'] : 1500,
    gateway,
    dueAt: at + cloud.times.startMs,
    tags: (wanted['tags'] ?? []) as VirtualInterface['tags'],
  };
};

export const DX_ACTIONS: Readonly<Record<string, Action>> = {
  DescribeConnections: ({ cloud, state, json }) => {
    const id = optionalIn(json, 'connectionId');
    const found = id === undefined ? state.dx.connections : [connectionNamed(state.dx, id)];
    return { connections: found.map((connection) => connectionJson(state, connection, now(cloud))) };
  },
  ConfirmConnection: ({ cloud, json }) => {
    cloud.change((state) => ({
      ...state,
      dx: confirmConnection(state.dx, wordIn(json, 'connectionId'), now(cloud) + cloud.times.startMs),
    }));
    return { connectionState: 'pending' };
  },
  DescribeVirtualInterfaces: ({ cloud, state, json }) => {
    const [connection, id] = [optionalIn(json, 'connectionId'), optionalIn(json, 'virtualInterfaceId')];
    const found = state.dx.interfaces.filter(
      (one) => (connection === undefined || one.connection === connection) && (id === undefined || one.id === id),
    );
    return { virtualInterfaces: found.map((one) => interfaceJson(state, one, now(cloud))) };
  },
  CreatePrivateVirtualInterface: ({ cloud, json }) => {
    const wanted = made(cloud, json);
    return interfaceJson(
      cloud.change((state) => ({ ...state, dx: addInterface(state.dx, wanted, now(cloud)) })),
      wanted,
      now(cloud),
    );
  },
  ConfirmPrivateVirtualInterface: ({ cloud, json }) => {
    const gateway = gatewayIn(cloud.stateAt(0), wordIn(json, 'virtualGatewayId'));
    cloud.change((state) => ({
      ...state,
      dx: confirmInterface(state.dx, wordIn(json, 'virtualInterfaceId'), gateway, now(cloud) + cloud.times.startMs),
    }));
    return { virtualInterfaceState: 'pending' };
  },
  DeleteVirtualInterface: ({ cloud, json }) => {
    const { id } = interfaceNamed(cloud.stateAt(0).dx, wordIn(json, 'virtualInterfaceId'));
    cloud.change((state) => ({ ...state, dx: dropInterface(state.dx, id) }));
    return { virtualInterfaceState: 'deleting' };
  },
  DescribeVirtualGateways: ({ state }) => ({
    virtualGateways: state.vgws.map(({ id }) => ({ virtualGatewayId: id, virtualGatewayState: 'available' })),
  }),
};
