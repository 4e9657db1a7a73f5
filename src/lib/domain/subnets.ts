import { addressText, type Cidr } from './cidr.ts';

/**
 * AWS takes subnets of /16 to /28 and keeps five addresses of each. Source: "Subnet CIDR blocks" in the VPC user guide.
 */
export const SMALLEST_PREFIX = 28;
export const LARGEST_PREFIX = 16;

const sizeOf = (prefix: number): number => 2 ** (32 - prefix);

/**
 * Puts networks one after another into a block, each on a boundary of its own size. @returns undefined where they do
 * not fit.
 */
const place = (block: Cidr, prefixes: readonly number[], start: number): readonly string[] | undefined => {
  const placed: string[] = [];
  let cursor = start;
  for (const prefix of prefixes) {
    const size = sizeOf(prefix);
    const first = Math.ceil(cursor / size) * size;
    if (first + size - 1 > block.last) return undefined;
    placed.push(`${addressText(first)}/${prefix}`);
    cursor = first + size;
  }
  return placed;
};

/**
 * Subnets of a VPC in the order of their prefix lengths. The first block is left free where there is room, as the field
 * document has it (10.40.1.0/24 is the first subnet of 10.40.0.0/16): it is what a later subnet, or a peer's transit
 * network, gets.
 * @returns CIDRs that lie in the VPC and do not overlap, or a sentence that says what does not fit.
 */
export const layOut = (vpc: Cidr, prefixes: readonly number[]): readonly string[] | string => {
  const wrong = prefixes.find((prefix) => prefix < Math.max(vpc.prefix, LARGEST_PREFIX) || prefix > SMALLEST_PREFIX);
  if (wrong !== undefined)
    return `has no room for a subnet of /${wrong}: /${Math.max(vpc.prefix, LARGEST_PREFIX)} to /${SMALLEST_PREFIX} can be had`;
  const [first = SMALLEST_PREFIX] = prefixes;
  return (
    place(vpc, prefixes, vpc.first + sizeOf(first)) ??
    place(vpc, prefixes, vpc.first) ??
    `has no room for ${prefixes.map((prefix) => `/${prefix}`).join(', ')}`
  );
};

/** The size of each of six subnets where nobody says otherwise: /24, and smaller only where the VPC asks for it. */
export const usualPrefix = (vpc: Cidr): number => Math.min(SMALLEST_PREFIX, Math.max(24, vpc.prefix + 3));
