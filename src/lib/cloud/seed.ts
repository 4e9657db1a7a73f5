import { addressText, cidr, contains } from '../domain/cidr.ts';
import { destinationsOf, linkTargets } from '../domain/routes.ts';
import type { Site } from '../domain/site.ts';
import { EVERYWHERE, type GroupRule, type Permission, type SecurityGroup } from './services/ec2/group-state.ts';
import { imagesOf, type Image } from './services/ec2/image-list.ts';
import { withDxOf } from './services/directconnect/seed.ts';
import type { InstanceRecord } from './services/ec2/instance-state.ts';
import type { StaticRoute, TableState } from './services/ec2/route-state.ts';
import { idOf, type CloudState, type Quotas, type Subnet } from './state.ts';
import type { Tags } from './tags.ts';

/** EC2's own default for addresses; for instances it counts vCPUs, and 20 small ones fit. */
const QUOTAS: Quotas = { addresses: 5, instances: 20 };

/**
 * The cloud a site file describes, on the day before anything failed: private tables follow their first link (a vpn
 * link by a static route, a dx link by propagation), gateways sit in public subnets of the main table, and are running.
 */
export const cloudFromSite = (site: Site, quotas: Partial<Quotas> = {}): CloudState => {
  const id = (prefix: string, ...parts: readonly string[]) => idOf(prefix, site.site, ...parts);
  const internetGateway = id('igw');
  const vpc = site.cloud.vpc ?? id('vpc');
  const groups = groupsOf(site, vpc);
  const [image] = imagesOf(site.cloud.region) as readonly [Image];
  const prefixLists = [...new Set(site.route_tables.flatMap((table) => table.destinations ?? []))]
    .filter((destination) => destination.startsWith('pl-'))
    .map((list) => ({ id: list, entries: site.onprem.networks }));
  const instances = site.gateways.map(
    (gateway): InstanceRecord => ({
      id: gateway.instance ?? id('i', gateway.name),
      name: gateway.name,
      az: gateway.az,
      vpc,
      subnet: id('subnet', publicNetwork(site, gateway.private_ip)),
      eni: gateway.eni ?? id('eni', gateway.name),
      privateIp: gateway.private_ip,
      publicIp: gateway.public_ip,
      state: 'running',
      sourceDestCheck: false,
      due: undefined,
      groups: [groups[1]!.id],
      image: image.id,
      type: 't3.medium',
      keyName: undefined,
      profile: undefined,
      userData: undefined,
      metadata: { tokens: 'required', hops: 2, endpoint: 'enabled', tags: 'disabled' },
      reservation: id('r', gateway.name),
      clientToken: undefined,
      launchedAt: 0,
      protected: false,
      borrowsPublicIp: false,
      volumes: [{ id: id('vol', gateway.name), device: '/dev/xvda' }],
    }),
  );
  const publicSubnets = [
    ...new Map(site.gateways.map((gateway) => [publicNetwork(site, gateway.private_ip), gateway.az])),
  ].map(([network, az]): Subnet => ({ id: id('subnet', network), vpc, cidr: network, az, givesPublicIp: false }));
  const privateSubnets = site.route_tables.flatMap((table) =>
    table.subnets.map(
      (network): Subnet => ({
        id: id('subnet', network),
        vpc,
        cidr: network,
        az: table.az ?? site.gateways[0]?.az ?? `${site.cloud.region}a`,
        givesPublicIp: false,
      }),
    ),
  );
  const links = linkTargets(site);
  const tables = site.route_tables.map((table): TableState => {
    const first = links.find(({ name }) => name === table.links[0])!;
    const at = site.gateways.findIndex((gateway) =>
      site.tunnels.some(
        (tunnel) =>
          tunnel.gateway === gateway.name &&
          site.links.some((link) => link.kind === 'vpn' && link.name === first.name && link.tunnel === tunnel.name),
      ),
    );
    const byStatic = first.kind === 'vpn' && at >= 0;
    return {
      id: table.id,
      vpc,
      main: false,
      subnets: table.subnets.map((network) => id('subnet', network)),
      propagating:
        site.cloud.vgw !== undefined &&
        table.links.some((name) => links.find((link) => link.name === name)?.kind === 'dx')
          ? [site.cloud.vgw]
          : [],
      statics: byStatic
        ? destinationsOf(site, table).map(
            (destination): StaticRoute => ({ destination, target: { eni: instances[at]!.eni } }),
          )
        : [],
    };
  });
  const main: TableState = {
    id: id('rtb', 'main'),
    vpc,
    main: true,
    subnets: publicSubnets.map((subnet) => subnet.id),
    propagating: [],
    statics: [{ destination: '0.0.0.0/0', target: { gateway: internetGateway } }],
  };
  const firstDx = site.links.find((link) => link.kind === 'dx');
  const names: readonly (readonly [string, string])[] = [
    [vpc, site.site],
    ...publicSubnets.map((subnet, index) => [subnet.id, `public-${index + 1}`] as const),
    ...site.route_tables.flatMap((table) =>
      table.subnets.map((network) => [id('subnet', network), table.name] as const),
    ),
    [main.id, 'main'],
    ...site.route_tables.map((table) => [table.id, table.name] as const),
    ...site.gateways.flatMap(({ name }, at) => [
      [instances[at]!.id, name] as const,
      [instances[at]!.eni, name] as const,
    ]),
  ];
  const seeded: CloudState = {
    region: site.cloud.region,
    owner: '123456789012',
    serial: 0,
    quotas: { ...QUOTAS, ...quotas },
    tags: Object.fromEntries(names.map(([resource, name]): [string, Tags] => [resource, { Name: name }])),
    vpcs: [{ id: vpc, cidr: site.cloud.cidr }],
    internetGateways: [{ id: internetGateway, vpc }],
    subnets: [...publicSubnets, ...privateSubnets],
    tables: [main, ...tables],
    securityGroups: groups,
    instances,
    launches: [],
    addresses: instances.flatMap(({ eni, publicIp }) =>
      publicIp === undefined ? [] : [{ id: `eipalloc-${eni.slice(4)}`, publicIp }],
    ),
    keyPairs: [],
    natGateways: [],
    launchTemplates: [],
    vgws:
      site.cloud.vgw === undefined
        ? []
        : [
            {
              id: site.cloud.vgw,
              asn: firstDx?.cloud_asn ?? 64512,
              networks: [],
              state: 'available',
              due: undefined,
              attachment: { vpc, state: 'attached', due: undefined },
            },
          ],
    customerGateways: [],
    vpnConnections: [],
    services: {},
    fpgaImages: [],
    prefixLists,
  };
  return withDxOf(seeded, site);
};

