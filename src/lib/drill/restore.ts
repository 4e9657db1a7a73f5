import { readFile } from 'node:fs/promises';
import type { Ports } from '../core/ports.ts';
import { processesOf, signalProgram, startCharon } from '../lab/charon.ts';
import { heal } from '../lab/cut.ts';
import { CUT_TABLE } from '../lab/faults.ts';
import { deviceLines } from '../lab/net.ts';
import { inside, ipBatch } from '../lab/run.ts';
import { paths, type Lab } from '../lab/state.ts';
import type { LabNode } from '../lab/topology.ts';
import { call, instanceStates, setFaults } from './endpoint.ts';
import { reboot, rightKeys, shutdown } from './fault.ts';

const boxesOf = ({ topology }: Lab): readonly LabNode[] => topology.nodes.filter(({ runs }) => runs.includes('charon'));

/** Names of the nft tables on a node that hold a cut, known or forgotten. */
export const cutTables = async ({ shell }: Pick<Ports, 'shell'>, { netns }: LabNode): Promise<readonly string[]> => {
  const { stdout } = await shell.run('ip', inside(netns, ['nft', 'list', 'tables']));
  return stdout
    .split('\n')
    .flatMap((line) => (line.startsWith(`table netdev ${CUT_TABLE}`) ? [line.split(' ')[2]!] : []));
};

/** A drill that was killed leaves its monitor behind, perhaps frozen; beside a second one nothing could be measured. */
const endMonitors = async ({ shell }: Ports, { record, topology }: Lab): Promise<void> => {
  const ours = `HYBRIDCTL_STATE_DIR=${paths(record.name).drill}/`;
  for (const { netns } of topology.nodes.filter(({ role }) => role === 'monitor')) {
    for (const pid of await processesOf({ shell }, netns, 'node')) {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      if (environment.split('\0').some((entry) => entry.startsWith(ours))) process.kill(pid, 'SIGKILL');
    }
  }
};

/** Gateways whose instance does not run, with its state. */
export const idleGateways = async (
  lab: Lab,
): Promise<readonly { readonly name: string; readonly instance: string; readonly state: string }[]> => {
  const states = await instanceStates(lab);
  return lab.topology.site.gateways.flatMap(({ name, instance = '' }) =>
    states[instance] === undefined || states[instance] === 'running'
      ? []
      : [{ name, instance, state: states[instance] }],
  );
};

/**
 * Only what is stopped is started: a call for each gateway at each look would empty EC2's bucket of StartInstances, and
 * one of them would starve.
 */
export const startInstances = async (lab: Lab): Promise<void> => {
  for (const { instance, state } of await idleGateways(lab))
    if (state === 'stopped') await call(lab, 'StartInstances', { 'InstanceId.1': instance });
};

/**
 * Takes back everything that a drill can do to a lab, by what is found there: nothing has to be remembered, so a drill
 * that was killed in the middle is undone too.
 */
export const restore = async (ports: Ports, lab: Lab): Promise<void> => {
  const { site, nodes, dx } = lab.topology;
  await setFaults(lab, {});
  await endMonitors(ports, lab);
  await heal(ports, lab);
  for (const node of nodes)
    for (const table of await cutTables(ports, node))
      await ports.shell.run('ip', inside(node.netns, ['nft', 'delete', 'table', 'netdev', table]));
  for (const { link } of dx) await shutdown(ports, lab, link.name, false);
  for (const { name } of boxesOf(lab)) await rightKeys(ports, lab, name);
  await startInstances(lab);
  for (const { id } of site.route_tables)
    for (const destination of site.onprem.networks)
      await call(lab, 'DeleteRoute', { RouteTableId: id, DestinationCidrBlock: destination });
};

/** For what nobody wrote down: devices that are down, a charon that is stopped or gone. */
export const revive = async (ports: Ports, lab: Lab): Promise<void> => {
  for (const node of lab.topology.nodes) await ipBatch(ports.shell, node.netns, deviceLines(lab.topology, node));
  for (const node of boxesOf(lab)) {
    if ((await signalProgram(ports, node, 'charon', 'CONT')) === 0)
      await startCharon(ports, { record: lab.record, node });
  }
};

/** The last help: both ends of these tunnels begin anew. */
export const rebootEnds = async (ports: Ports, lab: Lab, tunnels: readonly string[]): Promise<void> => {
  const ends = lab.topology.site.tunnels
    .filter(({ name }) => tunnels.includes(name))
    .flatMap(({ gateway, router }) => [router, gateway]);
  for (const name of new Set(ends)) await reboot(ports, lab, name);
};
