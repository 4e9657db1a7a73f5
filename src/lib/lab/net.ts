import type { Shell } from '../core/ports.ts';
import { inside, ipBatch, must } from './run.ts';
import { linkEndsOf, nodeNamed, type LabNode, type Topology } from './topology.ts';

const devices = (topology: Topology, { name }: LabNode): readonly string[] =>
  linkEndsOf(topology, name).map(({ end }) => end.dev);

/** The office network's switch. */
const BRIDGE = 'br0';

/**
 * `ip` lines for devices, addresses and routes of a node; safe to replay, which is how a link comes back after a cut.
 */
export const deviceLines = (topology: Topology, node: LabNode): readonly string[] => [
  'link set lo up',
  ...(node.role === 'lan' ? devices(topology, node).map((dev) => `link set ${dev} master ${BRIDGE}`) : []),
  ...devices(topology, node).map((dev) => `link set ${dev} up`),
  ...node.addresses.map(({ dev, address }) => `addr replace ${address} dev ${dev}`),
  ...node.routes.map((route) => `route replace ${route}`),
];

/** Packets leave and arrive on different links here by design, so nothing may judge them by their way back. */
const kernelSettings = (topology: Topology, node: LabNode): string => {
  const set = (key: string, value: number) => `echo ${value} > /proc/sys/net/ipv4/${key}`;
  return [
    set('ip_forward', node.forwards ? 1 : 0),
    ...['all', 'default', ...devices(topology, node)].flatMap((dev) => [
      set(`conf/${dev}/rp_filter`, 0),
      // Routers of the lab send nobody a shorter way: the routes are what is tested.
      set(`conf/${dev}/send_redirects`, 0),
      set(`conf/${dev}/accept_redirects`, 0),
    ]),
    'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null || true',
  ].join('\n');
};

/** Elastic IPs and carrier NAT, 1:1, so that NAT traversal is real. */
const natRules = (topology: Topology, node: LabNode): string | undefined => {
  const masquerade = node.role === 'vpc' ? [`oifname "${topology.management.dev}" masquerade`] : [];
  if (node.nat.length === 0 && masquerade.length === 0) return undefined;
  const eq = (facing: 'inside' | 'outside') => (facing === 'outside' ? '' : '!= ');
  return [
    'table ip hybridctl_nat {',
    '  chain prerouting { type nat hook prerouting priority dstnat;',
    ...node.nat.map(
      ({ dev, inside: own, outside, facing }) => `    iifname ${eq(facing)}"${dev}" ip daddr ${outside} dnat to ${own}`,
    ),
    '  }',
    '  chain postrouting { type nat hook postrouting priority srcnat;',
    ...node.nat.map(
      ({ dev, inside: own, outside, facing }) => `    oifname ${eq(facing)}"${dev}" ip saddr ${own} snat to ${outside}`,
    ),
    ...masquerade.map((rule) => `    ${rule}`),
    '  }',
    '}',
  ].join('\n');
};

/** Makes every namespace, link, address, route and rule. Throws a failure at the first thing the kernel refuses. */
export const buildNetwork = async (shell: Shell, topology: Topology): Promise<void> => {
  const { nodes, links, management } = topology;
  const netns = (name: string): string => nodeNamed(topology, name).netns;
  await ipBatch(
    shell,
    undefined,
    nodes.map((node) => `netns add ${node.netns}`),
  );
  await ipBatch(shell, undefined, [
    ...links.map(
      ({ cloud, onprem }) =>
        `link add ${cloud.dev} netns ${netns(cloud.node)} type veth peer name ${onprem.dev} netns ${netns(onprem.node)}`,
    ),
    `link add ${management.rootDev} type veth peer name ${management.dev} netns ${netns('vpc')}`,
    `addr add ${management.rootAddress}/30 dev ${management.rootDev}`,
    `link set ${management.rootDev} up`,
  ]);
  await Promise.all(
    nodes.map(async (node) => {
      await must(shell, 'ip', inside(node.netns, ['sh', '-c', kernelSettings(topology, node)]));
      await ipBatch(shell, node.netns, [
        ...(node.role === 'lan' ? [`link add ${BRIDGE} type bridge`, `link set ${BRIDGE} up`] : []),
        ...(node.role === 'vpc' ? [`link set ${management.dev} up`] : []),
        ...deviceLines(topology, node),
        ...node.rules.map((rule) => `rule add ${rule}`),
      ]);
      const rules = natRules(topology, node);
      if (rules !== undefined) await must(shell, 'ip', inside(node.netns, ['nft', '-f', '-']), { input: rules });
    }),
  );
};