/**
 * The VPC's default group, and that of the gateways: IKE and ESP from their peers, everything from the VPC they forward
 * for.
 */
const groupsOf = (site: Site, vpc: string): readonly [SecurityGroup, SecurityGroup] => {
  const group = (
    name: string,
    description: string,
    permissions: readonly Omit<Permission, 'description'>[],
  ): SecurityGroup => {
    const id = idOf('sg', site.site, name);
    return {
      id,
      vpc,
      name,
      description,
      rules: permissions.map(
        (one, at): GroupRule => ({ ...one, description: undefined, id: idOf('sgr', id, String(at)) }),
      ),
    };
  };
  const leave = { egress: true, protocol: '-1', from: undefined, to: undefined, peer: EVERYWHERE };
  const enter = (protocol: string, network: string, port?: number) => ({
    egress: false,
    protocol,
    from: port,
    to: port,
    peer: { kind: 'cidr', value: network } as const,
  });
  const peers = [...new Set(site.onprem.routers.map((router) => `${router.public_ip}/32`))];
  return [
    group('default', 'default VPC security group', [
      { ...leave, egress: false, peer: { kind: 'group', value: idOf('sg', site.site, 'default') } },
      leave,
    ]),
    group(`${site.site}-gateways`, 'VPN gateways', [
      ...peers.flatMap((peer) => [enter('udp', peer, 500), enter('udp', peer, 4500), enter('50', peer)]),
      enter('-1', site.cloud.cidr),
      leave,
    ]),
  ];
};

/**
 * The gateway's subnet: a site file does not name it, so the /24 around the address, or the VPC where that is smaller.
 */
const publicNetwork = (site: Site, address: string): string => {
  const vpc = cidr(site.cloud.cidr);
  if (vpc.prefix >= 24 || !contains(vpc, address)) return vpc.text;
  const [a, b, c] = address.split('.').map(Number);
  return `${addressText(((a! * 256 + b!) * 256 + c!) * 256)}/24`;
};
