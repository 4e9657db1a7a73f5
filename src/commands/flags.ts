import { flag, toggle } from '../lib/core/flags.ts';
import { host, path, secretFile, text } from '../lib/core/flags/kinds.ts';
import { region } from '../lib/domain/kinds.ts';
import { STATE_DIR } from '../lib/monitor/pins.ts';
import { SITE_FILE } from '../lib/site/name.ts';

/** Where a charon listens for us. */
export const viciUri = text({ placeholder: 'uri', like: 'unix:///var/run/charon.vici' });

/** Flags that mean the same in every command that has them. */
export const FLAG = {
  site: flag(path('file'), 'site file', { env: 'HYBRIDCTL_SITE', default: SITE_FILE }),
  dryRun: toggle('show what would change, without changing it'),
  yes: toggle('do not ask for confirmation', { short: 'y', env: 'HYBRIDCTL_YES' }),
  detailedExitcode: toggle('exit 3 when changes are pending'),
  /** The site file has a region of its own, so a variable of the shell does not move it. */
  region: flag(region(), "cloud region (default: the site file's)"),
  /** Where there is no site file. */
  ownRegion: flag(region(), 'cloud region', { env: 'AWS_REGION', required: true }),
  profile: flag(text({ placeholder: 'name', like: 'default' }), 'AWS profile', { env: 'AWS_PROFILE' }),
  out: flag(path('dir'), "folder for the rendered files (default: rendered, or the site's own below it)", {
    env: 'HYBRIDCTL_OUT',
  }),
  stateDir: flag(path('dir'), "the monitor's lease and pins", { env: 'HYBRIDCTL_STATE_DIR', default: STATE_DIR }),
  host: flag(host(), 'work on another machine by ssh, user@host or user@host:port (default: this one)'),
  identity: flag(secretFile(), 'private key for --host'),
  knownHosts: flag(path('file'), "host keys to believe, in place of ssh's own files"),
} as const;
