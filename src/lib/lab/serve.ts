import type { Ports } from '../core/ports.ts';
import { startBox, stopBox } from './box.ts';
import { startCloud } from '../cloud/server.ts';
import { labPorts } from './guest/shell.ts';
import { kernelSync } from './kernel-routes.ts';
import { watchPropagation } from './propagation.ts';
import { paths, processId, readRecord, writeRecord, type LabRecord } from './state.ts';
import { nodeNamed, topologyOf } from './topology.ts';

/** One after another per box: a start waits for the stop before it. */
const queues = (complain: (line: string) => void) => {
  const tails = new Map<string, Promise<void>>();
  return (name: string, what: string, work: () => Promise<void>): void => {
    const tail = (tails.get(name) ?? Promise.resolve()).then(work).then(
      () => complain(`${name}: ${what}`),
      (error: Error) => complain(`${name}: ${what} failed: ${error.message}`),
    );
    tails.set(name, tail);
  };
};

/**
 * The lab's own process: the cloud's endpoint, and what makes its answers true on the wire. Ends at SIGTERM, or when
 * the lab's folder is gone.
 */
export const serveLab = async (outside: Ports, lab: string): Promise<void> => {
  const record = await readRecord(outside.files, lab);
  // `lab down` came first.
  if (record === undefined) return;
  const ports = labPorts(outside, record);
  const complain = (line: string): void => void process.stderr.write(`${new Date().toISOString()} ${line}\n`);
  const topology = topologyOf(record.site, lab, record.slot);
  const { site } = topology;
  const { url, cloud, close } = await startCloud({ site, host: topology.management.rootAddress, clock: ports.clock });
  const sync = kernelSync(topology, complain);
  const applyAll = (): void => cloud.tables().forEach((table) => sync.apply(table, cloud.instances()));
  const enqueue = queues(complain);
  const boxOf = (instance: string) => {
    const name = cloud.instances().find(({ id }) => id === instance)?.name;
    return name === undefined ? undefined : nodeNamed(topology, name);
  };
  cloud.watch({
    routesChanged: (table) => sync.apply(cloud.table(table), cloud.instances()),
    sourceDestCheckChanged: applyAll,
    instanceStopping(instance) {
      const node = boxOf(instance);
      if (node !== undefined) enqueue(node.name, 'stopped', () => stopBox(ports, node));
    },
    instanceStarted(instance) {
      const node = boxOf(instance);
      if (node !== undefined) enqueue(node.name, 'started', () => startBox(ports, record, topology, node));
    },
  });
  applyAll();
  const { vgw } = site.cloud;
  const unwatch = watchPropagation(ports.shell, topology, (networks) => {
    complain(`propagated: ${networks.join(', ') || 'nothing'}`);
    sync.propagate(networks);
    if (vgw !== undefined) cloud.setPropagated(vgw, networks);
  });
  const serving: LabRecord = { ...record, serve: (await processId(process.pid))!, endpoint: url };
  // The folder may have gone meanwhile; writing would bring back a piece of it.
  if ((await ports.files.stat(paths(lab).record)) !== undefined) await writeRecord(ports.files, serving);
  await new Promise<void>((resolve) =>
    ports.signal.aborted ? resolve() : ports.signal.addEventListener('abort', () => resolve()),
  );
  unwatch();
  sync.close();
  await close();
};
