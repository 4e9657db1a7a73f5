import { addressNumber, parseCidr } from '../../../domain/cidr.ts';
import { ApiError, invalidValue } from '../../error.ts';
import {
  canonical,
  findIn,
  findVpc,
  fresh,
  freshPublicIp,
  idOf,
  replaced,
  type CloudState,
  type Due,
} from '../../state.ts';
import type { Tags } from '../../tags.ts';
import { addTags, withoutTags } from './tag-state.ts';
import { checkTunnel, chosenInside, type TunnelOptions } from './vpn-tunnel.ts';
import type { TransitionTimes } from '../../types.ts';

/** What is deleted is shown as `deleted` for a while, as EC2 shows it for about an hour. */
type Life = 'pending' | 'available' | 'deleting' | 'deleted';

export interface VpnGateway {
  readonly id: string;
  readonly asn: number;
  /** What BGP has brought. */
  readonly networks: readonly string[];
  readonly state: Life;
  readonly due: Due<Life> | undefined;
  readonly attachment: VgwAttachment | undefined;
}

export interface VgwAttachment {
  readonly vpc: string;
  readonly state: 'attaching' | 'attached' | 'detaching' | 'detached';
  readonly due: Due<'attached' | 'detached'> | undefined;
}

export interface CustomerGateway {
  readonly id: string;
  readonly ip: string;
  readonly asn: number;
  readonly device: string | undefined;
  readonly state: Life;
  readonly due: Due<Life> | undefined;
}

export interface VpnConnection {
  readonly id: string;
  readonly customerGateway: string;
  readonly vgw: string;
  readonly staticRoutesOnly: boolean;
  readonly local: string;
  readonly remote: string;
  readonly tunnels: readonly VpnTunnel[];
  readonly routes: readonly string[];
  readonly state: Life | 'modifying';
  readonly due: Due<Life> | undefined;
}

export interface VpnTunnel {
  readonly outside: string;
  readonly insideCidr: string;
  readonly psk: string;
  readonly options: TunnelOptions;
}

export const isAttached = ({ attachment }: VpnGateway, vpc: string): boolean =>
  attachment?.vpc === vpc && attachment.state === 'attached';
/** Carries traffic, or will. */
const lives = ({ state }: { readonly state: string }): boolean => state !== 'deleted' && state !== 'deleting';

/** What a VGW propagates: what BGP brought, and the static routes of its connections. */
export const networksOf = ({ vpnConnections }: CloudState, { id, networks }: VpnGateway): readonly string[] => [
  ...new Set([
    ...networks,
    ...vpnConnections
      .filter((connection) => connection.vgw === id && lives(connection))
      .flatMap(({ routes }) => routes),
  ]),
];

/** What is deleted is shown, but no call finds it. */
const findVgw = (state: CloudState, id: string): VpnGateway =>
  findIn(state.vgws.filter(lives), id, 'InvalidVpnGatewayID.NotFound', 'vpnGateway ID');
const findCustomerGateway = (state: CloudState, id: string): CustomerGateway =>
  findIn(state.customerGateways.filter(lives), id, 'InvalidCustomerGatewayID.NotFound', 'customerGateway ID');
const findConnection = (state: CloudState, id: string): VpnConnection =>
  findIn(state.vpnConnections.filter(lives), id, 'InvalidVpnConnectionID.NotFound', 'vpnConnection ID');

const withVgw = (state: CloudState, vgw: VpnGateway): CloudState => ({ ...state, vgws: replaced(state.vgws, vgw) });
const withConnection = (state: CloudState, connection: VpnConnection): CloudState => ({
  ...state,
  vpnConnections: replaced(state.vpnConnections, connection),
});

/** One that is the same in address, ASN and device is the same one: EC2 answers with it and makes none. */
export const createCustomerGateway = (
  state: CloudState,
  { ip, asn, device }: Pick<CustomerGateway, 'ip' | 'asn' | 'device'>,
  tags: Tags,
): readonly [CloudState, string] => {
  if (addressNumber(ip) === undefined)
    throw invalidValue(`Value (${ip}) for parameter ipAddress is invalid. Invalid IP address.`);
  if (!Number.isInteger(asn) || asn < 1 || asn > 4_294_967_294)
    throw invalidValue(`Invalid value '${asn}' for BgpAsn. The value must be between 1 and 4294967294.`);
  const same = state.customerGateways.find(
    (other) => lives(other) && other.ip === ip && other.asn === asn && other.device === device,
  );
  if (same !== undefined) return [state, same.id];
  const [id, next] = fresh(state, 'cgw');
  return [
    addTags(
      {
        ...next,
        customerGateways: [...next.customerGateways, { id, ip, asn, device, state: 'available', due: undefined }],
      },
      [id],
      tags,
    ),
    id,
  ];
};

