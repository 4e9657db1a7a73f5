import { FLAG, flag, text, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { parseCidr } from '../../lib/domain/cidr.ts';
import { REGION } from '../../lib/domain/partition.ts';
import {
  BALANCERS,
  DATABASE_ROUTES,
  NAT_COUNTS,
  NATS,
  networkOf,
  TIERS,
  WEB_PLACES,
  YES_NO,
  type Network,
  type NetworkWishes,
  type Tier,
} from '../../lib/render/network/network.ts';

/** Site names go into a stack's name and into tags. */
const NAME = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;
const TYPE = /^[a-z][a-z0-9-]{0,20}\.[a-z0-9-]{1,20}$/;
/** Arm processors have a `g` after the generation (t4g, c7gn); the first of them is a1. */
const ARM = /^([a-z]+\d+g|a1\.)/;
/** An image, or a parameter of Parameter Store that holds its id. */
const IMAGE_ID = /^(ami-[0-9a-f]{8,17}|\/?[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*)$/;
const KEY_NAME = /^[A-Za-z0-9._@+=-][A-Za-z0-9 ._@+=-]{0,254}$/;

export const NAME_FLAG: Flag = {
  flags: '--name <name>',
  summary: 'name of the site; the stack is hybridctl-NAME-network',
  env: 'HYBRIDCTL_NAME',
};
export const REGION_FLAG: Flag = { ...FLAG.region, summary: 'cloud region', env: 'AWS_REGION' };

/** What the network shall be. What is not said keeps the value of the stack that is there, else its default. */
export const NETWORK_FLAGS: readonly Flag[] = [
  { flags: '--cidr <cidr>', summary: 'network of the VPC, /16 to /25 (default: 10.40.0.0/16)' },
  { flags: '--public-prefix <length>', summary: 'prefix length of the public subnets (default: 24, or what fits)' },
  { flags: '--private-prefix <length>', summary: 'prefix length of the private subnets' },
  { flags: '--database-prefix <length>', summary: 'prefix length of the database subnets' },
  { flags: '--nat <kind>', summary: 'how private subnets reach the internet (default: gateway)', choices: NATS },
  {
    flags: '--nat-count <number>',
    summary: 'one NAT for both zones, or one in each (default: 1)',
    choices: NAT_COUNTS,
  },
  {
    flags: '--database-route <route>',
    summary: "the database subnets' way out; the seed has nat (default: none)",
    choices: DATABASE_ROUTES,
  },
  { flags: '--bastion <answer>', summary: 'a host to come in by SSH (default: yes)', choices: YES_NO },
  {
    flags: '--web <place>',
    summary:
      'the web server: behind the load balancer, with an address of its own as in the seed, or none (default: private)',
    choices: WEB_PLACES,
  },
  {
    flags: '--load-balancer <kind>',
    summary: "application load balancer, the seed's classic one, or none (default: alb)",
    choices: BALANCERS,
  },
  { flags: '--key-name <name>', summary: 'key pair for SSH; the bastion needs one' },
  { flags: '--admin-cidr <cidr>', summary: 'network that may come in by SSH; the bastion needs one' },
  { flags: '--admin-anywhere', summary: 'let in SSH from the whole internet' },
  { flags: '--instance-type <type>', summary: 'type of bastion and web server, x86_64 (default: t3.micro)' },
  { flags: '--nat-instance-type <type>', summary: 'type of the NAT instances, x86_64 (default: t3.micro)' },
  {
    flags: '--image <id>',
    summary:
      'ami-…, or the Parameter Store name that holds it: an image of Amazon Linux 2023 for x86_64 (default: the newest)',
  },
];

export const nameIn = (raw: Raw): string => {
  const name = text(raw, 'name');
  if (name === undefined)
    throw usageError('is needed', { field: '--name', next: 'name the site: small letters, digits and dashes' });
  if (!NAME.test(name))
    throw usageError(`${name.slice(0, 60)} is no name of a site: small letters, digits and dashes, 40 at most`, {
      field: '--name',
    });
  return name;
};

export const regionIn = (raw: Raw): string => {
  const region = text(raw, 'region');
  if (region === undefined)
    throw usageError('is needed', { field: '--region', next: 'give --region or AWS_REGION, such as cn-north-1' });
  if (!REGION.test(region))
    throw usageError(`${region.slice(0, 60)} is no region`, {
      field: '--region',
      next: 'write it like cn-north-1 or us-east-1',
    });
  return region;
};

const networkIn = (raw: Raw, name: string, field: string): string | undefined => {
  const value = text(raw, name);
  if (value === undefined) return undefined;
  const network = parseCidr(value);
  if (typeof network === 'string') throw usageError(`${value.slice(0, 60)} ${network}`, { field });
  return network.text;
};

const vpcCidr = (raw: Raw): string | undefined => {
  const value = networkIn(raw, 'cidr', '--cidr');
  const prefix = Number(value?.split('/')[1] ?? 16);
  // AWS's own bounds are /16 and /28; six subnets of /28 need a /25.
  if (prefix < 16 || prefix > 25)
    throw usageError(`${value} is a /${prefix}: a VPC of six subnets is a /16 to /25`, { field: '--cidr' });
  return value;
};

const prefixIn = (raw: Raw, tier: Tier): number | undefined => {
  const value = text(raw, `${tier.toLowerCase()}Prefix`);
  if (value === undefined) return undefined;
  if (!/^(1[6-9]|2[0-8])$/.test(value))
    throw usageError(`${value.slice(0, 20)} is no prefix length of a subnet: 16 to 28`, {
      field: `--${tier.toLowerCase()}-prefix`,
    });
  return Number(value);
};

const adminIn = (raw: Raw): string | undefined => {
  const value = networkIn(raw, 'adminCidr', '--admin-cidr');
  if (flag(raw, 'adminAnywhere')) {
    if (value !== undefined) throw usageError('goes without --admin-cidr', { field: '--admin-anywhere' });
    return '0.0.0.0/0';
  }
  if (value?.endsWith('/0') === true)
    throw usageError(`${value} lets in SSH from the whole internet`, {
      field: '--admin-cidr',
      next: 'give your own network, or --admin-anywhere if that is what you want',
    });
  return value;
};

const typeIn = (raw: Raw, name: string, field: string): string | undefined => {
  const value = text(raw, name);
  if (value === undefined) return undefined;
  if (!TYPE.test(value))
    throw usageError(`${value.slice(0, 40)} is no instance type: write it like t3.micro`, { field });
  if (ARM.test(value))
    throw usageError(`${value} has an Arm processor; the image is for x86_64`, {
      field,
      next: 'take t3.micro or another x86_64 type',
    });
  return value;
};

/** Refuses what can be refused without knowing the stack. */
export const wishesIn = (raw: Raw): NetworkWishes => {
  const key = text(raw, 'keyName');
  if (key !== undefined && !KEY_NAME.test(key))
    throw usageError(`${key.slice(0, 40)} is no name of a key pair that the template takes`, {
      field: '--key-name',
      next: 'the name, not the path of the key file',
    });
  const image = text(raw, 'image');
  if (image !== undefined && (!IMAGE_ID.test(image) || image.length > 200))
    throw usageError(`${image.slice(0, 60)} is neither an image id nor the name of a parameter`, {
      field: '--image',
      next: 'write it like ami-0a1b2c3d or /golden/al2023',
    });
  const instanceType = typeIn(raw, 'instanceType', '--instance-type');
  const wishes = {
    VpcCidr: vpcCidr(raw),
    Nat: text(raw, 'nat'),
    NatCount: text(raw, 'natCount'),
    DatabaseRoute: text(raw, 'databaseRoute'),
    Bastion: text(raw, 'bastion'),
    Web: text(raw, 'web'),
    LoadBalancer: text(raw, 'loadBalancer'),
    KeyName: key,
    AdminCidr: adminIn(raw),
    ImageId: image,
    BastionInstanceType: instanceType,
    WebInstanceType: instanceType,
    NatInstanceType: typeIn(raw, 'natInstanceType', '--nat-instance-type'),
  };
  const prefixes = Object.fromEntries(
    TIERS.map((tier) => [tier, prefixIn(raw, tier)] as const).filter(([, prefix]) => prefix !== undefined),
  );
  // The choices of the flags are those of the type.
  return {
    ...(Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined)) as NetworkWishes),
    prefixes,
  };
};

/** The whole network. @param before the parameters of the stack that is there. @throws usage errors */
export const resolved = (site: string, wishes: NetworkWishes, before?: Partial<Network>): Network => {
  const network = networkOf(site, wishes, before);
  if (typeof network === 'string')
    throw usageError(`${wishes.VpcCidr ?? before?.VpcCidr ?? 'the VPC'} ${network}`, {
      field: '--cidr',
      next: 'give a larger --cidr or longer prefixes',
    });
  return network;
};

/** The network, if a stack can be made of it. @throws usage errors */
export const complete = (network: Network): Network => {
  if (network.Bastion === 'yes' && network.KeyName === '')
    throw usageError('is needed for the bastion', {
      field: '--key-name',
      next: 'name a key pair of the region, or give --bastion no',
    });
  if (network.Bastion === 'yes' && network.AdminCidr === '')
    throw usageError('is needed for the bastion', {
      field: '--admin-cidr',
      next: 'say which network may come in by SSH, or give --bastion no',
    });
  if (network.Web === 'private' && network.LoadBalancer === 'none')
    throw usageError('leaves a private web server that nobody reaches', {
      field: '--load-balancer',
      next: 'give --web public, --web none or a load balancer',
    });
  return network;
};
