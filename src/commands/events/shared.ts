import { FLAG, text, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { NAMES } from '../../lib/domain/health-events.ts';
import { REGION } from '../../lib/domain/partition.ts';

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
