import { resolve } from 'node:path';
import type { Ports } from './ports.ts';

/** --host and what goes with it. */
export interface MachineOptions {
  readonly host: string | undefined;
  readonly identity: string | undefined;
  readonly knownHosts: string | undefined;
}

/** What is asked of one machine: this one, or another by ssh. */
export type MachinePorts = Pick<Ports, 'shell' | 'files' | 'vici'>;

/**
 * Works on the machine of --host, and closes it whatever happens; without --host on this one.
 * @throws exit 4 where it can't be reached.
 */
export const onMachine = async <T>(
  ports: MachinePorts & Pick<Ports, 'ssh' | 'cwd' | 'signal'>,
  { host, identity, knownHosts }: MachineOptions,
  work: (machine: MachinePorts) => Promise<T>,
): Promise<T> => {
  if (host === undefined) return work(ports);
  const file = (path: string | undefined) => (path === undefined ? undefined : resolve(ports.cwd, path));
  const machine = await ports.ssh({
    target: host,
    identity: file(identity),
    knownHosts: file(knownHosts),
    signal: ports.signal,
  });
  try {
    return await work(machine);
  } finally {
    await machine.close();
  }
};
