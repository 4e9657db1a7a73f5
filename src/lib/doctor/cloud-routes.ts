import type { CloudRoute, RouteTable } from '../core/ports.ts';
import {
  destinationsOf,
  effectiveRoute,
  effectiveRoutes,
  linkOf,
  linkTargets,
  ownRoute,
  routesInside,
  type LinkTarget,
} from '../domain/routes.ts';
import type { Site, SiteRouteTable } from '../domain/site.ts';
import { noGateway, type CloudGateway } from './cloud-view.ts';
import { skipped, type CloudCheck, type CheckResult } from './types.ts';

const setTo = (table: SiteRouteTable, destination: string): string =>
  `"hybridctl route set --table ${table.name} --destination ${destination} --to ${table.links[0]}"`;

interface Entry {
  readonly entry: SiteRouteTable;
  readonly table: RouteTable;
  readonly links: readonly LinkTarget[];
  readonly gateways: readonly CloudGateway[];
}

const text = ({ destination, target, origin }: CloudRoute): string => `${destination} -> ${target.id} (${origin})`;

/** What is wrong with the route that carries a destination. */
const carrying = ({ entry, table, links, gateways }: Entry, destination: string): readonly CheckResult[] => {
  const subject = `${entry.name} ${destination}`;
  const route = effectiveRoute(table, destination);
  const link = route === undefined ? undefined : linkOf(route.target, entry.links, links);
  if (route === undefined || (link === undefined && route.destination === '0.0.0.0/0' && destination !== '0.0.0.0/0')) {
    const detail = route === undefined ? 'no route fits' : `only the default route does: ${text(route)}`;
    return [
      {
        level: 'error',
        subject,
        found: 'there is no route to it',
        evidence: `${table.id}: ${detail}`,
        next: `set one: ${setTo(entry, destination)}`,
        case: 2,
      },
    ];
  }
  if (route.state === 'blackhole')
    return [
      {
        level: 'error',
        subject,
        found: `its route is a blackhole: ${route.target.id} is gone or stopped`,
        evidence: `${table.id}: ${text(route)}`,
        next: `move it: ${setTo(entry, destination)}`,
        case: 2,
      },
    ];
  if (link === undefined)
    return [
      {
        level: 'error',
        subject,
        found: `its route points at ${route.target.id}, which is no link of this site`,
        evidence: `${table.id}: ${text(route)}`,
        next: 'find out whose it is; then move it by hand, or set its target in the site file',
        case: 2,
      },
    ];
  const owner = gateways.find(
    ({ gateway, instance }) =>
      [gateway.eni, gateway.instance, instance?.InstanceId].includes(route.target.id) ||
      (route.target.instance !== undefined && route.target.instance === instance?.InstanceId),
  );
  if (owner === undefined || owner.instance?.State?.Name === 'running') return [];
  return [
    {
      level: 'error',
      subject,
      found: `its route points at ${owner.gateway.name}, which is ${owner.instance === undefined ? 'not there' : owner.instance.State?.Name}`,
      evidence: `${table.id}: ${text(route)}`,
      next: `start ${owner.gateway.name}, or move the route: "hybridctl route failover --table ${entry.name}"`,
      case: 2,
    },
  ];
};

/** Longer prefixes that lead elsewhere: they take their part whatever the route says. */
const shadows = ({ entry, table, links }: Entry, destination: string): readonly CheckResult[] => {
  const route = effectiveRoute(table, destination);
  const link = route === undefined ? undefined : linkOf(route.target, entry.links, links);
  return routesInside(table, destination)
    .filter(
      (inner) =>
        inner.state === 'blackhole' ||
        link === undefined ||
        linkOf(inner.target, entry.links, links)?.name !== link.name,
    )
    .map(
      (inner): CheckResult => ({
        level: inner.state === 'blackhole' ? 'error' : 'warning',
        subject: `${entry.name} ${destination}`,
        found: `${inner.destination} is a longer prefix inside it and leads elsewhere${inner.state === 'blackhole' ? ', into a blackhole' : ''}: a move of ${destination} does not move it`,
        evidence: `${table.id}: ${text(inner)}`,
        next: `delete the longer route, or name ${inner.destination} among the table's destinations`,
        case: 2,
      }),
    );
};

