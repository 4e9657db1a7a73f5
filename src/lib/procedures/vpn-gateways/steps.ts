import { vpcCidrs } from '../../domain/vpc.ts';
import type { Step, Values } from '../../core/procedure.ts';
import { gatewayPolicy, keyPath } from '../../domain/gateway-policy.ts';
import { destinationsOf } from '../../domain/routes.ts';
import type { Gateway, Site } from '../../domain/site.ts';
import { tunnelsOf } from '../../domain/tunnel.ts';
import { renderUserData, systemFor, type System } from '../../render/linux/user-data.ts';
import { elasticIpAssociation } from '../aws/elastic-ip-association.ts';
import { elasticIp } from '../aws/elastic-ip.ts';
import { forwarding } from '../aws/forwarding.ts';
import { newestImage } from '../aws/image.ts';
import { instanceProfile } from '../aws/instance-profile.ts';
import { ec2Instance } from '../aws/instance.ts';
import { account, subnetOf, vpc } from '../aws/lookups.ts';
import { secretParameter } from '../aws/parameter.ts';
import { role, rolePolicy } from '../aws/role.ts';
import { gatewayRoute } from '../aws/route.ts';
import { securityGroup, type IngressRule } from '../aws/security-group.ts';
import { releasedAddresses } from './site-files.ts';

export interface TunnelKey {
  /** Never shown. */
  readonly value: string;
  /** Made in this very run. */
  readonly isNew: boolean;
}

export interface VpnOptions {
  readonly instanceType: string;
  /** Default: the one that has packages for the gateways' dialects. */
  readonly system: System | undefined;
  /** Names of gateways that get an Elastic IP of their own; the site holds a stand-in until then. */
  readonly fresh: ReadonlySet<string>;
}

/** One name for role, policy, profile and security group: the site's gateways share them. */
const WHAT = 'gateways';

/** The site with the addresses that are known by now. */
export const withAddresses = (site: Site, fresh: ReadonlySet<string>, values: Values): Site => ({
  ...site,
  gateways: site.gateways.map((gateway) =>
    fresh.has(gateway.name) ? { ...gateway, public_ip: values(`eip/${gateway.name}/address`) } : gateway,
  ),
});

/** IKE and ESP from the routers, and from the VPC everything that the gateways shall carry. */
const ingressOf = (site: Site): readonly IngressRule[] => {
  const routers = site.onprem.routers.filter(({ name }) => site.tunnels.some(({ router }) => router === name));
  return [
    ...routers.flatMap(({ name, public_ip }): readonly IngressRule[] => [
      { protocol: 'udp', port: 500, cidr: `${public_ip}/32`, why: `IKE from ${name}` },
      { protocol: 'udp', port: 4500, cidr: `${public_ip}/32`, why: `IKE and ESP behind NAT from ${name}` },
      { protocol: '50', cidr: `${public_ip}/32`, why: `ESP from ${name}` },
    ]),
    ...vpcCidrs(site).map(
      ({ text }): IngressRule => ({ protocol: '-1', cidr: text, why: 'what the gateways carry for the VPC' }),
    ),
  ];
};

/** The gateway that a table's first link leads over; undefined where that is Direct Connect. */
const firstGateway = (site: Site, links: readonly string[]): string | undefined => {
  const link = site.links.find(({ name }) => name === links[0]);
  return link?.kind === 'vpn' ? site.tunnels.find(({ name }) => name === link.tunnel)?.gateway : undefined;
};

const routeSteps = (site: Site, removal: boolean): readonly Step[] => {
  const gateways = site.gateways.map(({ name, eni }) => ({ name, eni }));
  return site.route_tables.flatMap(({ name: table, id, links, ...rest }) => {
    const to = removal ? undefined : gateways.find(({ name }) => name === firstGateway(site, links));
    if (to === undefined && !removal) return [];
    return destinationsOf(site, { name: table, id, links, ...rest }).map((destination) =>
      gatewayRoute(site.site, { table, id, destination, gateways, ...(to === undefined ? {} : { to }) }),
    );
  });
};

