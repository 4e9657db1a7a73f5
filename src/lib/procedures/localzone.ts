import type { Aws } from '../core/aws.ts';
import { failure, usageError } from '../core/errors.ts';
import type { Step } from '../core/procedure.ts';
import type { Site } from '../domain/site.ts';
import { filtersOf } from '../domain/tags.ts';
import { utilityPolicy } from '../domain/utility-policy.ts';
import { renderUtilityUserData } from '../render/localzone/user-data.ts';
import { newestImage } from './aws/image.ts';
import { instanceProfile } from './aws/instance-profile.ts';
import { ec2Instance } from './aws/instance.ts';
import { keyFile, keyPair } from './aws/key-pair.ts';
import { account, vpc } from './aws/lookups.ts';
import { overrideRoutes } from './aws/override-route.ts';
import { role, rolePolicy } from './aws/role.ts';
import { securityGroup, type IngressRule } from './aws/security-group.ts';

export interface UtilityOptions {
  readonly subnet: string;
  readonly type: string;
  /** Absolute path of the SSH key. */
  readonly keyFile: string;
  /** Networks from which SSH is let in. */
  readonly admins: readonly string[];
  readonly sessions: boolean;
  /** `https://…` or `s3://bucket/key`. */
  readonly url: string;
  readonly sha256: string;
  /** Text of the site file that the instance gets. */
  readonly siteFile: string;
}

/** The one name of role, policy, profile, key pair, security group and instance. */
const WHAT = 'utility';

/** Whether a thing that `leftovers` names, `i-0a1b (instance/utility)`, is of this procedure. */
export const isUtility = (left: string): boolean => left.endsWith(`/${WHAT})`);

/** @throws a usage error where there is nothing for a utility instance to do. */
export const refuseWithoutOverride = ({ route_tables: tables }: Site): void => {
  if (!tables.some(({ mode }) => mode === 'override'))
    throw usageError('no route table is in override mode', {
      field: 'route_tables',
      next: 'give the table of the production subnet mode: override, and its links in order: Direct Connect, then the VPN',
    });
};

/**
 * The private subnet that the probes leave from. Its own routes must not move, or they would follow the very path they
 * judge.
 */
const subnet = (site: Site, id: string): Step => ({
  key: `subnet/${WHAT}`,
  title: `subnet ${id}`,
  needs: ['vpc'],
  async read({ aws, values }) {
    const [found] = await aws.all('ec2', 'DescribeSubnets', { SubnetIds: [id] }, 'Subnets');
    if (found === undefined || found.VpcId !== values('vpc'))
      throw failure(`${id} is no subnet of ${values('vpc')}`, { field: '--subnet' });
    const tables = await aws.all(
      'ec2',
      'DescribeRouteTables',
      { Filters: [{ Name: 'vpc-id', Values: [values('vpc')] }] },
      'RouteTables',
    );
    const associated = (wanted: (one: { SubnetId?: string | undefined; Main?: boolean | undefined }) => boolean) =>
      tables.find(({ Associations = [] }) => Associations.some(wanted));
    const table = associated(({ SubnetId }) => SubnetId === id) ?? associated(({ Main }) => Main === true);
    const moved = site.route_tables.find(({ id: one, mode }) => one === table?.RouteTableId && mode === 'override');
    if (moved !== undefined)
      throw failure(
        `${id} has the routes of ${moved.name}, which the monitor moves: its probes would go by the VPN and never see Direct Connect come back`,
        { field: '--subnet', next: 'choose a subnet whose table only follows the virtual private gateway' },
      );
    return { state: 'ready', found: { id, owned: false } };
  },
  create: () => [],
});

