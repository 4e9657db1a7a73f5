import { addressText, cidr, contains, covers, isPublic, overlaps, type Cidr } from './cidr.ts';
import { issue, pathText, type Path } from './issue.ts';
import type { Site, SiteIssue } from './site.ts';
import { vpcCidrs } from './vpc.ts';

/** AWS keeps these /30s on its own side (Site-to-Site VPN user guide, "tunnel options"). */
export const RESERVED_INSIDE: readonly Cidr[] = [
  ...[0, 1, 2, 3, 4, 5].map((third) => `169.254.${third}.0/30`),
  '169.254.169.252/30',
].map(cidr);
const LINK_LOCAL = cidr('169.254.0.0/16');

/** What is wrong with an inside network of a tunnel by itself, or undefined. */
export const insideProblem = (inside: Cidr): string | undefined => {
  if (!covers(LINK_LOCAL, inside)) return 'is not inside 169.254.0.0/16: take a /30 like 169.254.100.0/30';
  if (inside.prefix !== 30)
    return `is a /${inside.prefix}: a tunnel takes a /30, like ${addressText(inside.first - (inside.first % 4))}/30`;
  if (RESERVED_INSIDE.some((reserved) => overlaps(reserved, inside)))
    return 'is reserved by AWS: take another /30, like 169.254.100.0/30';
  return undefined;
};

interface Net {
  readonly path: Path;
  readonly net: Cidr;
}

const nets = (list: readonly string[], base: Path): readonly Net[] =>
  list.map((text, index) => ({ path: [...base, index], net: cidr(text) }));

const overlapIssue = ({ path, net }: Net, other: Net): SiteIssue =>
  issue(path, `${net.text} overlaps ${other.net.text} of ${pathText(other.path)}: each needs addresses of its own`);

/** Every later network that overlaps an earlier one, once each. */
const overlapping = (list: readonly Net[]): readonly SiteIssue[] =>
  list.flatMap((one, index) => {
    const other = list.slice(0, index).find((before) => overlaps(before.net, one.net));
    return other === undefined ? [] : [overlapIssue(one, other)];
  });

/** The longer of two prefixes wins everywhere, so a network around others is a plan and not a mistake. */
const around = (outer: Cidr, inner: Cidr): boolean => covers(outer, inner) && outer.prefix < inner.prefix;

const onpremOf = (site: Site): readonly Net[] => nets(site.onprem.networks, ['onprem', 'networks']);
const secondaryOf = ({ cloud }: Site): readonly Net[] =>
  nets(cloud.networks ?? [], ['cloud', 'networks']).filter(({ net }) => !covers(cidr(cloud.cidr), net));

/** What is wrong with the networks and addresses of a site, in the order of the sections. Pure. */
export const addressPlan = (site: Site): readonly SiteIssue[] => {
  const vpc: Net = { path: ['cloud', 'cidr'], net: cidr(site.cloud.cidr) };
  const onprem = onpremOf(site);
  const offered = nets(site.cloud.networks ?? [], ['cloud', 'networks']);
  const secondary = secondaryOf(site);
  const subnets = site.route_tables.flatMap((table, index) => nets(table.subnets, ['route_tables', index, 'subnets']));
  const insides: readonly Net[] = [
    ...site.tunnels.map(({ inside }, index) => ({ path: ['tunnels', index, 'inside'], net: cidr(inside) })),
    ...site.links.flatMap((link, index) =>
      link.kind === 'dx' ? [{ path: ['links', index, 'inside'], net: cidr(link.inside) }] : [],
    ),
  ];
  const inVpc = vpcCidrs(site);
  const blocks = inVpc.map(({ text }) => text).join(' or ');
  const within = ({ path, net }: Net): readonly SiteIssue[] =>
    inVpc.some((block) => covers(block, net))
      ? []
      : [issue(path, `${net.text} is outside the VPC: use a network within ${blocks}`)];
  const away = (path: Path, address: string | undefined): readonly SiteIssue[] => {
    const block = inVpc.find((one) => address !== undefined && contains(one, address));
    return block === undefined
      ? []
      : [issue(path, `${address} is inside the VPC (${block.text}): use the router's own address`)];
  };
  return [
    // VPC limits: /16 to /28 (VPC user guide, "VPC CIDR blocks"), of the secondary ones too.
    ...[vpc, ...secondary].flatMap(({ path, net }) =>
      net.prefix < 16 || net.prefix > 28 ? [issue(path, `${net.text} is no VPC's CIDR: AWS takes /16 to /28`)] : [],
    ),
    ...site.tunnels.flatMap(({ inside }, index) => {
      const problem = insideProblem(cidr(inside));
      return problem === undefined ? [] : [issue(['tunnels', index, 'inside'], `${inside} ${problem}`)];
    }),
    ...site.links.flatMap((link, index) =>
      link.kind === 'dx' && ![30, 31].includes(cidr(link.inside).prefix)
        ? [
            issue(
              ['links', index, 'inside'],
              `${link.inside} is a /${cidr(link.inside).prefix}: a virtual interface takes a /30 or a /31`,
            ),
          ]
        : [],
    ),
    ...onprem.flatMap((one, index) => {
      const other = [vpc, ...secondary, ...onprem.slice(0, index)].find(
        ({ net, path }) =>
          overlaps(net, one.net) && !around(one.net, net) && !(path[0] === 'onprem' && around(net, one.net)),
      );
      return other === undefined ? [] : [overlapIssue(one, other)];
    }),
    ...insides.flatMap((one, index) => {
      const other =
        [vpc, ...secondary, ...insides.slice(0, index)].find(({ net }) => overlaps(net, one.net)) ??
        onprem.find(({ net }) => overlaps(net, one.net) && !around(net, one.net));
      return other === undefined ? [] : [overlapIssue(one, other)];
    }),
    ...policyAround(site),
    ...overlapping(offered),
    ...secondary.flatMap((one) => (overlaps(one.net, vpc.net) ? [overlapIssue(one, vpc)] : [])),
    ...overlapping(subnets),
    ...subnets.flatMap(within),
    ...site.gateways.flatMap(({ private_ip }, index) =>
      inVpc.some((block) => contains(block, private_ip))
        ? []
        : [
            issue(
              ['gateways', index, 'private_ip'],
              `${private_ip} is outside the VPC: use an address within ${blocks}`,
            ),
          ],
    ),
    ...site.onprem.routers.flatMap((router, index) => [
      ...away(['onprem', 'routers', index, 'private_ip'], router.private_ip),
      ...away(['onprem', 'routers', index, 'lan_ip'], router.lan_ip),
    ]),
  ];
};

