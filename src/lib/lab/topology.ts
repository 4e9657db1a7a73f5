import { usageError } from '../core/errors.ts';
import { dxSession } from '../domain/direct-connect.ts';
import { addressText, cidr, covers } from '../domain/cidr.ts';
import type { DxLink, Site } from '../domain/site.ts';
import { LAB_NET as NET, NAME_RULES, ROUTING } from './numbers.ts';

export type Role = 'app' | 'monitor' | 'vpc' | 'gateway' | 'inet' | 'vgw' | 'router' | 'lan' | 'host';

/** One network namespace. Text fields are arguments of `ip`, in an order that can be replayed at any time. */
export interface LabNode {
  readonly name: string;
  readonly netns: string;
  readonly role: Role;
  readonly forwards: boolean;
  readonly addresses: readonly { readonly dev: string; readonly address: string }[];
  /** `172.16.11.10/32 dev app-1 table 100`: what follows `ip route replace`. */
  readonly routes: readonly string[];
  /** `pref 100 lookup 100`: what follows `ip rule add`. */
  readonly rules: readonly string[];
  /** Elastic IPs and a provider's 1:1 NAT: `dev` faces the outside. */
  readonly nat: readonly {
    readonly dev: string;
    readonly inside: string;
    readonly outside: string;
    readonly facing: 'inside' | 'outside';
  }[];
  readonly runs: readonly ('charon' | 'frr')[];
}

export interface LinkEnd {
  readonly node: string;
  readonly dev: string;
}

/** A veth pair. `cloud` is the end nearer to the VPC, so that a direction means the same on every link. */
export interface LabLink {
  readonly name: string;
  readonly cloud: LinkEnd;
  readonly onprem: LinkEnd;
}

/** A route table of the VPC and the Linux table it becomes in the VPC router. */
export interface LabTable {
  readonly id: string;
  readonly name: string;
  readonly number: number;
}

/** Direct Connect: addresses of both ends of one virtual interface. */
export interface LabDx {
  readonly link: DxLink;
  readonly dev: string;
  readonly cloudAddress: string;
  readonly routerAddress: string;
  readonly routerAsn: number;
}

export interface Topology {
  readonly lab: string;
  readonly site: Site;
  readonly nodes: readonly LabNode[];
  readonly links: readonly LabLink[];
  readonly tables: readonly LabTable[];
  readonly dx: readonly LabDx[];
  /** The pair that reaches the endpoint in the root namespace. */
  readonly management: {
    readonly rootDev: string;
    readonly dev: string;
    readonly rootAddress: string;
    readonly vpcAddress: string;
  };
  /** Where traffic goes: an address of the on-prem host in each on-prem network. */
  readonly hostAddresses: readonly string[];
}

/** A device name that Linux takes: at most 15 characters, no slash. Longer names are cut and numbered. */
const deviceName = (wanted: string, index: number): string =>
  wanted.length <= 15 && !wanted.includes('/') ? wanted : `${wanted.replace(/[/.]/g, '').slice(0, 11)}.${index}`;

/** An address `offset` into a network. Throws a usage error where the network is too small for the lab's hosts. */
const hostAddress = (network: string, offset: number, field: string): string => {
  const { first, last, text } = cidr(network);
  if (first + offset >= last)
    throw usageError(`${text} is too small for the lab: it places a host at address ${offset}`, { field });
  return addressText(first + offset);
};

/** The field document's on-prem host is 10.10.3.100: the same place in any network that is large enough. */
const onpremHost = (network: string): string => {
  const { first, last } = cidr(network);
  const size = last - first + 1;
  return addressText(first + (size >= 1024 ? 3 * 256 + 100 : size >= 128 ? 100 : size - 2));
};

/** @returns the router's address on the office network: its own, or the second, third, … of the first network. */
export const lanAddress = (site: Site, index: number): string =>
  site.onprem.routers[index]!.lan_ip ?? addressText(cidr(site.onprem.networks[0]!).first + 2 + index);

const dxOf = (site: Site): readonly LabDx[] =>
  site.links.flatMap((link, index) => {
    if (link.kind !== 'dx') return [];
    const router = site.onprem.routers.find(({ name }) => name === link.router)!;
    if (router.asn === undefined)
      throw usageError(`${router.name} has no BGP AS number`, {
        field: 'onprem.routers.asn',
        next: 'give it one: Direct Connect is BGP',
      });
    const session = dxSession(link);
    return [
      {
        link,
        dev: deviceName(link.name, index),
        cloudAddress: session.cloud,
        routerAddress: session.router,
        routerAsn: router.asn,
      },
    ];
  });

