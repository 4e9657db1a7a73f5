import type { Ports } from '../core/ports.ts';
import { cutsOf } from '../lab/cut.ts';
import { RELAY_TABLE, relaysOf } from '../domain/relay.ts';
import { tunnelsOf } from '../domain/tunnel.ts';
import { loadRelay } from '../lab/charon.ts';
import { inside } from '../lab/run.ts';
import type { Lab } from '../lab/state.ts';
import { statusOf } from '../lab/status.ts';
import type { LabNode } from '../lab/topology.ts';
import { until } from '../lab/wait.ts';
import { faultsNow } from './endpoint.ts';
import { cutTables, idleGateways, rebootEnds, restore, revive, startInstances } from './restore.ts';

/** A tunnel whose gateway was killed is dialled again in 2 to 4 s; an instance needs 4 s to stop and start. */
const WITHIN_MS = 30_000;
/** Past the time in which all comes back by itself: then nobody else is just about to start the same box. */
const REVIVE_MS = 8_000;
const REBOOT_MS = 16_000;

const nodeOf = ({ topology: { site } }: Lab, name: string): string => {
  const link = site.links.find((one) => one.name === name)!;
  return link.kind === 'dx' ? 'vgw' : site.tunnels.find((tunnel) => tunnel.name === link.tunnel)!.gateway;
};

/**
 * Link of every route table as the VPC router's kernel sends it, by the table's name: what is true, whatever anybody
 * says.
 */
export const positions = async (
  { shell }: Pick<Ports, 'shell'>,
  lab: Lab,
): Promise<Readonly<Record<string, string>>> => {
  const { topology } = lab;
  const netns = topology.nodes.find(({ role }) => role === 'vpc')!.netns;
  const hops = new Map(
    topology.links.flatMap(({ cloud, onprem }) => (cloud.node === 'vpc' ? [[cloud.dev, onprem.node] as const] : [])),
  );
  const { stdout } = await shell.run('ip', [
    '-n',
    netns,
    '-j',
    'route',
    'show',
    'table',
    'all',
    'exact',
    topology.site.onprem.networks[0]!,
  ]);
  const routes = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as {
    dst: string;
    type?: string;
    dev?: string;
    table?: string;
  }[];
  return Object.fromEntries(
    topology.tables.map(({ name, id, number }) => {
      const route = routes.find(({ table, type }) => table === String(number) && type !== 'blackhole');
      const node = hops.get(route?.dev ?? '');
      const links = topology.site.route_tables.find((table) => table.id === id)!.links;
      return [name, links.find((link) => nodeOf(lab, link) === node) ?? 'nothing'];
    }),
  );
};

export const samePlace = (one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean =>
  Object.entries(one).every(([table, link]) => other[table] === link);

/** Where a route table is while nobody has moved it. */
const homes = ({ topology: { site } }: Lab): Readonly<Record<string, string>> =>
  Object.fromEntries(site.route_tables.map(({ name, links }) => [name, links[0]!]));

/** Gateways whose relay is not loaded: each would answer the probes itself, and no link through it can be judged. */
const withoutRelay = async (
  { shell }: Pick<Ports, 'shell'>,
  { topology: { nodes, site } }: Lab,
): Promise<readonly LabNode[]> => {
  const relays = relaysOf(site, tunnelsOf(site));
  const found = await Promise.all(
    nodes
      .filter(({ name }) => relays.some(({ gateway }) => gateway === name))
      .map(async (node) => {
        const list = inside(node.netns, ['nft', 'list', 'table', 'ip', RELAY_TABLE]);
        return (await shell.run('ip', list)).exitCode === 0 ? [] : [node];
      }),
  );
  return found.flat();
};

/** @returns all that is not as `lab up` left it, in words; which tunnels are down; which gateways have no relay. */
const lookOver = async (
  ports: Ports,
  lab: Lab,
): Promise<{
  readonly amiss: readonly string[];
  readonly down: readonly string[];
  readonly bare: readonly LabNode[];
}> => {
  const [status, at, cuts, faults, idle, tables, bare] = await Promise.all([
    statusOf(ports, lab),
    positions(ports, lab),
    cutsOf(ports, lab.record.name),
    faultsNow(lab),
    idleGateways(lab),
    // Rules of a cut that nobody knows of any more look like a bad path.
    Promise.all(
      lab.topology.nodes.map(async (node) =>
        (await cutTables(ports, node)).length > 0 ? [`a cut's rules on ${node.name}`] : [],
      ),
    ),
    withoutRelay(ports, lab),
  ]);
  const place = homes(lab);
  const down = status.tunnels.filter(({ state }) => state !== 'established');
  return {
    bare,
    down: down.map(({ name }) => name),
    amiss: [
      ...cuts.map(({ what, kind }) => `${what}: ${kind}`),
      ...Object.keys(faults).map((action) => `a fault of the API: ${action}`),
      ...tables.flat(),
      ...bare.map(({ name }) => `the probe relay of ${name} is not loaded`),
      // Its tunnel may stand all the same, where its charon was helped up: EC2 drops what is routed to it.
      ...idle.map(({ name, state }) => `the instance of ${name} is ${state}`),
      ...down.map(({ name, state }) => `${name} is ${state ?? 'without an answer'}`),
      ...status.bgp
        .filter(({ state, prefixes }) => state !== 'Established' || prefixes === 0)
        .map(({ link, state, prefixes }) => `BGP of ${link} is ${state} with ${prefixes} prefixes`),
      ...Object.entries(at)
        .filter(([table, link]) => place[table] !== link)
        .map(([table, link]) => `${table} is on ${link}`),
    ],
  };
};

/**
 * @returns how the lab stands, in words, of what is not as `lab up` left it. Never throws: it is asked where something
 * went wrong already.
 */
export const sceneOf = (ports: Ports, lab: Lab): Promise<readonly string[]> =>
  lookOver(ports, lab).then(
    ({ amiss }) => amiss,
    (error: Error) => [`the lab can't be asked: ${error.message}`],
  );

/** Puts the lab back to how `lab up` left it, and proves it: no cut, no fault of the endpoint, every tunnel and session
 * up, every route on its preferred link.
 * @throws a failure that names what does not come back.
 */
export const resetLab = async (ports: Ports, lab: Lab): Promise<void> => {
  await restore(ports, lab);
  const begun = ports.clock.now();
  const helped = new Set<string>();
  const help = async (after: number, what: string, by: () => Promise<void>): Promise<void> => {
    if (helped.has(what) || ports.clock.now() - begun < after) return;
    helped.add(what);
    await by();
  };
  let amiss: readonly string[] = [];
  const isClean = async (): Promise<boolean> => {
    const found = await lookOver(ports, lab);
    amiss = found.amiss;
    if (amiss.length === 0) return true;
    for (const node of found.bare) await loadRelay(ports, { record: lab.record, node });
    await startInstances(lab);
    await help(REVIVE_MS, 'revive', () => revive(ports, lab));
    await help(REBOOT_MS, 'reboot', () => rebootEnds(ports, lab, found.down));
    return false;
  };
  await until(isClean, {
    what: 'the lab did not come back to order',
    withinMs: WITHIN_MS,
    everyMs: 200,
    signal: ports.signal,
    more: async () => amiss,
  });
};
