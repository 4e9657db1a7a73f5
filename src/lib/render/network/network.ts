import { cidr, parseCidr } from '../../domain/cidr.ts';
import { layOut, usualPrefix } from '../../domain/subnets.ts';

/** The tiers of the one-click VPC, each with one subnet in each of two zones. */
export const TIERS = ['Public', 'Private', 'Database'] as const;
export type Tier = (typeof TIERS)[number];

/** Choices by name; the first is the default. */
export const NATS = ['gateway', 'instance'] as const;
export const NAT_COUNTS = ['1', '2'] as const;
export const DATABASE_ROUTES = ['none', 'nat'] as const;
export const WEB_PLACES = ['private', 'public', 'none'] as const;
export const BALANCERS = ['alb', 'elb', 'none'] as const;
export const YES_NO = ['yes', 'no'] as const;

/**
 * Newest Amazon Linux 2023, kept by AWS in every region of every partition. Source: "AL2023 on EC2", Parameter Store.
 */
export const IMAGE = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';

/** The template's parameters as CloudFormation takes them: text. */
export interface Network {
  readonly Site: string;
  readonly VpcCidr: string;
  readonly PublicSubnet1Cidr: string;
  readonly PublicSubnet2Cidr: string;
  readonly PrivateSubnet1Cidr: string;
  readonly PrivateSubnet2Cidr: string;
  readonly DatabaseSubnet1Cidr: string;
  readonly DatabaseSubnet2Cidr: string;
  readonly Nat: (typeof NATS)[number];
  readonly NatCount: (typeof NAT_COUNTS)[number];
  readonly DatabaseRoute: (typeof DATABASE_ROUTES)[number];
  readonly Bastion: (typeof YES_NO)[number];
  readonly Web: (typeof WEB_PLACES)[number];
  readonly LoadBalancer: (typeof BALANCERS)[number];
  readonly NatInstanceType: string;
  readonly BastionInstanceType: string;
  readonly WebInstanceType: string;
  readonly KeyName: string;
  readonly AdminCidr: string;
  /** Of Amazon Linux 2023 for x86_64: the parameter of Parameter Store that names it, or its own id. */
  readonly ImageId: string;
}

/** What a user says; the rest follows, or stays as the stack has it. */
export type NetworkWishes = Partial<Omit<Network, 'Site' | `${string}Subnet${1 | 2}Cidr`>> & {
  /** Prefix length of both subnets of a tier. */
  readonly prefixes?: Partial<Readonly<Record<Tier, number>>>;
};

export const SUBNETS = TIERS.flatMap((tier) =>
  ([1, 2] as const).map((zone) => ({ tier, zone, id: `${tier}Subnet${zone}` as const })),
);

const DEFAULTS = {
  VpcCidr: '10.40.0.0/16',
  Nat: 'gateway',
  NatCount: '1',
  DatabaseRoute: 'none',
  Bastion: 'yes',
  Web: 'private',
  LoadBalancer: 'alb',
  NatInstanceType: 't3.micro',
  BastionInstanceType: 't3.micro',
  WebInstanceType: 't3.micro',
  KeyName: '',
  AdminCidr: '',
  ImageId: IMAGE,
} as const;

/**
 * All parameters of the template. What was not said is as it is in the stack, else the default; subnets are laid out
 * anew only where the VPC's CIDR or a size was said.
 * @param before the parameters of the stack that is there. @returns a sentence where the subnets do not fit the VPC.
 */
export const networkOf = (
  site: string,
  { prefixes = {}, ...wishes }: NetworkWishes,
  before: Partial<Network> = {},
): Network | string => {
  const said = Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined)) as Omit<
    NetworkWishes,
    'prefixes'
  >;
  const chosen = { ...DEFAULTS, ...before, ...said };
  const kept = SUBNETS.map(({ id }) => before[`${id}Cidr`]);
  const asIs =
    (said.VpcCidr === undefined || said.VpcCidr === before.VpcCidr) &&
    Object.keys(prefixes).length === 0 &&
    kept.every((text) => text !== undefined);
  const vpc = cidr(chosen.VpcCidr);
  const sizeNow = (tier: Tier): number | undefined => {
    const network = said.VpcCidr === undefined ? parseCidr(before[`${tier}Subnet1Cidr`] ?? '') : '';
    return typeof network === 'string' ? undefined : network.prefix;
  };
  const cidrs = asIs
    ? (kept as readonly string[])
    : layOut(
        vpc,
        SUBNETS.map(({ tier }) => prefixes[tier] ?? sizeNow(tier) ?? usualPrefix(vpc)),
      );
  if (typeof cidrs === 'string') return cidrs;
  return {
    ...chosen,
    Site: site,
    ...Object.fromEntries(SUBNETS.map(({ id }, at) => [`${id}Cidr`, cidrs[at]!])),
  } as Network;
};