const routes: CloudCheck = {
  id: 'routes',
  side: 'cloud',
  about:
    'every destination of every table of the site file is carried, by a link that is there, and by no longer prefix that leads elsewhere',
  inapplicable: ({ site }) => (site.route_tables.length === 0 ? 'the site file names no route table' : undefined),
  async run({ cloud, site }) {
    const [tables, gateways, links] = [await cloud.tables(), await cloud.gateways(), linkTargets(site)];
    return site.route_tables.flatMap((entry): readonly CheckResult[] => {
      const table = tables.find(({ id }) => id === entry.id);
      if (table === undefined)
        return [
          {
            level: 'error',
            subject: entry.name,
            found: 'there is no such route table',
            evidence: entry.id,
            next: `correct route_tables.${entry.name} in the site file`,
            case: 2,
          },
        ];
      const one = { entry, table, links, gateways };
      return destinationsOf(site, entry).flatMap((destination) => [
        ...carrying(one, destination),
        ...shadows(one, destination),
      ]);
    });
  },
};

const unlisted: CloudCheck = {
  id: 'unlisted-tables',
  side: 'cloud',
  about: 'no table outside the site file points at a gateway',
  inapplicable: noGateway,
  async run({ cloud, site }) {
    const listed = site.route_tables.map(({ id }) => id);
    const [gateways, tables] = [await cloud.gateways(), await cloud.vpcTables()];
    if (tables.length === 0) return [skipped(site.cloud.vpc ?? site.site, 'no VPC of a gateway is there to look at')];
    return tables.flatMap(({ RouteTableId, Routes = [] }): readonly CheckResult[] => {
      if (RouteTableId === undefined || listed.includes(RouteTableId)) return [];
      return Routes.flatMap((route): readonly CheckResult[] => {
        const owner = gateways.find(({ gateway, instance }) =>
          [route.NetworkInterfaceId, route.InstanceId].some(
            (id) => id !== undefined && [gateway.eni, gateway.instance, instance?.InstanceId].includes(id),
          ),
        );
        if (owner === undefined) return [];
        return [
          {
            level: 'warning',
            subject: RouteTableId,
            found: `it points at ${owner.gateway.name} and the site file does not list it: a failover leaves it behind`,
            evidence: `${route.DestinationCidrBlock ?? route.DestinationPrefixListId} -> ${route.NetworkInterfaceId ?? route.InstanceId}`,
            next: 'add the table to route_tables of the site file',
            case: 2,
          },
        ];
      });
    });
  },
};

const noDirectConnect = ({ site }: { readonly site: Site }): string | undefined =>
  site.links.some(({ kind }) => kind === 'dx') ? undefined : 'the site has no Direct Connect';

