import { usageError } from '../../lib/core/errors.ts';
import { flag, toggle, type Options } from '../../lib/core/flags.ts';
import type { Kind } from '../../lib/core/flags/kind.ts';
import { choice, count, text } from '../../lib/core/flags/kinds.ts';
import { show } from '../../lib/core/words.ts';
import { cidr, instanceType } from '../../lib/domain/kinds.ts';
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
} from '../../lib/render/network/network.ts';
import { FLAG } from '../flags.ts';

/** Arm processors have a `g` after the generation (t4g, c7gn); the first of them is a1. */
const ARM = /^([a-z]+\d+g|a1\.)/;
/** An image, or a parameter of Parameter Store that holds its id. */
const IMAGE_ID = /^(?=.{1,200}$)(ami-[0-9a-f]{8,17}|\/?[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*)$/;
const KEY_NAME = /^[A-Za-z0-9._@+=-][A-Za-z0-9 ._@+=-]{0,254}$/;

/** Of x86_64, which the image is for. */
const x86Type: Kind<string> = {
  ...instanceType(),
  parse(given, context) {
    const type = instanceType().parse(given, context);
    if (ARM.test(type))
      throw usageError(`${show(type)} has an Arm processor and the image is for x86_64: write it like t3.micro`);
    return type;
  },
};

// AWS's own bounds are /16 and /28.
const prefix = count({ from: 16, to: 28, placeholder: 'length' });

/** What the stack and its tags are called, and where it is. */
export const PLACE = {
  name: flag(
    text({
      placeholder: 'name',
      shape: /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/,
      what: 'a name of 1-40 lowercase letters, digits, dashes',
      like: 'office',
    }),
    'name of the site; the stack is hybridctl-NAME-network',
    { env: 'HYBRIDCTL_NAME', required: true },
  ),
  region: FLAG.ownRegion,
  profile: FLAG.profile,
} as const;

/** What the network shall be. What is not said keeps the value of the stack that is there, else its default. */
export const NETWORK = {
  // Six subnets of /28 need a /25.
  cidr: flag(
    cidr({ from: 16, to: 25, tooWide: 'is larger than a VPC may be' }),
    'network of the VPC, /16 to /25 (default: 10.40.0.0/16)',
  ),
  publicPrefix: flag(prefix, 'prefix length of the public subnets (default: 24, or what fits)'),
  privatePrefix: flag(prefix, 'prefix length of the private subnets'),
  databasePrefix: flag(prefix, 'prefix length of the database subnets'),
  nat: flag(choice(NATS, 'kind'), 'how private subnets reach the internet (default: gateway)'),
  natCount: flag(choice(NAT_COUNTS, 'number'), 'one NAT for both zones, or one in each (default: 1)'),
  databaseRoute: flag(
    choice(DATABASE_ROUTES, 'route'),
    "the database subnets' way out; the field document has nat (default: none)",
  ),
  bastion: flag(choice(YES_NO, 'answer'), 'a host to come in by SSH (default: yes)'),
  web: flag(
    choice(WEB_PLACES, 'place'),
    'the web server: behind the load balancer, with an address of its own as in the field document, or none (default: private)',
  ),
  loadBalancer: flag(
    choice(BALANCERS, 'kind'),
    "application load balancer, the field document's classic one, or none (default: alb)",
  ),
  keyName: flag(
    text({
      placeholder: 'name',
      shape: KEY_NAME,
      what: 'a name of a key pair (the name, not the path of its file)',
      like: 'awskey',
    }),
    'key pair for SSH; the bastion needs one',
  ),
  adminCidr: flag(
    cidr({ from: 1, tooWide: 'lets in SSH from the whole internet (--admin-anywhere, if you want that)' }),
    'network that may come in by SSH; the bastion needs one',
  ),
  adminAnywhere: toggle('let in SSH from the whole internet'),
  instanceType: flag(x86Type, 'type of bastion and web server, x86_64 (default: t3.micro)'),
  natInstanceType: flag(x86Type, 'type of the NAT instances, x86_64 (default: t3.micro)'),
  image: flag(
    text({
      placeholder: 'id',
      shape: IMAGE_ID,
      what: 'an image id or the name of a parameter',
      like: 'ami-0a1b2c3d or /golden/al2023',
    }),
    'ami-…, or the Parameter Store name that holds it: an image of Amazon Linux 2023 for x86_64 (default: the newest)',
  ),
} as const;

export const NETWORK_CONFLICTS = [['adminCidr', 'adminAnywhere']] as const;

/** Refuses what can be refused without knowing the stack. */
export const wishesIn = (given: Options<object, typeof NETWORK>): NetworkWishes => {
  const wishes = {
    VpcCidr: given.cidr,
    Nat: given.nat,
    NatCount: given.natCount,
    DatabaseRoute: given.databaseRoute,
    Bastion: given.bastion,
    Web: given.web,
    LoadBalancer: given.loadBalancer,
    KeyName: given.keyName,
    AdminCidr: given.adminAnywhere ? '0.0.0.0/0' : given.adminCidr,
    ImageId: given.image,
    BastionInstanceType: given.instanceType,
    WebInstanceType: given.instanceType,
    NatInstanceType: given.natInstanceType,
  };
  const prefixes = { Public: given.publicPrefix, Private: given.privatePrefix, Database: given.databasePrefix };
  return {
    ...(Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined)) as NetworkWishes),
    prefixes: Object.fromEntries(
      TIERS.map((tier) => [tier, prefixes[tier]] as const).filter(([, length]) => length !== undefined),
    ),
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
    throw usageError('missing --key-name: the bastion needs it', {
      field: '--key-name',
      next: 'name a key pair of the region, or use --bastion no',
    });
  if (network.Bastion === 'yes' && network.AdminCidr === '')
    throw usageError('missing --admin-cidr: the bastion needs it', {
      field: '--admin-cidr',
      next: 'set the network that may come in by SSH, or use --bastion no',
    });
  if (network.Web === 'private' && network.LoadBalancer === 'none')
    throw usageError('leaves a private web server that nobody reaches', {
      field: '--load-balancer',
      next: 'give --web public, --web none or a load balancer',
    });
  return network;
};