/** Selectors know no longest prefix: the gateway would encrypt what it sends inside its own VPC. */
const policyAround = (site: Site): readonly SiteIssue[] => {
  const wide = onpremOf(site).find(({ net }) => vpcCidrs(site).some((block) => around(net, block)));
  return wide === undefined
    ? []
    : site.tunnels.flatMap(({ name, mode }, index) =>
        mode === 'policy'
          ? [
              issue(
                ['tunnels', index, 'mode'],
                `policy does not fit ${wide.net.text} around the VPC: the selectors of ${name} would take what the gateway sends inside the VPC: set mode: route, or name the office's own networks`,
              ),
            ]
          : [],
      );
};

/** What follows from an address plan that is allowed, and that not everybody means. Pure. */
export const planWarnings = (site: Site): readonly SiteIssue[] => {
  const blocks = vpcCidrs(site);
  const onprem = onpremOf(site);
  const active = site.links.flatMap((link, index) =>
    link.kind === 'dx' && link.role === 'active' ? [{ link, path: ['links', index, 'role'] satisfies Path }] : [],
  );
  return [
    ...secondaryOf(site).map(({ path, net }) =>
      issue(
        path,
        `${net.text} is outside ${site.cloud.cidr} and is taken for a secondary CIDR of the VPC: routers get a route and a filter line for it`,
      ),
    ),
    ...onprem.flatMap(({ path, net }, index) => {
      const inner = blocks.filter((block) => around(net, block)).map(({ text }) => text);
      const nested = onprem.filter((other, at) => at !== index && around(other.net, net));
      return [
        ...(net.prefix === 0
          ? [
              issue(
                path,
                "0.0.0.0/0 is a default route to the office: a route table that has it towards an internet gateway loses that route when a link takes over, and the VPC's own way to the internet then leads through the office; the subnets of the gateways need a table that is not in route_tables",
              ),
            ]
          : isPublic(addressText(net.first))
            ? [
                issue(
                  path,
                  `${net.text} is public address space: it has to be your own, since the VPC then reaches it through the links and no longer over the internet; the outer addresses of the routers stay outside the tunnels`,
                ),
              ]
            : []),
        ...(inner.length > 0 && net.prefix > 0
          ? [
              issue(
                path,
                `${net.text} lies around the VPC (${inner.join(', ')}): inside the VPC its own local route wins, whatever the office announces (VPC user guide, "How route priority works"), so hosts of the office in ${inner.join(', ')} can't be reached`,
              ),
            ]
          : []),
        ...nested.map((outer) =>
          issue(
            path,
            `${net.text} lies in ${outer.net.text} of ${pathText(outer.path)}: both are routed and announced, and the longer one wins while it is there`,
          ),
        ),
      ];
    }),
    ...active
      .slice(1)
      .map(({ link, path }) =>
        issue(
          path,
          `${link.name} is active and so is ${active[0]!.link.name}: AWS spreads the flows over both where the AS paths are equally long ("Set up an active/active or active/passive Direct Connect connection", AWS re:Post), and answers may come back the other way, which a stateful firewall drops: role: standby on one keeps both directions together`,
        ),
      ),
  ];
};