const propagation: CloudCheck = {
  id: 'propagation',
  side: 'cloud',
  about: 'the virtual private gateway of Direct Connect is attached, and the tables that use it take its routes',
  inapplicable: noDirectConnect,
  async run({ cloud, site }) {
    const dx = site.links.filter(({ kind }) => kind === 'dx').map(({ name }) => name);
    const id = site.cloud.vgw;
    if (id === undefined)
      return [
        {
          level: 'error',
          subject: dx.join(', '),
          found: 'the site file names no virtual private gateway',
          evidence: 'cloud.vgw is absent',
          next: 'set cloud.vgw in the site file',
          case: 2,
        },
      ];
    const vgw = await cloud.vgw(id);
    if (vgw === undefined)
      return [
        {
          level: 'error',
          subject: id,
          found: 'there is no such virtual private gateway',
          evidence: dx.join(', '),
          next: 'correct cloud.vgw in the site file',
          case: 2,
        },
      ];
    const vpcs = new Set((await cloud.gateways()).flatMap(({ instance }) => instance?.VpcId ?? []));
    const attached = vgw.VpcAttachments?.find(
      ({ VpcId, State }) => State === 'attached' && (vpcs.size === 0 || vpcs.has(VpcId ?? '')),
    );
    const tables = await cloud.tables();
    return [
      ...(attached === undefined
        ? [
            {
              level: 'error',
              subject: id,
              found: 'it is not attached to the VPC of the gateways',
              evidence:
                vgw.VpcAttachments?.map(({ VpcId, State }) => `${VpcId} ${State}`).join(', ') || 'no attachment',
              next: `attach it: "aws ec2 attach-vpn-gateway --vpn-gateway-id ${id} --vpc-id ${[...vpcs][0] ?? site.cloud.vpc ?? 'VPC'}"`,
              case: 2,
            } as const,
          ]
        : []),
      ...site.route_tables.flatMap((entry): readonly CheckResult[] => {
        const table = tables.find((one) => one.id === entry.id);
        if (!entry.links.some((name) => dx.includes(name))) return [];
        if (table === undefined) return [skipped(entry.name, 'the route table is not there')];
        if (table.propagatingVgws.includes(id)) return [];
        return [
          {
            level: 'error',
            subject: entry.name,
            found: `it takes no routes from ${id}: what Direct Connect learns by BGP never gets here`,
            evidence: `${entry.id}: propagating ${table.propagatingVgws.join(', ') || 'nothing'}`,
            next: `turn propagation on: "aws ec2 enable-vgw-route-propagation --route-table-id ${entry.id} --gateway-id ${id}"`,
            case: 2,
          },
        ];
      }),
    ];
  },
};

const precedence: CloudCheck = {
  id: 'dx-over-vpn',
  side: 'cloud',
  about:
    'nothing asks of a prefix what AWS decides otherwise: on one gateway Direct Connect wins over a VPN, and a static route over both',
  inapplicable: (context) =>
    noDirectConnect(context) ??
    (context.site.cloud.vgw === undefined ? 'the site file names no virtual private gateway' : undefined),
  async run({ cloud, site }) {
    const vgw = site.cloud.vgw!;
    const managed = (await cloud.connections(vgw)).filter(({ State }) => State === 'available' || State === 'pending');
    const [tables, links] = [await cloud.tables(), linkTargets(site)];
    const overruled = site.route_tables.flatMap((entry) => {
      const table = tables.find(({ id }) => id === entry.id);
      const first = links.find(({ name }) => name === entry.links[0]);
      if (table === undefined || first?.kind !== 'dx') return [];
      return destinationsOf(site, entry).flatMap((destination): readonly CheckResult[] => {
        const own = ownRoute(table, destination);
        const below = table.routes.find((route) => route.origin === 'propagated' && route.destination === destination);
        if (
          own === undefined ||
          below === undefined ||
          linkOf(own.target, entry.links, links)?.kind === 'dx' ||
          !effectiveRoutes(table).includes(own)
        )
          return [];
        return [
          {
            level: 'warning',
            subject: `${entry.name} ${destination}`,
            found: `a static route is over the one that ${vgw} propagates: Direct Connect is there and is not used`,
            evidence: `${table.id}: ${text(own)} over ${text(below)}`,
            next: `go back when Direct Connect is well: "hybridctl route failback --table ${entry.name}"`,
          },
        ];
      });
    });
    return [
      ...managed.map(
        ({ VpnConnectionId }): CheckResult => ({
          level: 'warning',
          subject: VpnConnectionId ?? vgw,
          found: `a managed VPN shares ${vgw} with Direct Connect: for the same prefix Direct Connect always wins, whatever AS path or metric says`,
          evidence: vgw,
          next: 'use the VPN as a backup only, or announce longer prefixes through it',
        }),
      ),
      ...overruled,
    ];
  },
};

export const routeChecks: readonly CloudCheck[] = [routes, unlisted, propagation, precedence];
