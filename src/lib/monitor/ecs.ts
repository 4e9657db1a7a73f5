import type { ActionOutcome } from '../domain/failover/types.ts';
import { alertText, type TableNames } from './names.ts';
import type { EvidenceEvent, InitiateEvent, LoggedEvent, MonitorEvent, WitnessEvent } from './events.ts';

/** Who writes: the same on every line. */
export interface Writer {
  readonly site: string;
  readonly region: string;
  readonly version: string;
  /** For the message; absent: tables by their ids, as in all the fields. */
  readonly names?: TableNames;
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** One line of the event log: Elastic Common Schema names where ECS has one, all else under `hybridctl`. */
export interface Line {
  readonly '@timestamp': string;
  readonly message: string;
  readonly event: {
    readonly kind: 'event' | 'alert';
    readonly action: string;
    readonly [key: string]: Json | undefined;
  };
  readonly labels: Readonly<Record<string, string>>;
  readonly trace?: { readonly id: string };
  readonly hybridctl: { readonly kind: LoggedEvent['kind']; readonly [key: string]: Json | undefined };
  readonly [key: string]: unknown;
}

/** Version of the field names: https://www.elastic.co/docs/reference/ecs */
const ECS_VERSION = '8.17.0';

type Outcome = 'success' | 'failure' | 'unknown';
/** A race is a failure of this try; an unclear one may yet have been done. */
const OUTCOME: Readonly<Record<ActionOutcome, Outcome>> = {
  done: 'success',
  race: 'failure',
  throttled: 'failure',
  refused: 'failure',
  unclear: 'unknown',
  unsent: 'failure',
};

interface Told {
  readonly message: string;
  readonly action: string;
  /** Allowed values: ECS event.category and event.type. */
  readonly category: readonly string[];
  readonly type: readonly string[];
  readonly level: 'info' | 'warn' | 'error';
  readonly kind?: 'alert';
  readonly id?: string;
  readonly incident?: string;
  readonly outcome?: Outcome;
  readonly durationMs?: number;
  readonly reason?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly error?: string;
}

/** In words, for a log line and a person alike. */
export const evidenceText = ({ evidence, about, witness }: EvidenceEvent): string => {
  switch (evidence) {
    case 'child-down':
      return `${about} has no ESP pair any more (${witness})`;
    case 'ike-down':
      return `${about} has no IKE association any more (${witness})`;
    case 'bfd-down':
      return `BFD with ${about} went down (${witness})`;
  }
};

export const witnessText = ({ witness, heard, because }: WitnessEvent): string =>
  heard ? `listens to ${witness}` : `can't listen to ${witness}: ${because}`;

export const initiateText = ({ link, connection, witness, up, because }: InitiateEvent): string =>
  `${link}: ${connection} was down and was begun (${witness}): ${up ? 'it is up' : because}`;

/** Whether the event is one for the log: what is measured every second is not. */
export const isLogged = (event: MonitorEvent): event is LoggedEvent => event.kind !== 'api' && event.kind !== 'health';

/** The line of an event; `JSON.stringify` of it has no newline. */
export const ecsLine = (event: LoggedEvent, writer: Writer): Line => {
  const told = tell(event, writer.names ?? new Map());
  const { at, kind, ...own } = event;
  return {
    '@timestamp': new Date(at).toISOString(),
    message: told.message,
    ecs: { version: ECS_VERSION },
    log: { level: told.level, logger: 'hybridctl.monitor' },
    service: { name: 'hybridctl', type: 'hybridctl', version: writer.version },
    cloud: { provider: 'aws', region: writer.region },
    event: {
      kind: told.kind ?? 'event',
      category: told.category,
      type: told.type,
      action: told.action,
      dataset: 'hybridctl.monitor',
      ...(told.id === undefined ? {} : { id: told.id }),
      ...(told.outcome === undefined ? {} : { outcome: told.outcome }),
      // ECS counts nanoseconds.
      ...(told.durationMs === undefined ? {} : { duration: Math.round(told.durationMs * 1e6) }),
      ...(told.reason === undefined ? {} : { reason: told.reason }),
    },
    labels: { site: writer.site, ...told.labels },
    ...(told.incident === undefined ? {} : { trace: { id: told.incident } }),
    ...(told.error === undefined ? {} : { error: { message: told.error } }),
    hybridctl: { kind, ...(own as Readonly<Record<string, Json>>) },
  };
};

const tell = (event: LoggedEvent, names: TableNames): Told => {
  const nameOf = (table: string): string => names.get(table) ?? table;
  switch (event.kind) {
    case 'start':
      return {
        message: `monitor started, profile ${event.profile}, ${event.links.length} links, ${event.routes.length} routes`,
        action: 'monitor-started',
        category: ['process'],
        type: ['start'],
        level: 'info',
      };
    case 'stop':
      return {
        message: `monitor stopped: ${event.because}`,
        action: 'monitor-stopped',
        category: ['process'],
        type: ['end'],
        level: 'info',
        reason: event.because,
      };
    case 'verdict':
      return {
        message: `${event.link} is ${event.to}: ${event.because}`,
        action: `link-${event.to}`,
        category: ['network'],
        type: ['info'],
        level: event.to === 'alive' ? 'info' : 'warn',
        reason: event.because,
        labels: { link: event.link },
        ...(event.incident === undefined ? {} : { incident: event.incident }),
      };
    case 'evidence':
      return {
        message: `${event.link}: ${evidenceText(event)}`,
        action: event.evidence,
        category: ['network'],
        type: ['info'],
        level: 'warn',
        reason: `${event.witness} says so`,
        labels: { link: event.link },
      };
    case 'witness':
      return {
        message: witnessText(event),
        action: event.heard ? 'witness-heard' : 'witness-lost',
        category: ['process'],
        type: ['info'],
        level: event.heard ? 'info' : 'warn',
        reason: event.because,
      };
    case 'move':
      return {
        message: `${nameOf(event.table)} ${event.destination}: ${event.from} to ${event.to} (${event.outcome}): ${event.because}`,
        action: 'route-move',
        category: ['network', 'configuration'],
        type: ['change'],
        level: event.outcome === 'done' ? 'info' : 'warn',
        incident: event.incident,
        outcome: OUTCOME[event.outcome],
        durationMs: (event.detectMs ?? 0) + (event.apiMs ?? 0) + (event.verifyMs ?? 0),
        reason: event.because,
        labels: { table: event.table, destination: event.destination, link: event.to, from: event.from, to: event.to },
      };
    case 'alert': {
      const { id, kind, incident, subject, from, to, because } = event.alert;
      return {
        message: alertText(event.alert, names),
        action: `alert-${kind}`,
        kind: 'alert',
        category: ['network'],
        type: ['info'],
        level: kind === 'dark' || kind === 'heal-failed' ? 'error' : 'warn',
        id,
        incident,
        reason: because,
        labels: { subject, from, to },
      };
    }
    case 'heal':
      return {
        message: `${event.instance}: ${event.step}${event.outcome === undefined ? '' : ` (${event.outcome})`}: ${event.because}`,
        action: `gateway-${event.step}`,
        category: ['host'],
        type: ['change'],
        level: 'warn',
        incident: event.incident,
        reason: event.because,
        labels: { instance: event.instance },
        ...(event.outcome === undefined ? {} : { outcome: OUTCOME[event.outcome] }),
      };
    case 'initiate':
      return {
        message: initiateText(event),
        action: 'tunnel-initiated',
        category: ['network'],
        type: ['change'],
        level: 'warn',
        outcome: event.up ? 'success' : 'failure',
        reason: event.because,
        labels: { link: event.link },
        ...(event.incident === undefined ? {} : { incident: event.incident }),
      };
    case 'pin':
      return {
        message:
          event.link === null ? `${nameOf(event.table)} unpinned` : `${nameOf(event.table)} pinned to ${event.link}`,
        action: event.link === null ? 'table-unpinned' : 'table-pinned',
        category: ['configuration'],
        type: ['change'],
        level: 'info',
        labels: { table: event.table, ...(event.link === null ? {} : { link: event.link }) },
      };
    case 'lease':
      return {
        message: event.held ? `lease held, epoch ${event.epoch}` : `lease lost, epoch ${event.epoch}`,
        action: event.held ? 'lease-held' : 'lease-lost',
        category: ['process'],
        type: ['info'],
        level: event.held ? 'info' : 'warn',
      };
    case 'error':
      return {
        message: `${event.during}: ${event.message}`,
        action: 'monitor-error',
        category: ['network'],
        type: ['info'],
        level: 'error',
        outcome: 'failure',
        error: event.message,
        labels: { during: event.during },
        ...(event.incident === undefined ? {} : { incident: event.incident }),
      };
  }
};