export const deleteCustomerGateway = (
  state: CloudState,
  id: string,
  now: number,
  times: TransitionTimes,
): CloudState => {
  const gateway = findCustomerGateway(state, id);
  if (state.vpnConnections.some((connection) => connection.customerGateway === id && connection.state !== 'deleted'))
    throw new ApiError('IncorrectState', 'The customer gateway is in use.');
  return {
    ...state,
    customerGateways: replaced(state.customerGateways, {
      ...gateway,
      state: 'deleted',
      due: { at: now + times.forgetMs, to: 'deleted' },
    }),
  };
};

/** @param asn private, or of Amazon's own; the default is 64512. */
export const createVpnGateway = (state: CloudState, asn: number, tags: Tags): readonly [CloudState, string] => {
  const fits =
    (asn >= 64_512 && asn <= 65_534) ||
    (asn >= 4_200_000_000 && asn <= 4_294_967_294) ||
    [7224, 9059, 10_124, 17_493].includes(asn);
  if (!Number.isInteger(asn) || !fits)
    throw invalidValue(
      `Invalid value '${asn}' for AmazonSideAsn. The ASN must be in the private ranges 64512 to 65534 or 4200000000 to 4294967294.`,
    );
  const [id, next] = fresh(state, 'vgw');
  return [
    addTags(
      {
        ...next,
        vgws: [...next.vgws, { id, asn, networks: [], state: 'available', due: undefined, attachment: undefined }],
      },
      [id],
      tags,
    ),
    id,
  ];
};

const holds = (attachment: VgwAttachment | undefined): boolean =>
  attachment !== undefined && attachment.state !== 'detached';

export const attachVpnGateway = (
  state: CloudState,
  id: string,
  vpc: string,
  now: number,
  times: TransitionTimes,
): CloudState => {
  const vgw = findVgw(state, id);
  findVpc(state, vpc);
  if (vgw.attachment !== undefined && holds(vgw.attachment)) {
    if (vgw.attachment.vpc === vpc && vgw.attachment.state !== 'detaching') return state;
    throw new ApiError('VpnGatewayAttachmentLimitExceeded', `The vpnGateway ${id} is already attached to a VPC.`);
  }
  if (state.vgws.some((other) => other.attachment?.vpc === vpc && holds(other.attachment)))
    throw new ApiError('InvalidVpcState', `VPC ${vpc} is currently attached to the Virtual Private Gateway.`);
  return withVgw(state, {
    ...vgw,
    attachment: { vpc, state: 'attaching', due: { at: now + times.attachMs, to: 'attached' } },
  });
};

export const detachVpnGateway = (
  state: CloudState,
  id: string,
  vpc: string,
  now: number,
  times: TransitionTimes,
): CloudState => {
  const vgw = findVgw(state, id);
  findVpc(state, vpc);
  if (vgw.attachment?.vpc !== vpc || !holds(vgw.attachment))
    throw new ApiError(
      'InvalidVpnGatewayAttachment.NotFound',
      `The attachment with vpn gateway ID '${id}' and vpc ID '${vpc}' does not exist`,
    );
  if (vgw.attachment.state === 'detaching') return state;
  const tables = state.tables.map((table) =>
    table.vpc === vpc ? { ...table, propagating: table.propagating.filter((other) => other !== id) } : table,
  );
  return withVgw(
    { ...state, tables },
    { ...vgw, attachment: { vpc, state: 'detaching', due: { at: now + times.attachMs, to: 'detached' } } },
  );
};

export const deleteVpnGateway = (state: CloudState, id: string, now: number, times: TransitionTimes): CloudState => {
  const vgw = findVgw(state, id);
  if (
    holds(vgw.attachment) ||
    state.vpnConnections.some((connection) => connection.vgw === id && connection.state !== 'deleted')
  )
    throw new ApiError('IncorrectState', `The vpnGateway ID '${id}' is currently in use.`);
  return withVgw(state, { ...vgw, state: 'deleted', networks: [], due: { at: now + times.forgetMs, to: 'deleted' } });
};

export interface ConnectionInput {
  readonly customerGateway: string;
  readonly vgw: string;
  readonly staticRoutesOnly: boolean;
  readonly local: string;
  readonly remote: string;
  /** One or two; what is not given is chosen. */
  readonly tunnels: readonly TunnelOptions[];
  /** Keys for tunnels that bring none. */
  readonly psks: readonly [string, string];
}

/**
 * Between one customer gateway and one VGW there is one connection: asking again answers with it ("This is an
 * idempotent operation").
 */
