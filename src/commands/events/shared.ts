import { flag, FLAG, list, text, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { NAMES } from '../../lib/domain/health-events.ts';
import { REGION } from '../../lib/domain/partition.ts';
import type { LogSource } from '../../lib/monitor/log-source.ts';
import { STATE_FLAG } from '../route/pin.ts';

/** Names go into tags, sources of events and names of resources; rules have 64 letters at most. */
const NAME = /^[a-z0-9]([a-z0-9-]{0,24}[a-z0-9])?$/;

export const NAME_FLAG: Flag = {
  flags: '--name <name>',
  summary: 'name of the application: what tags and event sources carry',
  env: 'HYBRIDCTL_NAME',
};
export const REGION_FLAG: Flag = { ...FLAG.region, summary: 'cloud region', env: 'AWS_REGION' };
export const NAMES_FLAG: Flag = {
  flags: '--names <style>',
  summary: "what everything is called: with the application's name, or as in the field document (once in a region)",
  choices: NAMES,
  default: 'own',
};

export interface Place {
  readonly name: string;
  readonly region: string;
  readonly names: (typeof NAMES)[number];
}

const needed = (raw: Raw, flag: string, shape: RegExp, what: string): string => {
  const value = text(raw, flag);
  if (value === undefined) throw usageError('is needed', { field: `--${flag}`, next: `give ${what}` });
  if (!shape.test(value))
    throw usageError(`${value.replace(/[^\x20-\x7e]/g, '?').slice(0, 60)} is not ${what}`, { field: `--${flag}` });
  return value;
};

export const placeOf = (raw: Raw): Place => ({
  name: needed(raw, 'name', NAME, 'a name of small letters, digits and dashes, 26 at most'),
  region: needed(raw, 'region', REGION, 'a region like cn-north-1'),
  names: NAMES.find((one) => one === text(raw, 'names')) ?? 'own',
});

const MAIL = /^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$/;

export const mailIn = (given: string): string => {
  if (!MAIL.test(given))
    throw usageError(`${given.replace(/[^\x20-\x7e]/g, '?').slice(0, 80)} is no mail address`, { field: '--mail' });
  return given;
};

export const LOG_FLAGS: readonly Flag[] = [
  FLAG.site,
  STATE_FLAG,
  {
    flags: '--log <file...>',
    summary: "event log (default: the site's own); no site file is needed then",
    env: 'HYBRIDCTL_EVENT_LOG',
  },
  {
    flags: '--elasticsearch [url]',
    summary: "the index in place of files: the site file's (monitor.records.elasticsearch), or the one at this address",
  },
  { flags: '--index <name>', summary: "index or data stream there (default: the site file's, else hybridctl)" },
  { flags: '--api-key-file <file>', summary: 'file with the API key, mode 0600' },
];

export const logSourceOf = (raw: Raw): LogSource => ({
  file: text(raw, 'site') ?? FLAG.site.default,
  stateDir: text(raw, 'stateDir') ?? STATE_FLAG.default,
  logs: list(raw, 'log'),
  url: text(raw, 'elasticsearch'),
  index: text(raw, 'index'),
  apiKeyFile: text(raw, 'apiKeyFile'),
  elasticsearch: text(raw, 'elasticsearch') !== undefined || flag(raw, 'elasticsearch'),
});
