import { join } from 'node:path';
import { readdir, rm } from 'node:fs/promises';
import { failure } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { killCharon, signalProgram, startCharon } from '../lab/charon.ts';
import { cut, heal } from '../lab/cut.ts';
import { planCut } from '../lab/faults.ts';
import { vtysh } from '../lab/frr.ts';
import { paths, type Lab } from '../lab/state.ts';
import { nodeNamed } from '../lab/topology.ts';
import { call, setFaults } from './endpoint.ts';
import type { Fault } from './types.ts';

/** Takes a fault back. */
export type Undo = () => Promise<void>;

/** The faults of the network and the cloud; those of the monitor are the runner's, which holds its process. */
export type OutsideFault = Exclude<Fault, { kind: 'kill' | 'freeze' }>;

/** Shuts the link's BGP session at the cloud's end, or opens it. */
export const shutdown = async (
  { shell }: Ports,
  { record, topology }: Lab,
  name: string,
  off: boolean,
): Promise<void> => {
  const dx = topology.dx.find(({ link }) => link.name === name)!;
  const line = `neighbor ${dx.routerAddress} shutdown`;
  await vtysh(shell, record.name, 'vgw', [
    'configure terminal',
    `router bgp ${topology.dx[0]!.link.cloud_asn}`,
    off ? line : `no ${line}`,
  ]);
};

/** The gateway's rendered files that hold a key. */
const secretsOf = async (
  { files }: Ports,
  lab: string,
  gateway: string,
): Promise<readonly { path: string; content: string }[]> => {
  const root = paths(lab).files(gateway);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const texts = await Promise.all(
    entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.conf'))
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return { path, content: (await files.read(path)) ?? '' };
      }),
  );
  return texts.filter(({ content }) => /^\s*secret\s*=/m.test(content));
};

/** A box's charon begins anew, as after a boot. */
export const reboot = async (ports: Ports, { record, topology }: Lab, name: string): Promise<void> => {
  const node = nodeNamed(topology, name);
  await killCharon(ports, node);
  await startCharon(ports, { record, node });
};

/**
 * The right keys lie here while a box has a wrong one, so that whoever comes after a drill that was killed can put them
 * back.
 */
const keptKeys = (lab: string, gateway: string): string => join(paths(lab).drill, `${gateway}.keys.json`);

const writeKeys = ({ files }: Ports, list: readonly { path: string; content: string }[]): Promise<void> =>
  files.write(list.map(({ path, content }) => ({ path, content, mode: 0o600 })));

const wrongKey = async (ports: Ports, lab: Lab, gateway: string): Promise<void> => {
  const right = await secretsOf(ports, lab.record.name, gateway);
  if (right.length === 0) throw failure(`${gateway} has no file with a pre-shared key`);
  await writeKeys(ports, [{ path: keptKeys(lab.record.name, gateway), content: JSON.stringify(right) }]);
  await writeKeys(
    ports,
    right.map(({ path, content }) => ({
      path,
      content: content.replace(/^(\s*secret\s*=).*$/gm, '$1 "a key that nobody else has"'),
    })),
  );
  await reboot(ports, lab, gateway);
};

/** Gives a box its right keys again where a drill has changed them. */
export const rightKeys = async (ports: Ports, lab: Lab, gateway: string): Promise<void> => {
  const kept = keptKeys(lab.record.name, gateway);
  const text = await ports.files.read(kept);
  if (text === undefined) return;
  await writeKeys(ports, JSON.parse(text) as { path: string; content: string }[]);
  await reboot(ports, lab, gateway);
  await rm(kept);
};

/** Sets a fault. @returns how to take it back. */
export const inject = async (ports: Ports, lab: Lab, fault: OutsideFault): Promise<Undo> => {
  const { record, topology } = lab;
  switch (fault.kind) {
    case 'cut': {
      const { id } = planCut(topology, fault.cut);
      await cut(ports, lab, fault.cut);
      return async () => void (await heal(ports, lab, (one) => one.id === id));
    }
    case 'bgp':
      await shutdown(ports, lab, fault.link, true);
      return () => shutdown(ports, lab, fault.link, false);
    case 'charon': {
      const node = nodeNamed(topology, fault.gateway);
      await signalProgram(ports, node, 'charon', 'TERM');
      return () => reboot(ports, lab, fault.gateway);
    }
    case 'psk':
      await wrongKey(ports, lab, fault.gateway);
      return () => rightKeys(ports, lab, fault.gateway);
    case 'instance': {
      const id = record.site.gateways.find(({ name }) => name === fault.gateway)?.instance ?? '';
      if (!(await call(lab, 'StopInstances', { 'InstanceId.1': id })))
        throw failure(`${fault.gateway} could not be stopped`);
      return async () => {
        // EC2 refuses a start while the stop is under way; the reset waits until the tunnel stands.
        for (let tries = 0; tries < 100 && !(await call(lab, 'StartInstances', { 'InstanceId.1': id })); tries += 1)
          await ports.clock.sleep(100);
      };
    }
    case 'api': {
      await setFaults(lab, fault.faults);
      const over =
        fault.forMs === undefined
          ? undefined
          : setTimeout(() => void setFaults(lab, {}).catch(() => undefined), fault.forMs);
      return async () => {
        clearTimeout(over);
        await setFaults(lab, {});
      };
    }
  }
};
