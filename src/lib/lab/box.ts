import type { Ports } from '../core/ports.ts';
import { killCharon, killWatch, startCharon } from './charon.ts';
import { deviceLines } from './net.ts';
import { ipBatch } from './run.ts';
import type { LabRecord } from './state.ts';
import type { LabNode, Topology } from './topology.ts';

/** An instance stops: its daemon dies in the middle of a word, its link goes, its kernel forgets. */
export const stopBox = async (ports: Pick<Ports, 'shell'>, node: LabNode): Promise<void> => {
  const { shell } = ports;
  await shell.run('ip', ['-n', node.netns, 'link', 'set', node.addresses[0]!.dev, 'down']);
  await killWatch(ports, node);
  await killCharon(ports, node);
  // Fails where the kernel has no XFRM at all: then there is nothing to forget.
  await shell.run('ip', ['-n', node.netns, 'xfrm', 'state', 'flush']);
  await shell.run('ip', ['-n', node.netns, 'xfrm', 'policy', 'flush']);
};

/** An instance boots: link, addresses, charon and everything that was rendered for it. */
export const startBox = async (ports: Ports, record: LabRecord, topology: Topology, node: LabNode): Promise<void> => {
  await ipBatch(ports.shell, node.netns, deviceLines(topology, node));
  await startCharon(ports, { record, node });
};
