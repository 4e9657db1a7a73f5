import unitSource from '../../../../templates/monitor/unit.service.hbs?raw';
import { usageError } from '../../core/errors.ts';
import { template } from '../engine.ts';

const unit = template(unitSource);

export interface MonitorUnit {
  /** The site's name. */
  readonly site: string;
  /** Absolute paths of Node, of hybridctl and of the site file. */
  readonly node: string;
  readonly program: string;
  readonly siteFile: string;
  /** What follows on the command line of the monitor; words of our own. */
  readonly flags: readonly string[];
  /** Absolute folders outside the state folder that the monitor writes to. */
  readonly writable: readonly string[];
}

/**
 * systemd.service(5), systemd.exec(5): a path without blanks, quotes, `%`, `$` and backslashes means itself everywhere
 * in a unit.
 */
const PLAIN = /^\/[A-Za-z0-9._/@+,:=-]*$/;

const plain = (path: string): string => {
  if (!PLAIN.test(path))
    throw usageError('holds characters that mean something in a unit file', {
      field: path.replace(/[^\x20-\x7e]/g, '?').slice(0, 120),
      next: 'move it to a path of letters, digits and "._/@+,:=-"',
    });
  return path;
};

export const unitName = (site: string): string => `hybridctl-monitor-${site}.service`;
export const unitPath = (site: string): string => `/etc/systemd/system/${unitName(site)}`;

/** The unit that runs a site's monitor. Throws a usage error for a path that a unit can't hold as it is. */
export const renderMonitorUnit = ({ site, node, program, siteFile, flags, writable }: MonitorUnit): string =>
  unit({
    site,
    command: [plain(node), plain(program), 'route', 'monitor', '--site', plain(siteFile), ...flags].join(' '),
    writable: writable.map(plain),
    // On a gateway it reads the relay's rules, and loads them again where somebody flushed them.
    capabilities: ['CAP_NET_RAW', ...(flags.includes('--self') ? ['CAP_NET_ADMIN'] : [])].join(' '),
  });
