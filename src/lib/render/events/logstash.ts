import source from '../../../../templates/events/logstash.conf.hbs?raw';
import { usageError } from '../../core/errors.ts';
import { template } from '../engine.ts';

const conf = template(source);

export interface LogstashView {
  readonly site: string;
  /** Absolute path of the event log. */
  readonly path: string;
  readonly url: string;
  readonly index: string;
  /** An API key is asked for; it lies in Logstash's keystore, never in the file. */
  readonly keyed: boolean;
}

/** What means itself inside a string of Logstash's configuration, and is no glob of its file input. */
const PLAIN = /^\/[A-Za-z0-9._/@+,:=-]*$/;

/** The field document's logstash.conf for this site. @throws a usage error for a path that it can't hold as it is. */
export const renderLogstash = ({ site, path, url, index, keyed }: LogstashView): string => {
  if (!PLAIN.test(path))
    throw usageError('holds characters that mean something to Logstash', {
      field: path.replace(/[^\x20-\x7e]/g, '?').slice(0, 120),
      next: 'keep the event log under a path of letters, digits and "._/@+,:=-"',
    });
  return conf({ site, path, hosts: url, index, keyed });
};
