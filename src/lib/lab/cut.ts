import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ports } from '../core/ports.ts';
import { killCharon, signalProgram, startCharon } from './charon.ts';
import { CUT_TABLE, cutRules, planCut, type Cut, type CutSpec } from './faults.ts';
import { deviceLines } from './net.ts';
import { inside, ipBatch, must } from './run.ts';
import { paths, type Lab } from './state.ts';
import { nodeNamed } from './topology.ts';

const fileOf = (lab: string, id: string): string => join(paths(lab).cuts, `${id}.json`);

/** The cuts in force, oldest name first. */
export const cutsOf = async ({ files }: Pick<Ports, 'files'>, lab: string): Promise<readonly Cut[]> => {
  const names = await readdir(paths(lab).cuts).catch(() => []);
  const texts = await Promise.all(
    names
      .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
      .sort()
      .map((name) => files.read(join(paths(lab).cuts, name))),
  );
  return texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as Cut]));
};

const nodesOf = ({ filters }: Cut): readonly string[] => [...new Set(filters.map(({ node }) => node))];

/** Sets a fault. The record is written first, so that a crash in between leaves a fault that `heal` knows. */
export const cut = async (ports: Ports, { record, topology }: Lab, spec: CutSpec): Promise<Cut> => {
  const { shell, files } = ports;
  const planned = planCut(topology, spec);
  await files.write([{ path: fileOf(record.name, planned.id), content: `${JSON.stringify(planned)}\n`, mode: 0o600 }]);
  for (const name of nodesOf(planned)) {
    await must(shell, 'ip', inside(nodeNamed(topology, name).netns, ['nft', '-f', '-']), {
      input: cutRules(planned, name),
    });
  }
  for (const { node, dev } of planned.down)
    await must(shell, 'ip', ['-n', nodeNamed(topology, node).netns, 'link', 'set', dev, 'down']);
  for (const name of planned.boxes) {
    const node = nodeNamed(topology, name);
    if (planned.kind === 'kill') await killCharon(ports, node);
    else await signalProgram(ports, node, 'charon', 'STOP');
  }
  return planned;
};

/** Takes one fault away. */
const healOne = async (ports: Ports, { record, topology }: Lab, cutOff: Cut): Promise<void> => {
  const { shell } = ports;
  for (const name of nodesOf(cutOff)) {
    const { netns } = nodeNamed(topology, name);
    // Gone already where the namespace's rules were flushed by hand; what counts is that it is not there.
    await shell.run('ip', inside(netns, ['nft', 'delete', 'table', 'netdev', `${CUT_TABLE}${cutOff.id}`]));
  }
  for (const name of new Set(cutOff.down.map(({ node }) => node))) {
    const node = nodeNamed(topology, name);
    await ipBatch(shell, node.netns, deviceLines(topology, node));
  }
  for (const name of cutOff.boxes) {
    const node = nodeNamed(topology, name);
    if ((await signalProgram(ports, node, 'charon', 'CONT')) === 0) await startCharon(ports, { record, node });
  }
  await rm(fileOf(record.name, cutOff.id), { force: true });
};

/**
 * Heals what was cut. A link that another cut still holds down stays down.
 * @param choose which of the cuts in force; all by default.
 * @returns the cuts that were taken away.
 */
export const heal = async (
  ports: Ports,
  lab: Lab,
  choose: (cut: Cut) => boolean = () => true,
): Promise<readonly Cut[]> => {
  const inForce = await cutsOf(ports, lab.record.name);
  const chosen = inForce.filter(choose);
  for (const one of chosen) await healOne(ports, lab, one);
  for (const { node, dev } of inForce.filter((one) => !choose(one)).flatMap(({ down }) => down)) {
    await must(ports.shell, 'ip', ['-n', nodeNamed(lab.topology, node).netns, 'link', 'set', dev, 'down']);
  }
  return chosen;
};