const roleSteps = (site: Site, { url, sessions }: Pick<UtilityOptions, 'url' | 'sessions'>): readonly Step[] => [
  role(site.site, {
    name: WHAT,
    service: 'ec2',
    region: site.cloud.region,
    description: `hybridctl: route monitor of ${site.site}`,
  }),
  rolePolicy(site.site, {
    name: WHAT,
    needs: ['account'],
    document: (value) =>
      utilityPolicy(site, {
        account: value('account'),
        object: url.startsWith('s3://') ? url.slice('s3://'.length) : undefined,
        sessions,
      }),
  }),
  instanceProfile(site.site, WHAT),
];

/** Answers to probes need no rule: a security group knows what it let out. Without SSH there is nothing to let in. */
const groupSteps = (site: Site, admins: readonly string[]): readonly Step[] => {
  const ingress = admins.map(
    (cidr): IngressRule => ({ protocol: 'tcp', port: 22, cidr, why: 'SSH of an administrator' }),
  );
  return securityGroup(site.site, {
    name: WHAT,
    description: `hybridctl: route monitor of ${site.site}`,
    ingress,
  }).slice(0, ingress.length === 0 ? 1 : 2);
};

/** From the role to the running monitor, in the order of the field document. */
export const utilitySteps = (site: Site, options: UtilityOptions): readonly Step[] => [
  account(),
  vpc(site.cloud.cidr, site.cloud.vpc),
  subnet(site, options.subnet),
  ...roleSteps(site, options),
  newestImage('al2023', options.type),
  keyFile({ name: WHAT, path: options.keyFile, purge: false }),
  keyPair(site.site, WHAT),
  ...groupSteps(site, options.admins),
  ec2Instance(site.site, {
    name: WHAT,
    type: options.type,
    volume: 'gp2',
    publicAddress: false,
    profile: `profile/${WHAT}`,
    securityGroup: `security-group/${WHAT}`,
    keyPair: `key-pair/${WHAT}`,
    userData: () =>
      renderUtilityUserData({
        site: site.site,
        region: site.cloud.region,
        siteFile: options.siteFile,
        url: options.url,
        sha256: options.sha256,
      }),
  }),
];

export interface UtilityRemoval {
  /** Leave the routes as they are, also where they point at the VPN. */
  readonly keepRoutes: boolean;
  /** The SSH key goes too. */
  readonly purgeKey: string | undefined;
}

/**
 * What is removed, as it was made; so the instance goes first, as in the field document, and its monitor can put no
 * route back. Then the routes it left, while Direct Connect is there to take over; then what it was made of.
 */
export const utilityRemoval = (site: Site, { keepRoutes, purgeKey }: UtilityRemoval): readonly Step[] => [
  ...roleSteps(site, { url: '', sessions: false }),
  ...(purgeKey === undefined ? [] : [keyFile({ name: WHAT, path: purgeKey, purge: true })]),
  keyPair(site.site, WHAT),
  ...groupSteps(site, []),
  ...(keepRoutes ? [] : overrideRoutes(site)),
  ec2Instance(site.site, { name: WHAT, type: '', profile: '', securityGroup: '' }),
];

export interface UtilityView {
  readonly id: string;
  readonly state: string;
  readonly address: string | null;
  readonly zone: string;
}

/** The utility instance as the cloud shows it; undefined where there is none that lives. */
export const utilityOf = async (aws: Aws, site: string): Promise<UtilityView | undefined> => {
  const reservations = await aws.all(
    'ec2',
    'DescribeInstances',
    { Filters: filtersOf(site, `instance/${WHAT}`) },
    'Reservations',
  );
  const alive = reservations
    .flatMap(({ Instances = [] }) => Instances)
    .filter(({ State }) => State?.Name !== 'terminated' && State?.Name !== 'shutting-down');
  const found = alive.find(({ State }) => State?.Name === 'running') ?? alive[0];
  return found === undefined
    ? undefined
    : {
        id: found.InstanceId!,
        state: found.State?.Name ?? 'unknown',
        address: found.PrivateIpAddress ?? null,
        zone: found.Placement?.AvailabilityZone ?? 'an unknown zone',
      };
};
