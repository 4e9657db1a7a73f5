import type { Shell } from '../core/ports.ts';
import { companion } from './run.ts';
import { nodeNamed, type Topology } from './topology.ts';

/** A BGP update comes as several kernel messages: read once they have all arrived. */
const SETTLE_MS = 5;

/**
 * Watches what BGP brings to the virtual private gateway, as its kernel has it. Event-driven; each event only says
 * "look again", since the kernel drops the routes of a dead device without naming them.
 *
 * @param changed called with the on-prem networks, first right away and then at each change.
 * @returns the function that ends the watch.
 */
export const watchPropagation = (
  shell: Shell,
  topology: Topology,
  changed: (networks: readonly string[]) => void,
): (() => void) => {
  if (topology.dx.length === 0) return () => undefined;
  const { netns } = nodeNamed(topology, 'vgw');
  const child = companion('ip', ['-n', netns, 'monitor', 'route', 'link', 'nexthop'], topology.lab);
  let timer: NodeJS.Timeout | undefined;
  let last: string | undefined;
  let reading = Promise.resolve();
  const look = async (): Promise<void> => {
    const { exitCode, stdout } = await shell.run('ip', ['-n', netns, '-j', 'route', 'show', 'proto', 'bgp']);
    if (exitCode !== 0) return;
    const networks = (JSON.parse(stdout === '' ? '[]' : stdout) as { dst: string; flags?: string[] }[])
      .filter(({ flags = [] }) => !flags.includes('linkdown') && !flags.includes('dead'))
      .map(({ dst }) => (dst.includes('/') ? dst : dst === 'default' ? '0.0.0.0/0' : `${dst}/32`))
      .sort();
    if (networks.join() === last) return;
    last = networks.join();
    changed(networks);
  };
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      reading = reading.then(look);
    }, SETTLE_MS);
  };
  child.stdout!.on('data', soon);
  soon();
  return () => {
    clearTimeout(timer);
    child.kill();
  };
};
