import { evidenceText, witnessText } from './ecs.ts';
import type { MonitorEvent } from './events.ts';

const ms = (value: number | undefined): string => (value === undefined ? '-' : `${Math.round(value)} ms`);

/** An event as a line for a person; undefined for what is only measured. */
export const say = (event: MonitorEvent): string | undefined => {
  switch (event.kind) {
    case 'start':
      return `watching ${event.links.join(', ')} for ${event.routes.length} routes, profile ${event.profile}`;
    case 'stop':
      return `ends: ${event.because}`;
    case 'verdict':
      return `${event.link}: ${event.from} -> ${event.to} (${event.because})`;
    case 'evidence':
      return `${event.link}: ${evidenceText(event)}`;
    case 'witness':
      return witnessText(event);
    case 'move': {
      const where = `${event.table} ${event.destination}: ${event.from} -> ${event.to}`;
      if (event.outcome !== 'done') return `${where}: ${event.outcome} (${event.because})`;
      return `${where}: moved; detect ${ms(event.detectMs)}, api ${ms(event.apiMs)}, seen ${ms(event.verifyMs)} (${event.because})`;
    }
    case 'alert':
      return `ALERT ${event.alert.kind} ${event.alert.subject}: ${event.alert.because}`;
    case 'heal':
      return `${event.instance}: ${event.step}${event.outcome === undefined ? '' : ` ${event.outcome}`} (${event.because})`;
    case 'pin':
      return event.link === null ? `${event.table}: no longer pinned` : `${event.table}: pinned to ${event.link}`;
    case 'lease':
      return event.held ? `holds the lease (epoch ${event.epoch})` : 'does not hold the lease: watches only';
    case 'error':
      return `${event.during}: ${event.message}`;
    case 'api':
    case 'health':
      return undefined;
  }
};
