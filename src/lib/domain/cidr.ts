/** An IPv4 network. `first` and `last` are unsigned 32-bit numbers; `text` is canonical: `10.10.0.0/16`. */
export interface Cidr {
  readonly text: string;
  readonly address: string;
  readonly prefix: number;
  readonly first: number;
  readonly last: number;
}

/**
 * @returns the address as an unsigned 32-bit number, or undefined unless it is plain dotted decimal (no `010.1`, no
 * `10.1`).
 */
export const addressNumber = (text: string): number | undefined => {
  if (!/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text)) return undefined;
  const octets = text.split('.').map(Number);
  return octets.some((octet) => octet > 255) ? undefined : octets.reduce((sum, octet) => sum * 256 + octet, 0);
};

export const addressText = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

/** A monitor of 500 routes asks for the same few networks a million times a minute. */
const parsed = new Map<string, Cidr | string>();
const MOST_PARSED = 10_000;

/**
 * @returns the network, or a sentence that says what is wrong and how to fix it. Host bits must be zero: `10.10.0.1/16`
 * is more often a slip than a wish.
 */
export const parseCidr = (text: string): Cidr | string => {
  if (text.length > '255.255.255.255/32'.length) return parse(text);
  const known = parsed.get(text);
  if (known !== undefined) return known;
  if (parsed.size >= MOST_PARSED) parsed.clear();
  const answer = parse(text);
  parsed.set(text, answer);
  return answer;
};

const parse = (text: string): Cidr | string => {
  const [address = '', prefixText, ...rest] = text.split('/');
  const value = addressNumber(address);
  if (value === undefined || rest.length > 0) return 'is not an IPv4 network: write it like 10.10.0.0/16';
  if (prefixText === undefined) return `has no prefix length: write ${address}/32 for one host`;
  if (!/^(0|[1-9]\d?)$/.test(prefixText) || Number(prefixText) > 32) return 'has a prefix length that is not 0 to 32';
  const prefix = Number(prefixText);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(value / size) * size;
  if (first !== value) return `has host bits set: did you mean ${addressText(first)}/${prefix}?`;
  return { text: `${address}/${prefix}`, address, prefix, first, last: first + size - 1 };
};

/** For text that a schema has already accepted. Throws on anything else. */
export const cidr = (text: string): Cidr => {
  const network = parseCidr(text);
  if (typeof network === 'string') throw new RangeError(`${text} ${network}`);
  return network;
};

export const overlaps = (a: Cidr, b: Cidr): boolean => a.first <= b.last && b.first <= a.last;
export const covers = (outer: Cidr, inner: Cidr): boolean => outer.first <= inner.first && inner.last <= outer.last;
export const contains = (network: Cidr, address: string): boolean => {
  const value = addressNumber(address);
  return value !== undefined && network.first <= value && value <= network.last;
};

/** `255.255.0.0` for 16. */
export const netmask = (prefix: number): string => addressText(2 ** 32 - 2 ** (32 - prefix));
/** `0.0.255.255` for 16: the form of Cisco IOS access lists. */
export const wildcard = (prefix: number): string => addressText(2 ** (32 - prefix) - 1);

/**
 * Not routed on the internet as anybody's unicast source: RFC 1918, RFC 6598, link-local, loopback, multicast,
 * this-network.
 */
const NOT_PUBLIC = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
].map(cidr);
/** Documentation ranges (RFC 5737) count as public: they stand for public addresses in examples and in the lab. */
export const isPublic = (address: string): boolean => !NOT_PUBLIC.some((network) => contains(network, address));
