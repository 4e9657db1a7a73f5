import { evidenceText, initiateText, witnessText } from './ecs.ts';
import type { MonitorEvent } from './events.ts';
import { alertText, type TableNames } from './names.ts';

const ms = (value: number | undefined): string => (value === undefined ? '-' : `${Math.round(value)} ms`);

const NO_NAMES: TableNames = new Map();

/** As `say`, behind its time (UTC): for a terminal, which has no clock beside its lines. */
export const sayWithTime = (event: MonitorEvent, names: TableNames): string | undefined => {
  const text = say(event, names);
  return text === undefined ? undefined : `${new Date(event.at).toISOString().slice(11, 23)} ${text}`;
};

/** An event as a line for a person; undefined for what is only measured. @param names absent: tables by their ids. */
export const say = (event: MonitorEvent, names: TableNames = NO_NAMES): string | undefined => {
  const nameOf = (table: string): string => names.get(table) ?? table;
  switch (event.kind) {
    case 'start':
      return `watching ${event.links.join(', ')} for ${event.routes.length} routes, profile ${event.profile}`;
    case 'stop':
      return event.because;
    case 'verdict':
      return `${event.link}: ${event.from} -> ${event.to} (${event.because})`;
    case 'evidence':
      return `${event.link}: ${evidenceText(event)}`;
    case 'witness':
      return witnessText(event);
    case 'move': {
      const where = `${nameOf(event.table)} ${event.destination}: ${event.from} -> ${event.to}`;
      if (event.outcome !== 'done') return `${where}: ${event.outcome} (${event.because})`;
      return `${where}: moved; detect ${ms(event.detectMs)}, api ${ms(event.apiMs)}, seen ${ms(event.verifyMs)} (${event.because})`;
    }
    case 'alert':
      return `ALERT ${alertText(event.alert, names)}`;
    case 'heal':
      return `${event.instance}: ${event.step}${event.outcome === undefined ? '' : ` ${event.outcome}`} (${event.because})`;
    case 'initiate':
      return initiateText(event);
    case 'pin':
      return event.link === null
        ? `${nameOf(event.table)}: no longer pinned`
        : `${nameOf(event.table)}: pinned to ${event.link}`;
    case 'lease':
      return event.held ? `holds the lease (epoch ${event.epoch})` : 'does not hold the lease: watches only';
    case 'error':
      return `${event.during}: ${event.message}`;
    case 'api':
    case 'health':
      return undefined;
  }
};
