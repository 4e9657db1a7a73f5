import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Page } from '../core/outlets.ts';
import type { Clock } from '../core/ports.ts';
import type { MonitorEvent, Sink } from './events.ts';

export interface Prometheus extends Sink {
  /** `/metrics` and `/healthz`. */
  page(path: string): Promise<Page | undefined>;
}

/** The monitor tells how everything stands every second: ten silent ones are a hang, not a late tick. */
const SILENT_MS = 10_000;
/** EC2 answers in 50 to 500 ms; a throttled or timed-out call takes seconds. */
const API_SECONDS = [0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const DETECT_SECONDS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const STATES = ['alive', 'dead', 'unknown'] as const;

/** Figures for Prometheus, in base units, as its naming rules ask (https://prometheus.io/docs/practices/naming/). */
export const prometheus = (clock: Pick<Clock, 'now'>, version: string): Prometheus => {
  const registry = new Registry();
  const registers = [registry];
  const state = new Gauge({
    name: 'hybridctl_link_state',
    help: 'Verdict on the link: 1 for the state it is in.',
    labelNames: ['link', 'state'],
    registers,
  });
  const suspicion = new Gauge({
    name: 'hybridctl_link_suspicion_ratio',
    help: 'How near the link is to being judged dead, 0 to 1.',
    labelNames: ['link'],
    registers,
  });
  const rtt = new Gauge({
    name: 'hybridctl_link_rtt_seconds',
    help: 'Round trip of the link.',
    labelNames: ['link'],
    registers,
  });
  const route = new Gauge({
    name: 'hybridctl_route_link',
    help: '1 for the link that carries the destination in the route table.',
    labelNames: ['table', 'destination', 'link'],
    registers,
  });
  const moves = new Counter({
    name: 'hybridctl_moves_total',
    help: 'Tries to move a route, by outcome.',
    labelNames: ['table', 'from', 'to', 'outcome'],
    registers,
  });
  const detect = new Histogram({
    name: 'hybridctl_detect_seconds',
    help: 'From the last good reply to the verdict, for moves.',
    buckets: DETECT_SECONDS,
    registers,
  });
  const api = new Histogram({
    name: 'hybridctl_api_seconds',
    help: 'Time the cloud took to answer.',
    labelNames: ['action', 'outcome'],
    buckets: API_SECONDS,
    registers,
  });
  const alerts = new Counter({
    name: 'hybridctl_alerts_total',
    help: 'Alerts raised.',
    labelNames: ['kind'],
    registers,
  });
  const errors = new Counter({ name: 'hybridctl_errors_total', help: 'Errors reported in the event log.', registers });
  const lease = new Gauge({ name: 'hybridctl_lease_held', help: '1 while this monitor may write.', registers });
  new Gauge({ name: 'hybridctl_build_info', help: 'Version that runs.', labelNames: ['version'], registers }).set(
    { version },
    1,
  );
  let toldAt: number | undefined;

  const take = (event: MonitorEvent): void => {
    switch (event.kind) {
      case 'health':
        toldAt = clock.now();
        for (const one of event.links) {
          for (const name of STATES) state.set({ link: one.link, state: name }, one.state === name ? 1 : 0);
          suspicion.set({ link: one.link }, one.suspicion);
          if (one.rttMs !== undefined) rtt.set({ link: one.link }, one.rttMs / 1_000);
        }
        route.reset();
        for (const { table, destination, at } of event.routes)
          route.set({ table, destination, link: at ?? '(unread)' }, 1);
        return;
      case 'move':
        moves.inc({ table: event.table, from: event.from, to: event.to, outcome: event.outcome });
        if (event.detectMs !== undefined && event.outcome === 'done') detect.observe(event.detectMs / 1_000);
        return;
      case 'api':
        return api.observe({ action: event.action, outcome: event.outcome }, event.ms / 1_000);
      case 'alert':
        return alerts.inc({ kind: event.alert.kind });
      case 'error':
        return errors.inc();
      case 'lease':
        return lease.set(event.held ? 1 : 0);
      default:
        return;
    }
  };

  const health = (): Page => {
    const age = toldAt === undefined ? undefined : clock.now() - toldAt;
    const well = age !== undefined && age < SILENT_MS;
    const body = { status: well ? 'ok' : age === undefined ? 'starting' : 'silent', ageMs: age ?? null };
    return { status: well ? 200 : 503, type: 'application/json', body: `${JSON.stringify(body)}\n` };
  };

  return {
    accept(event) {
      try {
        take(event);
      } catch {
        // A figure that is no number: the event log has the event itself.
        errors.inc();
      }
    },
    async page(path) {
      if (path === '/metrics') return { status: 200, type: registry.contentType, body: await registry.metrics() };
      return path === '/healthz' ? health() : undefined;
    },
    close: async () => registry.clear(),
  };
};
