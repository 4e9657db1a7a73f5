import { createHash } from 'node:crypto';
import { ApiError } from '../../error.ts';
import { slice } from '../../slice.ts';

/** Direct Connect as far as a hosted connection and its private virtual interface go. */
export interface DxState {
  readonly connections: readonly DxConnection[];
  readonly interfaces: readonly VirtualInterface[];
}

export interface DxConnection {
  readonly id: string;
  readonly name: string;
  /** `ordering`: made by a partner, waiting for its owner's yes. */
  readonly state: 'ordering' | 'pending' | 'available';
  /** When `pending` becomes `available`, ms. */
  readonly dueAt: number;
  readonly vlan: number;
}

export interface VirtualInterface {
  readonly id: string;
  readonly connection: string;
  readonly name: string;
  readonly vlan: number;
  readonly asn: number;
  readonly amazonAsn: number;
  readonly amazonAddress: string;
  readonly customerAddress: string;
  readonly authKey: string;
  readonly mtu: number;
  /** undefined: made for us by a partner, and no gateway chosen yet (`confirming`). */
  readonly gateway: string | undefined;
  /** When it is carried out, ms; until then `pending`. */
  readonly dueAt: number;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

/** Anybody on the machine can read a snapshot: keys of BGP are not in it. */
export const dx = slice<DxState>('directconnect', { connections: [], interfaces: [] }, (own) => ({
  ...own,
  interfaces: own.interfaces.map((one) => ({ ...one, authKey: '(sealed)' })),
}));

/** Direct Connect has one code for whatever the caller did wrong. */
export const dxError = (message: string): ApiError => new ApiError('DirectConnectClientException', message);

export const connectionNamed = ({ connections }: DxState, id: string): DxConnection => {
  const found = connections.find((connection) => connection.id === id);
  if (found === undefined) throw dxError(`Connection with ID ${id} cannot be found.`);
  return found;
};

export const interfaceNamed = ({ interfaces }: DxState, id: string): VirtualInterface => {
  const found = interfaces.find((one) => one.id === id);
  if (found === undefined) throw dxError(`Virtual Interface with ID ${id} cannot be found.`);
  return found;
};

export const connectionState = ({ state, dueAt }: DxConnection, now: number): DxConnection['state'] =>
  state === 'pending' && now >= dueAt ? 'available' : state;

/** The owner says yes to a partner's connection; a second yes is none. */
export const confirmConnection = (own: DxState, id: string, dueAt: number): DxState => {
  const connection = connectionNamed(own, id);
  if (connection.state !== 'ordering') throw dxError(`Connection ${id} is not in the Ordering state.`);
  return {
    ...own,
    connections: own.connections.map((one) => (one === connection ? { ...one, state: 'pending', dueAt } : one)),
  };
};

/** `dxvif-` and eight digits, as Direct Connect has them. */
export const interfaceId = (connection: string, vlan: number, at: number): string =>
  `dxvif-${createHash('sha256').update(`${connection}\n${vlan}\n${at}`).digest('hex').slice(0, 8)}`;

export const addInterface = (own: DxState, made: VirtualInterface, now: number): DxState => {
  const connection = connectionNamed(own, made.connection);
  if (connectionState(connection, now) !== 'available')
    throw dxError(`Connection ${made.connection} is not available.`);
  if (own.interfaces.some((one) => one.connection === made.connection && one.vlan === made.vlan))
    throw dxError(`VLAN ${made.vlan} is in use on connection ${made.connection}.`);
  return { ...own, interfaces: [...own.interfaces, made] };
};

export const confirmInterface = (own: DxState, id: string, gateway: string, dueAt: number): DxState => {
  const found = interfaceNamed(own, id);
  if (found.gateway !== undefined) throw dxError(`Virtual Interface ${id} is not in the Confirming state.`);
  return { ...own, interfaces: own.interfaces.map((one) => (one === found ? { ...one, gateway, dueAt } : one)) };
};

export const dropInterface = (own: DxState, id: string): DxState => {
  interfaceNamed(own, id);
  return { ...own, interfaces: own.interfaces.filter((one) => one.id !== id) };
};
