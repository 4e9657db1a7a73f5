import type { Ports } from '../core/ports.ts';
import { cutsOf, heal } from '../lab/cut.ts';
import { CUT_TABLE } from '../lab/faults.ts';
import { inside } from '../lab/run.ts';
import type { Lab } from '../lab/state.ts';
import { statusOf } from '../lab/status.ts';
import { until } from '../lab/wait.ts';
import { call, faultsNow, setFaults } from './endpoint.ts';

/** A tunnel whose gateway was killed is dialled again in 2 to 4 s; an instance needs 4 s to stop and start. */
const WITHIN_MS = 30_000;

const nodeOf = ({ topology: { site } }: Lab, name: string): string => {
  const link = site.links.find((one) => one.name === name)!;
  return link.kind === 'dx' ? 'vgw' : site.tunnels.find((tunnel) => tunnel.name === link.tunnel)!.gateway;
};

/** Link of every route table as the VPC router's kernel sends it, by the table's name: what is true, whatever anybody says. */
export const positions = async ({ shell }: Pick<Ports, 'shell'>, lab: Lab): Promise<Readonly<Record<string, string>>> => {
  const { topology } = lab;
  const netns = topology.nodes.find(({ role }) => role === 'vpc')!.netns;
  const hops = new Map(topology.links.flatMap(({ cloud, onprem }) => (cloud.node === 'vpc' ? [[cloud.dev, onprem.node] as const] : [])));
  const { stdout } = await shell.run('ip', ['-n', netns, '-j', 'route', 'show', 'table', 'all', 'exact', topology.site.onprem.networks[0]!]);
  const routes = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as { dst: string; type?: string; dev?: string; table?: string }[];
  return Object.fromEntries(
    topology.tables.map(({ name, id, number }) => {
      const route = routes.find(({ table, type }) => table === String(number) && type !== 'blackhole');
      const node = hops.get(route?.dev ?? '');
      const links = topology.site.route_tables.find((table) => table.id === id)!.links;
      return [name, links.find((link) => nodeOf(lab, link) === node) ?? 'nothing'];
    }),
  );
};

export const samePlace = (one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean => Object.entries(one).every(([table, link]) => other[table] === link);

/** Where a route table is while nobody has moved it. */
const homes = ({ topology: { site } }: Lab): Readonly<Record<string, string>> => Object.fromEntries(site.route_tables.map(({ name, links }) => [name, links[0]!]));

/** Rules of a cut that nobody knows of any more look like a bad path. @returns what is left, in words. */
const leftovers = async (ports: Ports, lab: Lab): Promise<readonly string[]> => {
  const [cuts, faults, tables] = await Promise.all([
    cutsOf(ports, lab.record.name),
    faultsNow(lab),
    Promise.all(lab.topology.nodes.map(async ({ name, netns }) => ((await ports.shell.run('ip', inside(netns, ['nft', 'list', 'tables']))).stdout.includes(CUT_TABLE) ? [`a cut's rules on ${name}`] : []))),
  ]);
  return [...cuts.map(({ what, kind }) => `${what}: ${kind}`), ...Object.keys(faults).map((action) => `a fault of the API: ${action}`), ...tables.flat()];
};

/**
 * Puts the lab back to how `lab up` left it, and proves it: no cut, no fault of the endpoint, every tunnel and session
 * up, every route on its preferred link.
 * @throws a failure that names what does not come back.
 */
export const cleanSlate = async (ports: Ports, lab: Lab): Promise<void> => {
  const { site } = lab.topology;
  await heal(ports, lab);
  await setFaults(lab, {});
  for (const { id } of site.route_tables) for (const destination of site.onprem.networks) await call(lab, 'DeleteRoute', { RouteTableId: id, DestinationCidrBlock: destination });
  let amiss: readonly string[] = [];
  const isClean = async (): Promise<boolean> => {
    const [status, at, left] = await Promise.all([statusOf(ports, lab), positions(ports, lab), leftovers(ports, lab)]);
    const place = homes(lab);
    amiss = [
      ...left,
      ...status.tunnels.filter(({ state }) => state !== 'established').map(({ name, state }) => `${name} is ${state ?? 'without an answer'}`),
      ...status.bgp.filter(({ state, prefixes }) => state !== 'Established' || prefixes === 0).map(({ link, state }) => `BGP of ${link} is ${state}`),
      ...Object.entries(at).filter(([table, link]) => place[table] !== link).map(([table, link]) => `${table} is on ${link}`),
    ];
    return amiss.length === 0;
  };
  await until(isClean, { what: 'the lab did not come back to order', withinMs: WITHIN_MS, everyMs: 200, signal: ports.signal, more: async () => amiss });
};
