import type { Ports } from '../core/ports.ts';
import type { TunnelState } from '../domain/sa.ts';
import { cutsOf } from './cut.ts';
import { bgpStates, type BgpState } from './frr.ts';
import { LAB_NET } from './numbers.ts';
import { isAlive, type EspKind, type KernelRecord, type Lab } from './state.ts';
import { nodeNamed, type Role, type Topology } from './topology.ts';
import { nodeTunnels } from './tunnels.ts';

export interface LabStatus {
  readonly lab: string;
  readonly site: string;
  /** For AWS_ENDPOINT_URL; undefined when the lab's own process is gone. */
  readonly endpoint: string | undefined;
  /** The kernel of the gateways and routers; undefined: an older version built the lab and did not say. */
  readonly kernel: KernelRecord | undefined;
  readonly nodes: readonly { readonly name: string; readonly role: Role; readonly addresses: readonly string[] }[];
  /** `state` is undefined where charon does not answer. */
  readonly tunnels: readonly {
    readonly name: string;
    readonly gateway: string;
    readonly router: string;
    readonly state: TunnelState | undefined;
    readonly esp: EspKind;
  }[];
  readonly bgp: readonly BgpState[];
  /** As the kernel of the VPC router has them. */
  readonly routes: readonly {
    readonly table: string;
    readonly id: string;
    readonly destination: string;
    readonly to: string;
  }[];
  readonly cuts: readonly {
    readonly what: string;
    readonly kind: string;
    readonly direction: string;
    readonly loss: number | undefined;
  }[];
  readonly notes: readonly string[];
}

interface KernelRoute {
  readonly dst: string;
  readonly type?: string;
  readonly gateway?: string;
  readonly metric?: number;
}

/** What the kernel's tables say, with next hops by the node's name. */
const kernelRoutes = async ({ shell }: Pick<Ports, 'shell'>, topology: Topology): Promise<LabStatus['routes']> => {
  const { netns } = nodeNamed(topology, 'vpc');
  const hop = (gateway: string | undefined): string =>
    gateway === LAB_NET.vgw
      ? 'vgw'
      : (topology.site.gateways.find(({ private_ip }) => private_ip === gateway)?.name ?? gateway ?? 'link');
  const tables = await Promise.all(
    topology.tables.map(async ({ id, name, number }) => {
      const { stdout } = await shell.run('ip', ['-n', netns, '-j', 'route', 'show', 'table', String(number)]);
      return (JSON.parse(stdout.trim() === '' ? '[]' : stdout) as KernelRoute[])
        .filter(({ dst }) => dst !== 'default')
        .map(({ dst, type, gateway }) => ({
          table: name,
          id,
          destination: dst,
          to: type === 'blackhole' ? 'blackhole' : hop(gateway),
        }));
    }),
  );
  return tables.flat();
};

/** Everything about a running lab that can be seen from outside of it. */
export const statusOf = async (ports: Ports, { record, topology }: Lab): Promise<LabStatus> => {
  const { site } = topology;
  const [bgp, routes, cuts, alive, ...gateways] = await Promise.all([
    bgpStates(ports.shell, topology),
    kernelRoutes(ports, topology),
    cutsOf(ports, record.name),
    record.serve === undefined ? false : isAlive(record.serve),
    ...site.gateways.map(async ({ name }) => [name, await nodeTunnels(ports, record.name, name)] as const),
  ]);
  const states = new Map(gateways);
  return {
    lab: record.name,
    site: record.sitePath,
    endpoint: alive ? record.endpoint : undefined,
    kernel: record.kernel,
    nodes: topology.nodes.map(({ name, role, addresses }) => ({
      name,
      role,
      addresses: [...new Set(addresses.map(({ address }) => address))],
    })),
    tunnels: site.tunnels.map(({ name, gateway, router }) => ({
      name,
      gateway,
      router,
      state: states.get(gateway)?.find(({ connection }) => connection === name)?.state,
      esp: record.esp[gateway] ?? 'userspace',
    })),
    bgp,
    routes,
    cuts: cuts.map(({ what, kind, direction, loss }) => ({ what, kind, direction, loss })),
    notes: record.notes,
  };
};
