import { Counter, Gauge, Registry } from 'prom-client';
import type { Page } from '../core/outlets.ts';
import type { Amount } from '../domain/traffic.ts';
import type { TrafficSample } from './traffic.ts';

export interface TrafficPage {
  accept(sample: TrafficSample): void;
  page(path: string): Promise<Page | undefined>;
}

/** Traffic for Prometheus, in base units, as its naming rules ask. */
export const trafficPage = (): TrafficPage => {
  const registry = new Registry();
  const registers = [registry];
  const up = new Gauge({
    name: 'hybridctl_tunnel_up',
    help: '1 while the tunnel has an ESP pair.',
    labelNames: ['tunnel'],
    registers,
  });
  const counter = (what: 'tunnel' | 'interface', unit: 'bytes' | 'packets') =>
    new Counter({
      name: `hybridctl_${what}_${unit}_total`,
      help: `${unit === 'bytes' ? 'Bytes' : 'Packets'} that passed the ${what}, over rekeys and restarts.`,
      labelNames: [what, 'direction'],
      registers,
    });
  const counters = {
    tunnel: { bytes: counter('tunnel', 'bytes'), packets: counter('tunnel', 'packets') },
    interface: { bytes: counter('interface', 'bytes'), packets: counter('interface', 'packets') },
  };
  const add = (what: 'tunnel' | 'interface', of: string, direction: 'in' | 'out', { bytes, packets }: Amount): void => {
    counters[what].bytes.inc({ [what]: of, direction }, bytes);
    counters[what].packets.inc({ [what]: of, direction }, packets);
  };
  return {
    accept({ tunnels, interfaces }) {
      up.reset();
      for (const { of, state, in: inward, out } of tunnels) {
        up.set({ tunnel: of }, state === 'established' ? 1 : 0);
        add('tunnel', of, 'in', inward);
        add('tunnel', of, 'out', out);
      }
      for (const { of, in: inward, out } of interfaces) {
        add('interface', of, 'in', inward);
        add('interface', of, 'out', out);
      }
    },
    page: async (path) =>
      path === '/metrics' ? { status: 200, type: registry.contentType, body: await registry.metrics() } : undefined,
  };
};
