import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Shell } from '../core/ports.ts';
import { tunnelsOf } from '../domain/tunnel.ts';
import { vtysh } from './frr.ts';
import { companion } from './run.ts';
import { paths } from './state.ts';
import { nodeNamed, type Topology } from './topology.ts';

/** The field document's "ip sla … track": 3 lost withdraw the route, 3 answered bring it back. */
const ROUNDS = 3;
/** The field document's SLA asks every 5 s; here every 0.2 s, so that a failover drill is not a coffee break. */
const PERIOD_S = 0.2;

/** Counts answers and losses in a row. Pure. @returns the new state and whether the verdict changed. */
export interface Track {
  readonly up: boolean;
  readonly streak: number;
}
export const tracked = ({ up, streak }: Track, answered: boolean): Track => {
  if (answered === up) return { up, streak: 0 };
  return streak + 1 >= ROUNDS ? { up: answered, streak: 0 } : { up, streak: streak + 1 };
};

/** What one line of `ping -O` says of one probe; undefined: nothing. */
export const verdictOf = (line: string): boolean | undefined => {
  if (/^\d+ bytes from .* time=/.test(line)) return true;
  return /no answer yet|Unreachable|sendmsg|cannot assign|unknown iface/i.test(line) ? false : undefined;
};

/**
 * One standing prober per tunnel on its on-prem router. The tunnel's floating routes are taken out of FRR while nothing
 * answers, so that the office network's way back follows the living path.
 *
 * @returns the function that ends them.
 */
export const trackTunnels = async (
  shell: Shell,
  topology: Topology,
  complain: (line: string) => void,
): Promise<() => void> => {
  const stops = await Promise.all(
    tunnelsOf(topology.site).map(async (tunnel) => {
      const text = await readFile(
        join(paths(topology.lab).files(tunnel.onprem.device), 'etc/frr/frr.conf'),
        'utf8',
      ).catch(() => '');
      const routes = text
        .split('\n')
        .filter((line) => line.startsWith('ip route ') && line.split(' ').includes(tunnel.cloud.inside));
      // Selectors alone have no address inside to ask.
      return tunnel.mode === 'route' ? trackOne(shell, topology, tunnel, routes, complain) : () => undefined;
    }),
  );
  return () => stops.forEach((stop) => stop());
};

type Tunnel = ReturnType<typeof tunnelsOf>[number];

const trackOne = (
  shell: Shell,
  topology: Topology,
  { name, onprem, cloud }: Tunnel,
  routes: readonly string[],
  complain: (line: string) => void,
): (() => void) => {
  const { netns } = nodeNamed(topology, onprem.device);
  let track: Track = { up: true, streak: 0 };
  let writing = Promise.resolve();
  let stopped = false;
  let end = (): void => undefined;
  const kernel = kernelRoutes(shell, netns, cloud.inside);
  const take = (answered: boolean): void => {
    const before = track.up;
    track = tracked(track, answered);
    if (track.up === before) return;
    const { up } = track;
    complain(`track ${name}: ${up ? 'up' : 'down'}`);
    const write = async (): Promise<unknown> =>
      routes.length > 0
        ? vtysh(shell, topology.lab, onprem.device, [
            'configure terminal',
            ...routes.map((line) => (up ? line : `no ${line}`)),
          ])
        : kernel.write(up);
    writing = writing.then(write).then(
      () => undefined,
      (error: Error) => complain(`track ${name}: ${error.message}`),
    );
  };
  const start = (): void => {
    if (stopped) return;
    const child = companion(
      'ip',
      ['netns', 'exec', netns, 'ping', '-n', '-O', '-i', `${PERIOD_S}`, '-I', onprem.inside, cloud.inside],
      topology.lab,
    );
    end = () => void child.kill();
    const read = lines((line) => {
      const verdict = verdictOf(line);
      if (verdict !== undefined) take(verdict);
    });
    child.stdout!.setEncoding('utf8').on('data', read);
    child.stderr!.setEncoding('utf8').on('data', read);
    // ping ends when its own address is gone, which is when charon and its ipsec0 are.
    child.on('exit', () =>
      setTimeout(() => {
        take(false);
        start();
      }, PERIOD_S * 1000),
    );
  };
  start();
  return () => {
    stopped = true;
    end();
  };
};

/** Where no FRR holds the tunnel's routes, the rendered script put them into the kernel: they go and come there. */
const kernelRoutes = (shell: Shell, netns: string, nextHop: string) => {
  let held: readonly string[] = [];
  return {
    async write(up: boolean): Promise<void> {
      if (!up) {
        const { stdout } = await shell.run('ip', ['-n', netns, 'route', 'show', 'via', nextHop]);
        held = stdout
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== '' && !line.includes('proto'));
      }
      // A box that booted meanwhile has them back already; one whose interface is gone has lost them.
      for (const route of held)
        await shell.run('ip', ['-n', netns, 'route', up ? 'replace' : 'del', ...withHop(route, nextHop).split(' ')]);
    },
  };
};

/** `ip route show via X` leaves the X out, which it was told. */
const withHop = (route: string, nextHop: string): string =>
  route.includes(' via ') ? route : route.replace(/^(\S+) /, `$1 via ${nextHop} `);

/** Cuts a stream of text into lines. */
const lines = (each: (line: string) => void): ((text: string) => void) => {
  let rest = '';
  return (text) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    parts.forEach(each);
  };
};
