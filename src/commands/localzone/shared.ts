import { join } from 'node:path';
import { usageError } from '../../lib/core/errors.ts';
import { flag } from '../../lib/core/flags.ts';
import { secretFile } from '../../lib/core/flags/kinds.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { refuseWithoutOverride } from '../../lib/procedures/localzone.ts';
import { absolute, loadSite, type LoadedSite } from '../../lib/site/file.ts';

export const KEY_FILE = flag(
  secretFile(),
  'SSH key of the utility instance (default: ~/.ssh/hybridctl-SITE-utility); made with mode 0600 where it is not there',
);

/** A path that a shell line of a runbook can hold as it is. */
const PLAIN = /^[A-Za-z0-9._/@+-]{1,300}$/;

/** @returns the absolute path of the key. */
export const keyFileOf = (
  { env, cwd }: Pick<Ports, 'env' | 'cwd'>,
  given: string | undefined,
  site: string,
): string => {
  const home = env['HOME'];
  if (given === undefined && (home === undefined || home === ''))
    throw usageError('HOME is not set, so there is no place for the SSH key', {
      field: '--key-file',
      next: 'name a file',
    });
  const path = given === undefined ? join(home!, '.ssh', `hybridctl-${site}-utility`) : absolute(cwd, given);
  if (!PLAIN.test(path)) throw usageError('is not a plain path: letters, digits and "._/@+-"', { field: '--key-file' });
  return path;
};

/** The site, which has something for a utility instance to watch. */
export const loadOverrideSite = async (ports: Ports, file: string): Promise<LoadedSite> => {
  const loaded = await loadSite(ports, file);
  refuseWithoutOverride(loaded.site);
  return loaded;
};
