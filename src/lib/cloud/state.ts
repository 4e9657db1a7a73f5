import { createHash } from 'node:crypto';
import { addressNumber, addressText, cidr, contains } from '../domain/cidr.ts';
import { ApiError, invalidValue } from './error.ts';
import type { FpgaRecord } from './services/ec2/fpga-state.ts';
import type { SecurityGroup } from './services/ec2/group-state.ts';
import type { InstanceRecord, Launch } from './services/ec2/instance-state.ts';
import type { TableState } from './services/ec2/route-state.ts';
import type { Tags } from './tags.ts';
import type { CustomerGateway, VpnConnection, VpnGateway } from './services/ec2/vpn-state.ts';

/**
 * The cloud's state as plain immutable data, and every change to it (here and in the `*-state.ts` beside it) as a
 * function from one state to the next. No clock, no sockets: a stale read is simply an older state.
 */
export interface CloudState {
  readonly region: string;
  readonly owner: string;
  /** How many ids were given out: the next one follows from it. */
  readonly serial: number;
  readonly quotas: Quotas;
  /** By resource id; what is gone has none. */
  readonly tags: Readonly<Record<string, Tags>>;
  readonly vpcs: readonly Vpc[];
  readonly internetGateways: readonly InternetGateway[];
  readonly subnets: readonly Subnet[];
  readonly tables: readonly TableState[];
  readonly securityGroups: readonly SecurityGroup[];
  readonly instances: readonly InstanceRecord[];
  /** Requests by client token, kept after their instances are gone. */
  readonly launches: readonly Launch[];
  /** Elastic IPs of the account. Which instance has one is said by the instance alone. */
  readonly addresses: readonly Address[];
  readonly keyPairs: readonly KeyPair[];
  readonly natGateways: readonly NatGateway[];
  readonly launchTemplates: readonly LaunchTemplate[];
  readonly vgws: readonly VpnGateway[];
  readonly customerGateways: readonly CustomerGateway[];
  readonly vpnConnections: readonly VpnConnection[];
  readonly fpgaImages: readonly FpgaRecord[];
  /** What each service keeps of its own, by the service's name: see slice.ts. */
  readonly services: Readonly<Record<string, unknown>>;
  readonly prefixLists: readonly { readonly id: string; readonly entries: readonly string[] }[];
}

/** A change under way: at `at` (ms) it reaches `to`. */
export interface Due<S> {
  readonly at: number;
  readonly to: S;
}

/** What an account may have. EC2 counts instances by vCPU today; its error is the same to whoever waits for one. */
export interface Quotas {
  readonly addresses: number;
  readonly instances: number;
}

export interface Vpc {
  readonly id: string;
  readonly cidr: string;
}

export interface InternetGateway {
  readonly id: string;
  /** undefined: attached to none. */
  readonly vpc: string | undefined;
}

export interface Subnet {
  readonly id: string;
  readonly vpc: string;
  readonly cidr: string;
  readonly az: string;
  /** Instances get a public address at launch without asking. */
  readonly givesPublicIp: boolean;
}

export interface Address {
  readonly id: string;
  readonly publicIp: string;
}

/** While it goes, and until it is gone, it holds its address. */
export interface NatGateway {
  readonly id: string;
  readonly vpc: string;
  readonly subnet: string;
  readonly allocation: string;
  /** When it was told to go, ms. */
  readonly deletedAt: number | undefined;
}

export interface LaunchTemplate {
  readonly id: string;
  readonly name: string;
}

export interface KeyPair {
  readonly id: string;
  readonly name: string;
  readonly type: 'rsa' | 'ed25519';
  readonly fingerprint: string;
  /** OpenSSH's one line. */
  readonly publicKey: string;
  readonly createdAt: number;
}

/** @throws ApiError of `code` where no item has the id. @param what as the message names it: `vpc ID`. */
export const findIn = <T extends { readonly id: string }>(
  items: readonly T[],
  id: string,
  code: string,
  what: string,
): T => {
  const found = items.find((item) => item.id === id);
  if (found === undefined) throw new ApiError(code, `The ${what} '${id}' does not exist`);
  return found;
};