const refuseCollisions = (site: Site): void => {
  const taken = new Set<string>([
    'vpc',
    'inet',
    'vgw',
    'lan',
    'host',
    // The namespace of a guest kernel.
    'guest',
    ...site.route_tables.flatMap((_, at) => [`app-${at + 1}`, `mon-${at + 1}`]),
  ]);
  const boxes = [
    ...site.gateways.map(({ name }) => ['gateways', name] as const),
    ...site.onprem.routers.map(({ name }) => ['onprem.routers', name] as const),
  ];
  for (const [field, name] of boxes) {
    if (taken.has(name))
      throw usageError(`the lab already has a node called ${name}`, { field, next: 'give the box another name' });
    taken.add(name);
  }
};

/**
 * The lab of a valid site: every namespace, link, address and route. Pure.
 *
 * Hosts hold /32 addresses with an on-link default route, because a VPC is no Ethernet segment: its router answers for
 * everything.
 *
 * @param slot picks the management /30, so that two labs stand side by side.
 * @throws a usage error naming the field when the site can't be built.
 */
export const topologyOf = (site: Site, lab: string, slot: number): Topology => {
  if (!NAME_RULES.lab.test(lab))
    throw usageError('must be 1 to 10 lower-case letters and digits, beginning with a letter', { field: '--name' });
  if (site.links.length === 0)
    throw usageError('is empty: there is no tunnel and no Direct Connect to build', {
      field: 'links',
      next: 'add a gateway: hybridctl vpn init --gateway az=…,private=…,public=…',
    });
  refuseCollisions(site);
  const dx = dxOf(site);
  const tables = site.route_tables.map(({ id, name }, at) => ({ id, name, number: ROUTING.firstTable + at }));
  const management = {
    rootDev: `${lab}-mgmt`,
    dev: 'mgmt',
    rootAddress: `198.18.${slot}.1`,
    vpcAddress: `198.18.${slot}.2`,
  };
  const nodes: LabNode[] = [];
  const links: LabLink[] = [];
  const node = (name: string, role: Role, rest: Partial<LabNode>): void => {
    nodes.push({
      name,
      netns: `${lab}-${name}`,
      role,
      forwards: false,
      addresses: [],
      routes: [],
      rules: [],
      nat: [],
      runs: [],
      ...rest,
    });
  };

  // The VPC: app host and monitor of each route table, gateways, and the router that everything hangs on.
  const vpcAddresses: { dev: string; address: string }[] = [
    { dev: management.dev, address: `${management.vpcAddress}/30` },
  ];
  const vpcRoutes: string[] = [];
  const vpcRules: string[] = [
    `pref ${ROUTING.prefManagement} to 198.18.${slot}.0/30 lookup main`,
    `pref ${ROUTING.prefLocal} lookup ${ROUTING.localTable}`,
  ];
  const inVpc = (
    name: string,
    role: Role,
    dev: string,
    address: string,
    rest: Partial<LabNode>,
    table: number,
  ): void => {
    const port = deviceName(name, nodes.length);
    const router = addressText(Math.floor(cidr(`${address}/32`).first / 256) * 256 + 1);
    node(name, role, {
      addresses: [{ dev, address: `${address}/32` }],
      routes: [`default via ${router} dev ${dev} onlink`],
      ...rest,
    });
    links.push({ name, cloud: { node: 'vpc', dev: port }, onprem: { node: name, dev } });
    vpcAddresses.push({ dev: port, address: `${router}/32` });
    vpcRoutes.push(`${address}/32 dev ${port} table ${ROUTING.localTable}`);
    vpcRules.push(`pref ${ROUTING.prefTables} iif ${port} lookup ${table}`);
  };
  site.route_tables.forEach((table, at) => {
    const subnet = table.subnets[0];
    if (subnet === undefined) return;
    if (!covers(cidr(site.cloud.cidr), cidr(subnet)))
      throw usageError(`${subnet} is not inside the VPC's ${site.cloud.cidr}`, { field: `route_tables.${at}.subnets` });
    inVpc(
      `app-${at + 1}`,
      'app',
      'eth0',
      hostAddress(subnet, 10, `route_tables.${at}.subnets`),
      {},
      tables[at]!.number,
    );
    inVpc(
      `mon-${at + 1}`,
      'monitor',
      'eth0',
      hostAddress(subnet, 11, `route_tables.${at}.subnets`),
      {},
      ROUTING.monitorTable,
    );
  });
  site.gateways.forEach((gateway, at) => {
    inVpc(
      gateway.name,
      'gateway',
      deviceName(gateway.wan, at),
      gateway.private_ip,
      { forwards: true, runs: ['charon'] },
      ROUTING.edgeTable,
    );
  });
  node('vpc', 'vpc', {
    forwards: true,
    addresses: [
      ...vpcAddresses,
      { dev: 'inet', address: `${NET.vpcEdge}/32` },
      ...(dx.length === 0 ? [] : [{ dev: 'vgw', address: `${NET.vpcToVgw}/32` }]),
    ],
    routes: [
      ...vpcRoutes,
      // AWS drops what it has no route for, without a word.
      `blackhole ${site.cloud.cidr} table ${ROUTING.localTable}`,
      ...[ROUTING.monitorTable, ...tables.map(({ number }) => number)].map(
        (number) => `blackhole default table ${number} metric 4294967295`,
      ),
      `default via ${NET.inet} dev inet onlink table ${ROUTING.edgeTable}`,
    ],
    rules: vpcRules,
    nat: site.gateways.map(({ private_ip, public_ip }) => ({
      dev: 'inet',
      inside: private_ip,
      outside: public_ip,
      facing: 'outside' as const,
    })),
  });
  links.push({ name: 'inet', cloud: { node: 'vpc', dev: 'inet' }, onprem: { node: 'inet', dev: 'vpc' } });

  // The cloud end of Direct Connect. Without a BGP route it drops in silence, as a virtual private gateway does.
  if (dx.length > 0) {
    node('vgw', 'vgw', {
      forwards: true,
      addresses: [
        { dev: 'vpc', address: `${NET.vgw}/32` },
        ...dx.map(({ dev, cloudAddress }) => ({ dev, address: `${cloudAddress}/30` })),
      ],
      routes: [`${site.cloud.cidr} via ${NET.vpcToVgw} dev vpc onlink`, 'blackhole default metric 4294967295'],
      runs: ['frr'],
    });
    links.push({ name: 'vgw', cloud: { node: 'vpc', dev: 'vgw' }, onprem: { node: 'vgw', dev: 'vpc' } });
  }

  // The internet and the on-prem routers. A router with a private address sits behind its provider's 1:1 NAT.
  const office = cidr(site.onprem.networks[0]!);
  const hostAddresses = site.onprem.networks.map(onpremHost);
  const ports = site.onprem.routers.map(({ name }, at) => deviceName(name, at));
  node('inet', 'inet', {
    forwards: true,
    addresses: [{ dev: 'vpc', address: `${NET.inet}/32` }, ...ports.map((dev) => ({ dev, address: `${NET.inet}/32` }))],
    routes: [
      ...site.gateways.map(({ public_ip }) => `${public_ip}/32 via ${NET.vpcEdge} dev vpc onlink`),
      ...site.onprem.routers.map(({ public_ip, private_ip }, at) => `${private_ip ?? public_ip}/32 dev ${ports[at]!}`),
    ],
    nat: site.onprem.routers.flatMap(({ public_ip, private_ip }, at) =>
      private_ip === undefined
        ? []
        : [{ dev: ports[at]!, inside: private_ip, outside: public_ip, facing: 'inside' as const }],
    ),
  });
  site.onprem.routers.forEach((router, at) => {
    const mine = dx.filter(({ link }) => link.router === router.name);
    const wan = deviceName(router.wan, 0);
    const lan = deviceName(router.lan, 1);
    node(router.name, 'router', {
      forwards: true,
      addresses: [
        { dev: wan, address: `${router.private_ip ?? router.public_ip}/32` },
        { dev: lan, address: `${lanAddress(site, at)}/${office.prefix}` },
        ...mine.map(({ dev, routerAddress }) => ({ dev, address: `${routerAddress}/30` })),
      ],
      routes: [
        `default via ${NET.inet} dev ${wan} onlink`,
        ...site.onprem.networks.slice(1).map((network) => `${network} via ${hostAddresses[0]!} dev ${lan}`),
      ],
      runs: ['charon', 'frr'],
    });
    links.push({
      name: `wan-${router.name}`,
      cloud: { node: 'inet', dev: ports[at]! },
      onprem: { node: router.name, dev: wan },
    });
    for (const { dev, link } of mine)
      links.push({ name: link.name, cloud: { node: 'vgw', dev }, onprem: { node: router.name, dev } });
    links.push({
      name: `lan-${router.name}`,
      cloud: { node: router.name, dev: lan },
      onprem: { node: 'lan', dev: ports[at]! },
    });
  });
  node('lan', 'lan', {});
  node('host', 'host', {
    addresses: site.onprem.networks.map((network, at) => ({
      dev: 'eth0',
      address: at === 0 ? `${hostAddresses[0]!}/${office.prefix}` : `${hostAddresses[at]!}/${cidr(network).prefix}`,
    })),
    runs: ['frr'],
  });
  links.push({ name: 'host', cloud: { node: 'lan', dev: 'host' }, onprem: { node: 'host', dev: 'eth0' } });
  return { lab, site, nodes, links, tables, dx, management, hostAddresses };
};

/** Throws a usage error that lists the names there are. */
export const nodeNamed = ({ nodes }: Topology, name: string): LabNode => {
  const found = nodes.find((node) => node.name === name);
  if (found === undefined)
    throw usageError(`the lab has no node called ${name}`, {
      field: 'node',
      next: `one of: ${nodes.map((node) => node.name).join(', ')}`,
    });
  return found;
};

/** Every link of a node with the node's own end. */
export const linkEndsOf = (
  { links }: Topology,
  node: string,
): readonly { readonly link: LabLink; readonly end: LinkEnd }[] =>
  links.flatMap((link) => [link.cloud, link.onprem].filter((end) => end.node === node).map((end) => ({ link, end })));
