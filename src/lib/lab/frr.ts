import { chown, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, missing } from '../core/errors.ts';
import type { Ports, Shell } from '../core/ports.ts';
import { template, type View } from '../render/engine.ts';
import hostConf from '../../../templates/lab/frr-host.conf.hbs?raw';
import routerConf from '../../../templates/lab/frr-router.conf.hbs?raw';
import quickConf from '../../../templates/lab/frr-quick.conf.hbs?raw';
import vgwConf from '../../../templates/lab/frr-vgw.conf.hbs?raw';
import { inside, must, ownMachine, withOwnRun } from './run.ts';
import { paths } from './state.ts';
import { lanAddress, type LabNode, type Topology } from './topology.ts';
import { until } from './wait.ts';

/** FRR's five daemons start in 0.3 s here, and in half a minute in a user-mode kernel on a busy machine. */
const LOAD_MS = 120_000;

const renderVgw = template(vgwConf);
const renderHost = template(hostConf);
const renderRouter = template(routerConf);
const QUICK = template(quickConf)({});

/** The virtual private gateway has one AS; a link that was given another is served by local-as. */
const vgwView = ({ dx, site }: Topology, passwords: ReadonlyMap<string, string>): View => {
  const asn = dx[0]!.link.cloud_asn;
  return {
    asn,
    router_id: dx[0]!.cloudAddress,
    vpc: site.cloud.cidr,
    neighbors: dx.map(({ link, routerAddress, routerAsn }) => ({
      name: link.name,
      address: routerAddress,
      asn: routerAsn,
      local_as: link.cloud_asn === asn ? 0 : link.cloud_asn,
      password: passwords.get(link.name) ?? '',
      bfd: link.bfd,
    })),
  };
};

/** @returns the node's FRR configuration: the rendered one on routers that have it, else the lab's own. */
const configOf = async (topology: Topology, node: LabNode, passwords: ReadonlyMap<string, string>): Promise<string> => {
  if (node.role === 'vgw') return renderVgw(vgwView(topology, passwords));
  if (node.role === 'host') {
    return renderHost({ dev: node.addresses[0]!.dev, router_id: topology.hostAddresses[0]! }) + QUICK;
  }
  const text = await readFile(join(paths(topology.lab).files(node.name), 'etc/frr/frr.conf'), 'utf8').catch(
    () => undefined,
  );
  if (text !== undefined) return text;
  const at = topology.site.onprem.routers.findIndex(({ name }) => name === node.name);
  const router_id = lanAddress(topology.site, at);
  const lan = node.addresses.find(({ address }) => address.startsWith(`${router_id}/`))!.dev;
  // The first router is the office's way out, as long as it is there.
  return renderRouter({ name: node.name, lan, router_id, metric: 20 + 10 * at }) + QUICK;
};

/** Daemons that a configuration needs; zebra and staticd always. */
const daemonsFor = (config: string): readonly string[] => [
  'zebra',
  'staticd',
  ...(/^router bgp/m.test(config) ? ['bgpd'] : []),
  ...(/^router ospf/m.test(config) ? ['ospfd'] : []),
  ...(/\bbfd\b/.test(config) ? ['bfdd'] : []),
];

const frrUser = async (): Promise<{ uid: number; gid: number }> => {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => entry.startsWith('frr:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined)
    throw missing('there is no user called frr', { next: 'install the package frr' });
  return { uid: Number(uid), gid: Number(gid) };
};

const vtyshLine = (lab: string, node: string, args: readonly string[]): readonly string[] => [
  'vtysh',
  '--vty_socket',
  paths(lab).frr(node),
  ...args,
];

/** One vtysh command line against a node's daemons. @returns what it printed. */
export const vtysh = (shell: Shell, lab: string, node: string, commands: readonly string[]): Promise<string> =>
  must(
    shell,
    'ip',
    inside(
      `${lab}-${node}`,
      vtyshLine(
        lab,
        node,
        commands.flatMap((command) => ['-c', command]),
      ),
    ),
    {
      timeoutMs: 5_000,
    },
  );

/**
 * Starts a node's FRR and loads its configuration. Throws a failure with the lines FRR refuses.
 *
 * @param everyMs between two looks whether it answers.
 */
export const startFrr = async (
  { shell, files, signal }: Ports,
  topology: Topology,
  node: LabNode,
  passwords: ReadonlyMap<string, string>,
  everyMs: number,
): Promise<void> => {
  const config = await configOf(topology, node, passwords);
  const { lab } = topology;
  const zebra = await shell.which('zebra');
  if (zebra === undefined) throw missing('zebra is not installed', { next: 'install the package frr' });
  const folder = paths(lab).frr(node.name);
  const { uid, gid } = await frrUser();
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await chown(folder, uid, gid);
  const path = join(paths(lab).node(node.name), 'frr.conf');
  await files.write([{ path, content: config, mode: 0o600 }]);
  const daemons = daemonsFor(config);
  // -P 0: no TCP port for the terminal. The configuration comes through vtysh, which knows whose line is whose.
  const script = daemons.map((name) => `${zebra.replace(/zebra$/, name)} -d -P 0 -f /dev/null`).join(' && ');
  await must(shell, 'ip', withOwnRun(node.netns, paths(lab).node(node.name), ownMachine(['sh', '-c', script])), {
    timeoutMs: LOAD_MS,
  });
  const ready = async (): Promise<boolean> =>
    (await shell.run('ip', inside(node.netns, vtyshLine(lab, node.name, ['-c', 'show daemons'])))).stdout
      .split(/\s+/)
      .filter((word) => daemons.includes(word)).length === daemons.length;
  await until(ready, { what: `FRR of ${node.name} did not answer`, withinMs: LOAD_MS, everyMs, signal });
  const load = inside(node.netns, vtyshLine(lab, node.name, ['-f', path]));
  const { exitCode, stdout, stderr } = await shell.run('ip', load, { timeoutMs: LOAD_MS });
  const refused = `${stdout}\n${stderr}`
    .split('\n')
    .filter((line) => /^line \d+|% Unknown|%.*(rror|nvalid)/.test(line));
  if (exitCode !== 0 || refused.length > 0)
    throw failure(`FRR of ${node.name} refuses its configuration`, { more: refused.slice(0, 5) });
};

/** The state of each Direct Connect session, from the cloud's side. */
export interface BgpState {
  readonly link: string;
  readonly state: string;
  readonly prefixes: number;
}

export const bgpStates = async (shell: Shell, { lab, dx }: Topology): Promise<readonly BgpState[]> => {
  if (dx.length === 0) return [];
  const { stdout } = await shell.run(
    'vtysh',
    ['--vty_socket', paths(lab).frr('vgw'), '-c', 'show bgp ipv4 unicast summary json'],
    { timeoutMs: 5_000 },
  );
  const peers = parsePeers(stdout);
  return dx.map(({ link, routerAddress }) => ({
    link: link.name,
    state: peers[routerAddress]?.state ?? 'down',
    prefixes: peers[routerAddress]?.pfxRcd ?? 0,
  }));
};

const parsePeers = (text: string): Readonly<Record<string, { state?: string; pfxRcd?: number }>> => {
  try {
    return (JSON.parse(text) as { peers?: Record<string, { state?: string; pfxRcd?: number }> }).peers ?? {};
  } catch {
    return {};
  }
};