export const findVpc = (state: CloudState, id: string): Vpc =>
  findIn(state.vpcs, id, 'InvalidVpcID.NotFound', 'vpc ID');
export const findSubnet = (state: CloudState, id: string): Subnet =>
  findIn(state.subnets, id, 'InvalidSubnetID.NotFound', 'subnet ID');

/**
 * EC2 clears host bits ("We modify the specified CIDR block to its canonical form", CreateRoute). undefined: this is no
 * CIDR.
 */
export const canonical = (text: string): string | undefined => {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const value = addressNumber(address);
  if (value === undefined || rest.length > 0 || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32) return undefined;
  const size = 2 ** (32 - Number(prefix));
  return `${addressText(Math.floor(value / size) * size)}/${Number(prefix)}`;
};

/** The list with one item changed. */
export const replaced = <T extends { readonly id: string }>(items: readonly T[], item: T): readonly T[] =>
  items.map((other) => (other.id === item.id ? item : other));

/** An id that is the same on every run. */
export const idOf = (prefix: string, ...parts: readonly string[]): string =>
  `${prefix}-0${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16)}`;

/** An id that nothing had before, and the state that knows it is given out. */
export const fresh = (state: CloudState, prefix: string): readonly [string, CloudState] => {
  const serial = state.serial + 1;
  return [idOf(prefix, state.owner, state.region, String(serial)), { ...state, serial }];
};

/** Ranges for examples (RFC 5737): no site's routers answer there, so a made address never is somebody's. */
const PUBLIC_POOL = ['192.0.2.0/24', '203.0.113.0/24']
  .map(cidr)
  .flatMap(({ first, last }) => Array.from({ length: last - first - 1 }, (_, at) => addressText(first + 1 + at)));

/** A public address that nothing has, and not the one that was just given back. */
export const freshPublicIp = (state: CloudState): readonly [string, CloudState] => {
  const used = new Set([
    ...state.addresses.map(({ publicIp }) => publicIp),
    ...state.instances.map(({ publicIp }) => publicIp),
    ...state.vpnConnections.flatMap(({ tunnels }) => tunnels.map(({ outside }) => outside)),
    ...state.customerGateways.map(({ ip }) => ip),
  ]);
  const serial = state.serial + 1;
  const from = serial % PUBLIC_POOL.length;
  const free = [...PUBLIC_POOL.slice(from), ...PUBLIC_POOL.slice(0, from)].find((address) => !used.has(address));
  if (free === undefined)
    throw new ApiError('InsufficientAddressCapacity', 'Not enough addresses available to satisfy your request.', 500);
  return [free, { ...state, serial }];
};

/** EC2 keeps the first four addresses of a subnet and the last for itself. */
const RESERVED_FIRST = 4;

/** The private address asked for, or the first free one. @throws ApiError where it is taken, reserved or outside. */
export const privateIpIn = (state: CloudState, subnet: Subnet, wanted?: string): string => {
  const { first, last, text } = cidr(subnet.cidr);
  const used = new Set(
    state.instances
      .filter(hasInterface)
      .filter((one) => one.subnet === subnet.id)
      .map(({ privateIp }) => privateIp),
  );
  if (wanted !== undefined) {
    const value = addressNumber(wanted);
    if (value === undefined)
      throw invalidValue(`Invalid value '${wanted}' for privateIpAddress. Must be a valid IPv4 address.`);
    if (!contains(cidr(text), wanted))
      throw invalidValue(`Address ${wanted} does not fall within the subnet's address range`);
    if (value < first + RESERVED_FIRST || value === last)
      throw invalidValue(`Address ${wanted} is in subnet's reserved address range`);
    if (used.has(wanted)) throw new ApiError('InvalidIPAddress.InUse', `Address ${wanted} is in use.`);
    return wanted;
  }
  for (let value = first + RESERVED_FIRST; value < last; value += 1) {
    const address = addressText(value);
    if (!used.has(address)) return address;
  }
  throw new ApiError(
    'InsufficientFreeAddressesInSubnet',
    `There are not enough free addresses in subnet '${subnet.id}' to satisfy the requested number of instances.`,
  );
};

/** A terminated instance is still shown, without its interface. */
export const hasInterface = ({ state }: { readonly state: string }): boolean => state !== 'terminated';
