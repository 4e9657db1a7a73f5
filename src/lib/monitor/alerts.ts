import { createHash } from 'node:crypto';
import { Undeliverable, type Notice, type NoticeAddress, type Notifier } from '../core/outlets.ts';
import type { Clock } from '../core/ports.ts';
import type { Alert } from '../domain/failover/types.ts';
import { deliver, type DeliveryTiming } from './deliver.ts';
import type { Sink } from './events.ts';
import { subjectText, type TableNames } from './names.ts';
import type { Spool, Spooled } from './spool.ts';

/** The two ends of the interconnect, as people call them. */
export type Between = readonly [string, string];

/** The subject that mail rules of the field go by. */
export const subjectOf = ([here, there]: Between): string => `Status of DCI between ${here} and ${there} Changed!`;

const HEADLINE: Readonly<Record<Alert['kind'], (alert: Alert) => string>> = {
  moved: ({ subject, from, to }) => `${subject}: moved from ${from} to ${to}`,
  found: ({ subject, from, to }) => `${subject}: changed by someone else: now ${to}, expected ${from}`,
  dark: ({ subject }) => `${subject}: no path is left; nothing is changed until one is back`,
  healed: ({ subject }) => `${subject}: gateway healed`,
  'heal-failed': ({ subject }) => `${subject}: gateway could not be healed and needs a person`,
};

/** A mail tells all; a message on a phone must fit into one (GSM 03.38: 160 characters). */
export const noticeOf = (
  alert: Alert,
  at: number,
  between: Between,
  to: NoticeAddress,
  names: TableNames = new Map(),
): Notice => {
  const headline = HEADLINE[alert.kind]({ ...alert, subject: subjectText(alert.subject, names) });
  const short = `${between.join('-')} ${headline}: ${alert.because}`;
  const long = [
    subjectOf(between),
    '',
    headline,
    `because: ${alert.because}`,
    `at: ${new Date(at).toISOString()}`,
    `incident: ${alert.incident}`,
    `alert: ${alert.id}`,
    '',
    `hybridctl route history --incident ${alert.incident}`,
  ];
  return {
    id: alert.id,
    subject: subjectOf(between),
    text: 'phone' in to ? (short.length > 160 ? `${short.slice(0, 157)}...` : short) : long.join('\n'),
  };
};

/**
 * What makes two alerts the same: a lease file that was removed begins its numbers again, and a new alert must not pass
 * for an old one.
 */
export const alertKey = (alert: Alert): string =>
  `${alert.id}-${createHash('sha256').update(JSON.stringify(alert)).digest('hex').slice(0, 12)}`;

export interface AlertOptions {
  readonly to: NoticeAddress;
  readonly between: Between;
  readonly clock: Clock;
  /** Absent: tables by their ids. */
  readonly names?: TableNames;
  onTrouble(message: string): void;
  readonly timing?: Partial<DeliveryTiming>;
}

/**
 * Tells one address of every alert. The spool is the outbox: on disk before the first try, and told once however often
 * the event comes.
 */
export const alertSink = (
  notifier: Notifier,
  spool: Spool,
  { to, between, clock, onTrouble, timing, names }: AlertOptions,
): Sink => {
  const name = `alerts to ${'topic' in to ? to.topic : to.phone}`;
  const sendOne = async ({ id, body }: Spooled, signal: AbortSignal): Promise<string> => {
    try {
      await notifier.send(to, JSON.parse(body) as Notice, signal);
    } catch (error) {
      if (!(error instanceof Undeliverable)) throw error;
      onTrouble(`${name}: ${error.message}; given up for ${id}`);
    }
    return id;
  };
  // One at a time: they arrive in the order of events.
  const delivery = deliver(spool, {
    name,
    most: 1,
    clock,
    onTrouble,
    send: async ([item], signal) => [await sendOne(item!, signal)],
    ...(timing === undefined ? {} : { timing }),
  });
  return {
    accept(event) {
      if (event.kind !== 'alert') return;
      spool.put(alertKey(event.alert), JSON.stringify(noticeOf(event.alert, event.at, between, to, names)), true);
      delivery.poke();
    },
    close: () => delivery.close(),
  };
};
