import { createHash } from 'node:crypto';
import { addressText, cidr, contains } from '../../domain/cidr.ts';
import { destinationsOf, linkTargets } from '../../domain/routes.ts';
import type { Site } from '../../domain/site.ts';
import { NO_IAM } from './iam-state.ts';
import type { CloudState, StaticRoute, TableState } from './state.ts';

/** An id that is the same on every run, for what the site file does not name. */
const made = (prefix: string, ...parts: readonly string[]): string => `${prefix}-0${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16)}`;

/**
 * The cloud a site file describes, on the day before anything failed: private tables follow their first link (a vpn link
 * by a static route, a dx link by propagation), gateways sit in public subnets of the main table, and are running.
 */
export const cloudFromSite = (site: Site): CloudState => {
  const id = (prefix: string, ...parts: readonly string[]) => made(prefix, site.site, ...parts);
  const internetGateway = id('igw');
  const prefixLists = [...new Set(site.route_tables.flatMap((table) => table.destinations ?? []))]
    .filter((destination) => destination.startsWith('pl-'))
    .map((list) => ({ id: list, name: `${site.site}-onprem`, entries: site.onprem.networks }));
  const instances: CloudState['instances'] = site.gateways.map((gateway) => ({
    id: gateway.instance ?? id('i', gateway.name),
    name: gateway.name,
    az: gateway.az,
    subnet: id('subnet', publicNetwork(site, gateway.private_ip)),
    eni: gateway.eni ?? id('eni', gateway.name),
    privateIp: gateway.private_ip,
    publicIp: gateway.public_ip,
    state: 'running',
    sourceDestCheck: false,
    due: undefined,
  }));
  const publicSubnets = [...new Map(site.gateways.map((gateway) => [publicNetwork(site, gateway.private_ip), gateway.az]))]
    .map(([network, az], index) => ({ id: id('subnet', network), cidr: network, az, name: `public-${index + 1}` }));
  const privateSubnets = site.route_tables.flatMap((table) =>
    table.subnets.map((network) => ({ id: id('subnet', network), cidr: network, az: table.az ?? site.gateways[0]!.az, name: table.name })),
  );
  const links = linkTargets(site);
  const tables = site.route_tables.map((table): TableState => {
    const first = links.find(({ name }) => name === table.links[0])!;
    const at = site.gateways.findIndex((gateway) => site.tunnels.some((tunnel) => tunnel.gateway === gateway.name && site.links.some((link) => link.kind === 'vpn' && link.name === first.name && link.tunnel === tunnel.name)));
    const byStatic = first.kind === 'vpn' && at >= 0;
    return {
      id: table.id,
      name: table.name,
      main: false,
      subnets: table.subnets.map((network) => id('subnet', network)),
      propagating: site.cloud.vgw !== undefined && table.links.some((name) => links.find((link) => link.name === name)?.kind === 'dx') ? [site.cloud.vgw] : [],
      statics: byStatic ? destinationsOf(site, table).map((destination): StaticRoute => ({ destination, target: { eni: instances[at]!.eni } })) : [],
    };
  });
  const main: TableState = {
    id: id('rtb', 'main'),
    name: 'main',
    main: true,
    subnets: publicSubnets.map((subnet) => subnet.id),
    propagating: [],
    statics: [{ destination: '0.0.0.0/0', target: { gateway: internetGateway } }],
  };
  const dx = site.links.find((link) => link.kind === 'dx');
  return {
    region: site.cloud.region,
    owner: '123456789012',
    vpc: { id: site.cloud.vpc ?? id('vpc'), cidr: site.cloud.cidr, name: site.site },
    internetGateway,
    subnets: [...publicSubnets, ...privateSubnets],
    tables: [main, ...tables],
    instances,
    addresses: instances.flatMap(({ eni, publicIp }) => (publicIp === undefined ? [] : [{ id: `eipalloc-${eni.slice(4)}`, publicIp }])),
    vgws: site.cloud.vgw === undefined ? [] : [{ id: site.cloud.vgw, asn: dx?.cloud_asn ?? 64512, networks: [] }],
    iam: NO_IAM,
    parameters: [],
    prefixLists,
  };
};

/** The gateway's subnet: a site file does not name it, so the /24 around the address, or the VPC where that is smaller. */
const publicNetwork = (site: Site, address: string): string => {
  const vpc = cidr(site.cloud.cidr);
  if (vpc.prefix >= 24 || !contains(vpc, address)) return vpc.text;
  const [a, b, c] = address.split('.').map(Number);
  return `${addressText(((a! * 256 + b!) * 256 + c!) * 256)}/24`;
};
