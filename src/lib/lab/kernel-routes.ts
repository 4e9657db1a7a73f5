import type { CloudRoute, RouteTable } from '../core/ports.ts';
import { effectiveRoutes } from '../domain/routes.ts';
import type { CloudInstance } from '../cloud/types.ts';
import { LAB_NET, ROUTING } from './numbers.ts';
import { companion } from './run.ts';
import { nodeNamed, type Topology } from './topology.ts';

/** What follows `ip route replace <destination>`, by destination. */
export type KernelTable = ReadonlyMap<string, string>;

const BLACKHOLE = 'blackhole';

const VGW = `via ${LAB_NET.vgw} dev vgw onlink`;

const nextHop = (topology: Topology, instances: readonly CloudInstance[], { target, state }: CloudRoute): string => {
  if (state === 'blackhole') return BLACKHOLE;
  if (target.kind === 'vgw') return topology.dx.length === 0 ? BLACKHOLE : VGW;
  const instance = instances.find(({ eni, id }) => eni === target.id || id === target.id);
  const port = topology.links.find(({ cloud, onprem }) => cloud.node === 'vpc' && onprem.node === instance?.name)?.cloud
    .dev;
  // EC2 drops what an instance would forward while its source/dest check is on.
  if (instance === undefined || port === undefined || instance.sourceDestCheck) return BLACKHOLE;
  return `via ${instance.privateIp} dev ${port} onlink`;
};

/**
 * A VPC route table as the Linux table of the VPC router. Local routes are not in it: they come first for every table.
 * A prefix list stands for the on-prem networks, which is what the cloud has in it; a plain route of the same length
 * wins.
 */
export const kernelTable = (
  topology: Topology,
  table: RouteTable,
  instances: readonly CloudInstance[],
): KernelTable => {
  const routes = effectiveRoutes(table).filter(({ target }) => target.kind !== 'local');
  const spread = (list: boolean) =>
    routes
      .filter(({ destination }) => destination.startsWith('pl-') === list)
      .flatMap((route) =>
        (list ? topology.site.onprem.networks : [route.destination]).map(
          (network) => [network, nextHop(topology, instances, route)] as const,
        ),
      );
  return new Map([...spread(true), ...spread(false)]);
};

/** `ip -batch` lines that turn one table into another; a changed route is replaced in one step, never absent. */
export const changes = (number: number, before: KernelTable, after: KernelTable): readonly string[] => [
  ...[...after]
    .filter(([network, hop]) => before.get(network) !== hop)
    .map(([network, hop]) => routeLine('replace', number, network, hop)),
  ...[...before]
    .filter(([network]) => !after.has(network))
    .map(([network, hop]) => routeLine('del', number, network, hop)),
];

const routeLine = (verb: 'replace' | 'del', number: number, network: string, hop: string): string =>
  hop === BLACKHOLE
    ? `route ${verb} blackhole ${network} table ${number}`
    : `route ${verb} ${network} ${hop} table ${number}`;

export interface KernelSync {
  /**
   * Brings the kernel's table in line with the cloud's. Returns at once; the kernel has it well under a millisecond
   * later.
   */
  apply(table: RouteTable, instances: readonly CloudInstance[]): void;
  /** The same for the monitors' table, which has the propagated routes alone. */
  propagate(networks: readonly string[]): void;
  close(): void;
}

/**
 * Keeps the VPC router's tables in step through one standing `ip -batch`: a line changes a route in 11 µs, where a
 * forked `ip` takes 1.5 ms and a busy machine much longer.
 */
export const kernelSync = (topology: Topology, complain: (line: string) => void): KernelSync => {
  const { netns } = nodeNamed(topology, 'vpc');
  const child = companion('ip', ['-n', netns, '-force', '-batch', '-'], topology.lab);
  child.stderr!.setEncoding('utf8').on('data', (text: string) => complain(`routes: ${text.trim()}`));
  child.stdin!.on('error', (error) => complain(`routes: ${error.message}`));
  child.on('exit', (code) => complain(`routes: ip ended with ${code}`));
  const applied = new Map<number, KernelTable>();
  const write = (number: number, wanted: KernelTable): void => {
    const lines = changes(number, applied.get(number) ?? new Map(), wanted);
    applied.set(number, wanted);
    if (lines.length > 0) child.stdin!.write(`${lines.join('\n')}\n`);
  };
  return {
    apply(table, instances) {
      const number = topology.tables.find(({ id }) => id === table.id)?.number;
      if (number !== undefined) write(number, kernelTable(topology, table, instances));
    },
    propagate: (networks) => write(ROUTING.monitorTable, new Map(networks.map((network) => [network, VGW]))),
    close: () => void child.kill(),
  };
};
