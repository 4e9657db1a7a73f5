import type { Aws, Output } from '../core/aws.ts';
import type { RouteTable, RouteTables } from '../core/ports.ts';
import type { Gateway, Site } from '../domain/site.ts';
import { filtersOf } from '../domain/tags.ts';
import { skipped, type CheckResult } from './types.ts';

type List<
  O extends
    | 'DescribeAddresses'
    | 'DescribeSecurityGroups'
    | 'DescribeNetworkAcls'
    | 'DescribeRouteTables'
    | 'DescribeVpnGateways'
    | 'DescribeVpnConnections'
    | 'DescribeInstanceStatus',
  F extends keyof Output<'ec2', O>,
> = NonNullable<Output<'ec2', O>[F]>;
export type Instance = NonNullable<
  NonNullable<Output<'ec2', 'DescribeInstances'>['Reservations']>[number]['Instances']
>[number];
export type Address = List<'DescribeAddresses', 'Addresses'> extends readonly (infer T)[] ? T : never;
export type Group = List<'DescribeSecurityGroups', 'SecurityGroups'> extends readonly (infer T)[] ? T : never;
export type Acl = List<'DescribeNetworkAcls', 'NetworkAcls'> extends readonly (infer T)[] ? T : never;

/** A gateway of the site and the instance that is it; undefined: there is none. */
export interface CloudGateway {
  readonly gateway: Gateway;
  readonly instance: Instance | undefined;
}

/**
 * What hangs on an instance can't be looked at where there is none; that it is missing is told by the check `instance`.
 */
export const unseen = (gateways: readonly CloudGateway[]): readonly CheckResult[] =>
  gateways.flatMap(({ gateway: { name }, instance }) =>
    instance === undefined ? [skipped(name, 'its instance is not there')] : [],
  );

/** Of a site whose gateways are AWS's own. */
export const noGateway = ({ site }: { readonly site: Site }): string | undefined =>
  site.gateways.length === 0 ? 'the site has no gateway of its own' : undefined;

/** The cloud, each thing read once and when it is first asked for. */
export interface CloudView {
  gateways(): Promise<readonly CloudGateway[]>;
  statuses(): Promise<List<'DescribeInstanceStatus', 'InstanceStatuses'>>;
  /** Elastic IPs among the gateways' public addresses. */
  addresses(): Promise<readonly Address[]>;
  /** Groups on the gateways' interfaces. */
  groups(): Promise<readonly Group[]>;
  /** Network ACLs of the gateways' subnets. */
  acls(): Promise<readonly Acl[]>;
  /** The site's tables that are there. */
  tables(): Promise<readonly RouteTable[]>;
  /** Every table of the gateways' VPC, as the API says it. */
  vpcTables(): Promise<List<'DescribeRouteTables', 'RouteTables'>>;
  vgw(id: string): Promise<List<'DescribeVpnGateways', 'VpnGateways'>[number] | undefined>;
  /** Managed VPN connections on a VGW. */
  connections(vgw: string): Promise<List<'DescribeVpnConnections', 'VpnConnections'>>;
}

const once = <T>(work: () => Promise<T>): (() => Promise<T>) => {
  let answer: Promise<T> | undefined;
  return () => (answer ??= work());
};
const distinct = (ids: readonly (string | undefined)[]): string[] => [...new Set(ids.filter((id) => id !== undefined))];
const by = (Name: string, Values: readonly string[]) => ({ Filters: [{ Name, Values: [...Values] }] });

/** By filter, so that what is not there is an empty answer and not an error. The site file's own ids go first. */
const filtersFor = (
  site: Site,
  { name, instance, eni, private_ip }: Gateway,
): { Name: string; Values: string[] }[][] => {
  if (instance !== undefined) return [[{ Name: 'instance-id', Values: [instance] }]];
  if (eni !== undefined) return [[{ Name: 'network-interface.network-interface-id', Values: [eni] }]];
  const inVpc = site.cloud.vpc === undefined ? [] : [{ Name: 'vpc-id', Values: [site.cloud.vpc] }];
  return [filtersOf(site.site, `instance/${name}`), [{ Name: 'private-ip-address', Values: [private_ip] }, ...inVpc]];
};

export const cloudView = (aws: Aws, routeTables: RouteTables, site: Site): CloudView => {
  const instanceOf = async (gateway: Gateway): Promise<Instance | undefined> => {
    for (const Filters of filtersFor(site, gateway)) {
      const reservations = await aws.all('ec2', 'DescribeInstances', { Filters }, 'Reservations');
      const found = reservations
        .flatMap(({ Instances = [] }) => Instances)
        .find(({ State }) => State?.Name !== 'terminated');
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const gateways = once(async () => {
    const found: CloudGateway[] = [];
    for (const gateway of site.gateways) found.push({ gateway, instance: await instanceOf(gateway) });
    return found;
  });
  const ofInstances = async (pick: (instance: Instance) => readonly (string | undefined)[]) =>
    distinct((await gateways()).flatMap(({ instance }) => (instance === undefined ? [] : pick(instance))));
  const vpcTables = once(async () => {
    const ids = distinct([site.cloud.vpc, ...(await ofInstances(({ VpcId }) => [VpcId]))]);
    return ids.length === 0 ? [] : aws.all('ec2', 'DescribeRouteTables', by('vpc-id', ids), 'RouteTables');
  });
  return {
    gateways,
    statuses: once(async () => {
      const InstanceIds = await ofInstances(({ InstanceId }) => [InstanceId]);
      return InstanceIds.length === 0
        ? []
        : aws.all('ec2', 'DescribeInstanceStatus', { InstanceIds, IncludeAllInstances: true }, 'InstanceStatuses');
    }),
    addresses: once(
      async () =>
        (
          await aws.ask(
            'ec2',
            'DescribeAddresses',
            by('public-ip', distinct(site.gateways.map(({ public_ip }) => public_ip))),
          )
        ).Addresses ?? [],
    ),
    groups: once(async () => {
      const ids = await ofInstances(({ NetworkInterfaces = [], SecurityGroups = [] }) =>
        [...SecurityGroups, ...NetworkInterfaces.flatMap(({ Groups = [] }) => Groups)].map(({ GroupId }) => GroupId),
      );
      return ids.length === 0 ? [] : aws.all('ec2', 'DescribeSecurityGroups', by('group-id', ids), 'SecurityGroups');
    }),
    acls: once(async () => {
      const ids = await ofInstances(({ SubnetId }) => [SubnetId]);
      return ids.length === 0
        ? []
        : aws.all('ec2', 'DescribeNetworkAcls', by('association.subnet-id', ids), 'NetworkAcls');
    }),
    tables: once(async () => {
      const known = await vpcTables();
      const ids = site.route_tables
        .map(({ id }) => id)
        .filter((id) => known.length === 0 || known.some(({ RouteTableId }) => RouteTableId === id));
      return ids.length === 0 ? [] : routeTables.readThere(ids);
    }),
    vpcTables,
    vgw: async (id) => (await aws.ask('ec2', 'DescribeVpnGateways', by('vpn-gateway-id', [id]))).VpnGateways?.[0],
    connections: async (vgw) =>
      (await aws.ask('ec2', 'DescribeVpnConnections', by('vpn-gateway-id', [vgw]))).VpnConnections ?? [],
  };
};
