import scriptSource from '../../../../templates/linux/watch.sh.hbs?raw';
import unitSource from '../../../../templates/linux/watch.service.hbs?raw';
import { watchPace } from '../../domain/health/watch-pace.ts';
import { watchedTunnels } from '../../domain/watched.ts';
import { floatingRoutes } from '../bgp/floating.ts';
import { template } from '../engine.ts';
import type { Device, RenderedFile } from '../types.ts';
import type { LinuxBox, LinuxTunnel } from './box.ts';
import { frrOwnsRoutes, kernelRoutes } from './routes.ts';

const script = template(scriptSource);
const unit = template(unitSource);

/** Where the watch lies on a box, below the root. */
export const WATCH_FILE = 'usr/local/lib/hybridctl/tunnel-watch';
export const WATCH_UNIT = 'hybridctl-watch.service';

/** A verdict is said again after this, so that a route which somebody else put back does not stay. */
const AGAIN_MS = 5_000;

/** Commands that put a tunnel's routes in place, and that take them away. */
interface Routes {
  readonly up: readonly string[];
  readonly down: readonly string[];
}

const vtysh = (line: string): string => `vtysh -c 'configure terminal' -c '${line}'`;

const routesOf = (device: Device, one: LinuxTunnel): Routes => {
  if (frrOwnsRoutes(device)) {
    const lines = floatingRoutes(device).flatMap(({ tunnel, routes }) =>
      tunnel.name === one.tunnel.name ? routes.map((route) => `ip route ${route}`) : [],
    );
    return { up: lines.map(vtysh), down: lines.map((line) => vtysh(`no ${line}`)) };
  }
  const { networks } = kernelRoutes(device, one);
  return {
    up: networks.map((route) => `ip route replace ${route}`),
    down: networks.map((route) => `ip route del ${route}`),
  };
};

const watched = ({ device, tunnels }: LinuxBox) => {
  const names = watchedTunnels(device.tunnels, device.side).map(({ name }) => name);
  return tunnels
    .filter(({ tunnel }) => names.includes(tunnel.name))
    .map((one) => ({ one, routes: routesOf(device, one) }));
};

/** The script and the unit that take a dead tunnel's routes away; none where no tunnel of the box needs it. */
export const watchFiles = (box: LinuxBox): readonly RenderedFile[] => {
  const { device } = box;
  const views = watched(box).map(({ one: { tunnel, device: iface, remote }, routes }, index) => {
    const { everyMs, lost, good, withinMs } = watchPace(device.site, tunnel.name);
    return {
      number: index + 1,
      name: tunnel.name,
      interface: iface!,
      peer: remote.inside,
      everyMs,
      every: everyMs / 1_000,
      lost,
      good,
      again: Math.ceil(AGAIN_MS / everyMs),
      leastMs: withinMs[0],
      mostMs: withinMs[1],
      ...routes,
    };
  });
  if (views.length === 0) return [];
  return [
    {
      path: WATCH_FILE,
      mode: 0o755,
      what: "take a dead tunnel's routes away",
      content: script({ device: device.name, tunnels: views, keepLast: device.side === 'cloud' }),
    },
    {
      path: `etc/systemd/system/${WATCH_UNIT}`,
      mode: 0o644,
      what: "take a dead tunnel's routes away, as a service",
      content: unit({}),
    },
  ];
};
