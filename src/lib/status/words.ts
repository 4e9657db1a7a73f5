import { duration } from '../domain/amount.ts';
import { FOREIGN, NO_ROUTE } from '../domain/failover/types.ts';
import type { LinkNow, Picture } from './picture.ts';

/** How figures and positions are written, in the terminal and on the page alike. */

/** Names and messages come from files and daemons: nothing in them may steer a terminal. */
export const plain = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');

export const millis = (value: number | null): string =>
  value === null
    ? '–'
    : value >= 10_000
      ? `${(value / 1_000).toFixed(0)} s`
      : value >= 1_000
        ? `${(value / 1_000).toFixed(1)} s`
        : value < 10
          ? `${value.toFixed(1)} ms`
          : `${Math.round(value)} ms`;

/** @param share 0 to 1 */
export const percent = (share: number | null): string => {
  if (share === null) return '–';
  const value = share * 100;
  return value === 0 || value === 100 ? `${value} %` : value < 1 ? '< 1 %' : `${Math.min(99, Math.round(value))} %`;
};

/** `14:03:07Z`; with its day where that is not today's. */
export const clockTime = (at: number, now: number): string => {
  const text = new Date(at).toISOString();
  return `${text.slice(0, 10) === new Date(now).toISOString().slice(0, 10) ? '' : `${text.slice(5, 10)} `}${text.slice(11, 19)}Z`;
};

export const ago = (at: number | null, now: number): string =>
  at === null ? '–' : duration(Math.max(0, now - at) / 1_000);

/** Where a route stands, in words. */
export const place = (at: string | null): string =>
  at === null ? 'not known' : at === NO_ROUTE ? 'no route' : at === FOREIGN ? 'a target outside the site' : plain(at);

export const linkState = ({ state, last }: LinkNow, now: number): string =>
  last === null ? state : `unknown, ${last.state} ${ago(last.at, now)} ago`;

/** Who watches, in one line. */
export const watcherText = ({ watcher, at }: Pick<Picture, 'watcher' | 'at'>): string => {
  if (watcher.kind === 'nobody')
    return `${plain(watcher.because)}: routes are read from AWS, incidents from the event log`;
  const { profile, leads, startedAt } = watcher;
  return [
    `monitor${startedAt === null ? '' : ` up ${ago(startedAt, at)}`}`,
    ...(profile === null ? [] : [`profile ${plain(profile)}`]),
    ...(leads === null ? [] : [leads ? 'holds the lease' : 'only watches: another one holds the lease']),
  ].join(', ');
};