const roleSteps = (site: Site): readonly Step[] => [
  role(site.site, {
    name: WHAT,
    service: 'ec2',
    region: site.cloud.region,
    description: `hybridctl: VPN gateways of ${site.site}`,
  }),
  rolePolicy(site.site, { name: WHAT, needs: ['account'], document: (value) => gatewayPolicy(site, value('account')) }),
  instanceProfile(site.site, WHAT),
];

const groupSteps = (site: Site): readonly Step[] =>
  securityGroup(site.site, {
    name: WHAT,
    description: `hybridctl: VPN gateways of ${site.site}`,
    ingress: ingressOf(site),
  });

const keyStep = (site: Site, tunnel: string, key?: TunnelKey): Step =>
  secretParameter(site.site, {
    name: tunnel,
    title: `key of ${tunnel} in Parameter Store`,
    path: keyPath(site.site, tunnel),
    ...key,
  });

/** Elastic IPs of the gateways: those of the site file are found, the others made. Rendering rests on them. */
export const addressSteps = (site: Site, fresh: ReadonlySet<string>): readonly Step[] =>
  site.gateways.map(({ name, public_ip }) =>
    elasticIp(site.site, { name, ...(fresh.has(name) ? {} : { address: public_ip }) }),
  );

/**
 * Everything from the role to the routes, after the addresses. A gateway whose instance the site file names is used as
 * it is.
 */
export const gatewaySteps = (
  site: Site,
  keys: ReadonlyMap<string, TunnelKey>,
  { instanceType, system, fresh }: VpnOptions,
): readonly Step[] => {
  const named = (gateway: Gateway) => ({
    name: gateway.name,
    ...(gateway.instance === undefined ? {} : { known: gateway.instance }),
  });
  const chosen = system ?? systemFor(site.gateways.map(({ dialect }) => dialect));
  return [
    account(),
    vpc(site.cloud.cidr, site.cloud.vpc),
    ...roleSteps(site),
    ...groupSteps(site),
    ...[...keys].map(([name, key]) => keyStep(site, name, key)),
    newestImage(
      chosen,
      instanceType,
      site.gateways.some(({ instance }) => instance === undefined),
    ),
    ...site.gateways.map(({ name, private_ip, az }) => subnetOf(name, private_ip, az)),
    ...site.gateways.map((gateway) =>
      ec2Instance(site.site, {
        ...named(gateway),
        type: instanceType,
        privateIp: gateway.private_ip,
        profile: `profile/${WHAT}`,
        securityGroup: `security-group/${WHAT}`,
        userData: (values) => {
          const at = withAddresses(site, fresh, values);
          return renderUserData(at, tunnelsOf(at), gateway, chosen);
        },
      }),
    ),
    // Not before both run: an Elastic IP and a route to a gateway that is not there help nobody.
    ...site.gateways.map(({ name }) => forwarding(name)),
    ...site.gateways.map(({ name }) => elasticIpAssociation(site.site, name)),
    ...routeSteps(site, false),
  ];
};

/**
 * What `vpn destroy` looks for, by its tags and names alone: in the order in which it was made. @param path of the site
 * file, absolute.
 */
export const removalSteps = (site: Site, path: string): readonly Step[] =>
  [
    ...site.gateways.map(({ name }) => elasticIp(site.site, { name })),
    releasedAddresses(path),
    ...roleSteps(site),
    ...groupSteps(site),
    ...site.tunnels.map(({ name }) => keyStep(site, name)),
    ...site.gateways.map(({ name }) => ec2Instance(site.site, { name, type: '', profile: '', securityGroup: '' })),
    ...site.gateways.map(({ name }) => elasticIpAssociation(site.site, name)),
    ...routeSteps(site, true),
  ].filter((step) => step.delete !== undefined);