export const createConnection = (
  state: CloudState,
  input: ConnectionInput,
  tags: Tags,
  now: number,
  times: TransitionTimes,
): readonly [CloudState, string] => {
  findCustomerGateway(state, input.customerGateway);
  findVgw(state, input.vgw);
  for (const network of [input.local, input.remote])
    if (typeof parseCidr(network) === 'string') throw invalidValue(`Value (${network}) is not a valid CIDR block.`);
  const same = state.vpnConnections.find(
    (other) => lives(other) && other.customerGateway === input.customerGateway && other.vgw === input.vgw,
  );
  if (same !== undefined) return [state, same.id];
  if (input.tunnels.length > 2) throw invalidValue('A VPN connection has two tunnels.');
  const [id, numbered] = fresh(state, 'vpn');
  const taken = state.vpnConnections
    .filter((other) => lives(other) && other.vgw === input.vgw)
    .flatMap(({ tunnels }) => tunnels.map(({ insideCidr }) => insideCidr));
  let next = numbered;
  const tunnels: VpnTunnel[] = [];
  for (const at of [0, 1] as const) {
    const options = input.tunnels[at] ?? {};
    checkTunnel(options, [...taken, ...tunnels.map(({ insideCidr }) => insideCidr)]);
    const [outside, addressed] = freshPublicIp(next);
    next = addressed;
    tunnels.push({
      outside,
      insideCidr:
        options.insideCidr ??
        chosenInside([...taken, ...tunnels.map(({ insideCidr }) => insideCidr)], idOf('inside', id, String(at))),
      psk: options.psk ?? input.psks[at],
      options,
    });
  }
  const connection: VpnConnection = {
    id,
    customerGateway: input.customerGateway,
    vgw: input.vgw,
    staticRoutesOnly: input.staticRoutesOnly,
    local: input.local,
    remote: input.remote,
    tunnels,
    routes: [],
    state: 'pending',
    due: { at: now + times.connectMs, to: 'available' },
  };
  return [addTags({ ...next, vpnConnections: [...next.vpnConnections, connection] }, [id], tags), id];
};

export const deleteConnection = (state: CloudState, id: string, now: number, times: TransitionTimes): CloudState =>
  withConnection(state, {
    ...findConnection(state, id),
    state: 'deleting',
    due: { at: now + times.attachMs, to: 'deleted' },
  });

/** One tunnel goes down and comes back with the options given; what is not given stays. */
export const modifyTunnel = (
  state: CloudState,
  id: string,
  outside: string,
  options: TunnelOptions,
  now: number,
  times: TransitionTimes,
): CloudState => {
  const connection = findConnection(state, id);
  if (connection.state !== 'available')
    throw new ApiError('IncorrectState', `The vpnConnection '${id}' is not in a valid state for this operation`);
  const tunnel = connection.tunnels.find((one) => one.outside === outside);
  if (tunnel === undefined) throw invalidValue(`The VPN tunnel outside IP address '${outside}' does not exist`);
  const others = state.vpnConnections
    .filter((other) => lives(other) && other.vgw === connection.vgw)
    .flatMap(({ tunnels }) => tunnels.filter((one) => one.outside !== outside).map(({ insideCidr }) => insideCidr));
  const merged: TunnelOptions = { ...tunnel.options, ...options };
  checkTunnel(merged, others);
  const changed: VpnTunnel = {
    outside,
    insideCidr: merged.insideCidr ?? tunnel.insideCidr,
    psk: merged.psk ?? tunnel.psk,
    options: merged,
  };
  return withConnection(state, {
    ...connection,
    tunnels: connection.tunnels.map((one) => (one === tunnel ? changed : one)),
    state: 'modifying',
    due: { at: now + times.attachMs, to: 'available' },
  });
};

export const setConnectionRoute = (state: CloudState, id: string, destination: string, there: boolean): CloudState => {
  const connection = findConnection(state, id);
  const network = canonical(destination);
  if (network === undefined)
    throw invalidValue(
      `Value (${destination}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.`,
    );
  if (!connection.staticRoutesOnly)
    throw new ApiError(
      'InvalidVpnConnection.InvalidType',
      'Static routes cannot be specified for VPN connections that use dynamic routing.',
    );
  if (!there && !connection.routes.includes(network))
    throw new ApiError('InvalidRoute.NotFound', `The route identified by ${network} does not exist`);
  const others = connection.routes.filter((route) => route !== network);
  return withConnection(state, { ...connection, routes: there ? [...others, network] : others });
};

/** Changes whose time has come; what was deleted long enough ago is forgotten. */
export const advanceVpn = (state: CloudState, now: number, times: TransitionTimes): CloudState => {
  const forgotten: string[] = [];
  const move = <T extends { readonly id: string; readonly state: string; readonly due: Due<Life> | undefined }>(
    items: readonly T[],
  ): readonly T[] =>
    items.flatMap((item) => {
      const { due } = item;
      if (due === undefined || due.at > now) return [item];
      if (item.state === 'deleted') {
        forgotten.push(item.id);
        return [];
      }
      return [
        {
          ...item,
          state: due.to,
          due: due.to === 'deleted' ? { at: due.at + times.forgetMs, to: 'deleted' } : undefined,
        },
      ];
    });
  const vgws = move(state.vgws).map((vgw) => {
    const due = vgw.attachment?.due;
    return due === undefined || due.at > now
      ? vgw
      : { ...vgw, attachment: { ...vgw.attachment!, state: due.to, due: undefined } };
  });
  return withoutTags(
    { ...state, vgws, customerGateways: move(state.customerGateways), vpnConnections: move(state.vpnConnections) },
    ...forgotten,
  );
};
