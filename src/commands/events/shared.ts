import { flag, type Options } from '../../lib/core/flags.ts';
import { choice, path, secretFile, text, url } from '../../lib/core/flags/kinds.ts';
import { NAMES } from '../../lib/domain/health-events.ts';
import type { LogSource } from '../../lib/monitor/log-source.ts';
import { FLAG } from '../flags.ts';

/** Names go into tags, sources of events and names of resources; rules have 64 letters at most. */
const applicationName = text({
  placeholder: 'name',
  shape: /^[a-z0-9]([a-z0-9-]{0,24}[a-z0-9])?$/,
  what: 'a name of 1-26 lowercase letters, digits, dashes',
  like: 'shop',
});

/** The application, and where its rules are. */
export const PLACE = {
  name: flag(applicationName, 'name of the application: what tags and event sources carry', {
    env: 'HYBRIDCTL_NAME',
    required: true,
  }),
  region: FLAG.ownRegion,
} as const;

export const NAMES_FLAG = {
  names: flag(
    choice(NAMES, 'style'),
    "what everything is called: with the application's name, or as in the field document (once in a region)",
    { default: 'own' },
  ),
} as const;

export const LOG = {
  site: FLAG.site,
  stateDir: FLAG.stateDir,
  log: flag(path(), "event log (default: the site's own); no site file is needed then", {
    many: true,
    env: 'HYBRIDCTL_EVENT_LOG',
  }),
  elasticsearch: flag(
    url('http://search.example.com:9200'),
    "the index in place of files: the site file's (monitor.records.elasticsearch), or the one at this address",
    { bare: true },
  ),
  index: flag(
    text({ placeholder: 'name', like: 'hybridctl' }),
    "index or data stream there (default: the site file's, else hybridctl)",
  ),
  apiKeyFile: flag(secretFile(), 'file with the API key, mode 0600'),
} as const;

export const logSourceOf = ({
  site,
  stateDir,
  log,
  elasticsearch,
  index,
  apiKeyFile,
}: Options<object, typeof LOG>): LogSource => ({
  file: site,
  stateDir,
  logs: log,
  url: elasticsearch === true ? undefined : elasticsearch,
  index,
  apiKeyFile,
  elasticsearch: elasticsearch !== undefined,
});
