import type { Shell } from '../core/ports.ts';
import { cablesOf, guestNetns, guestShell } from './guest/boot.ts';
import { inside, ipBatch, must } from './run.ts';
import { paths } from './state.ts';
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

/** The boxes' namespaces in the guest's kernel, each with the guest's network cards that are its links. */
const buildInGuest = async (shell: Shell, topology: Topology, boxes: readonly LabNode[]): Promise<void> => {
  const { lab } = topology;
  const cables = cablesOf(topology);
  const netns = (name: string): string => nodeNamed(topology, name).netns;
  const ours = guestNetns(lab);
  await ipBatch(
    shell,
    undefined,
    cables.map(
      ({ veth, outside }) =>
        `link add ${veth} netns ${ours} type veth peer name ${outside.dev} netns ${netns(outside.node)}`,
    ),
  );
  await ipBatch(
    shell,
    ours,
    cables.flatMap(({ veth, bridge }) => [`link set ${veth} master ${bridge}`, `link set ${veth} up`]),
  );
  const guest = guestShell(shell, lab);
  await ipBatch(guest, undefined, [
    ...boxes.map((node) => `netns add ${node.netns}`),
    ...cables.map(({ card, inside: end }) => `link set ${card} netns ${netns(end.node)} name ${end.dev}`),
  ]);
  // FRR's user has its sockets there, which the machine's files, all of them root's, would not let it reach.
  for (const { name, runs } of boxes)
    if (runs.includes('frr'))
      await must(guest, 'sh', ['-c', 'mkdir -p "$0" && mount -t tmpfs -o mode=777 none "$0"', paths(lab).frr(name)]);
};

/**
 * Makes every namespace, link, address, route and rule. Throws a failure at the first thing the kernel refuses.
 *
 * @param shell the lab's: it knows which boxes run in a guest.
 * @param inGuest whether a node does.
 */
export const buildNetwork = async (
  shell: Shell,
  topology: Topology,
  inGuest: (node: string) => boolean,
): Promise<void> => {
  const { nodes, management } = topology;
  const links = topology.links.filter(({ cloud, onprem }) => !inGuest(cloud.node) && !inGuest(onprem.node));
  const boxes = nodes.filter(({ name }) => inGuest(name));
  const netns = (name: string): string => nodeNamed(topology, name).netns;
  await ipBatch(
    shell,
    undefined,
    nodes.filter((node) => !boxes.includes(node)).map((node) => `netns add ${node.netns}`),
  );
  if (boxes.length > 0) await buildInGuest(shell, topology, boxes);
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
