import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import { usageError } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { siteSchema, type Site } from '../domain/site.ts';

export interface LoadedSite {
  readonly site: Site;
  /** Absolute path of the site file; paths inside it are relative to its folder. */
  readonly path: string;
  readonly text: string;
}

type Reading = Pick<Ports, 'files' | 'cwd'>;

const absolute = (cwd: string, path: string): string => (isAbsolute(path) ? path : join(cwd, path));

/** Reads and validates a site file. Throws a usage error that names line, field and mend. */
export const loadSite = async ({ files, cwd }: Reading, given: string): Promise<LoadedSite> => {
  const path = absolute(cwd, given);
  const text = await files.read(path);
  if (text === undefined) throw usageError(`${given}: no such file`, { next: 'run "hybridctl vpn init", or name one with --site' });
  const parsed = siteSchema.safeParse(parse(text));
  if (!parsed.success) throw usageError(parsed.error.issues[0]!.message, { field: parsed.error.issues[0]!.path.join('.') });
  return { site: parsed.data, path, text };
};

/** Reads the pre-shared key of every tunnel. @returns keys by tunnel name. */
export const loadPsks = async ({ files }: Reading, { site, path }: LoadedSite): Promise<ReadonlyMap<string, string>> => {
  const keys = new Map<string, string>();
  for (const tunnel of site.tunnels) {
    const text = await files.read(absolute(dirname(path), tunnel.psk_file));
    if (text === undefined) throw usageError(`${tunnel.psk_file}: no such file`, { field: `tunnels.${tunnel.name}.psk_file`, next: 'run "hybridctl vpn init" to make one' });
    keys.set(tunnel.name, text.replace(/\n$/, ''));
  }
  return keys;
};
