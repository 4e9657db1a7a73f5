import { dirname, isAbsolute, join } from 'node:path';
import { HybridError, usageError } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { refuseOpenFile } from '../domain/file-mode.ts';
import { pathText } from '../domain/issue.ts';
import { pskFileOf, type Site, type SiteIssue } from '../domain/site.ts';
import { placeOf, readDocument, sentenceOf, type Mistake } from './document.ts';
import { bgpPasswordProblem, keyIn, pskProblem, pskWarning } from './psk.ts';
import { show } from '../core/words.ts';

export interface LoadedSite {
  readonly site: Site;
  /** Absolute path of the site file; paths inside it are relative to its folder. */
  readonly path: string;
  readonly text: string;
}

type ReadPorts = Pick<Ports, 'files' | 'cwd'>;

export const absolute = (cwd: string, path: string): string => (isAbsolute(path) ? path : join(cwd, path));

/**
 * A site of a thousand tunnels is 200 KB; far beyond that it is the wrong file, and the YAML parser would chew on it
 * for minutes.
 */
const MAX_BYTES = 2 ** 20;
/** A screenful; the rest shows up once these are fixed. */
const MOST_SHOWN = 20;

/** The text of a site file, or undefined when there is none. Throws a usage error for one that is too big to be one. */
export const readSiteText = async ({ files, cwd }: ReadPorts, given: string): Promise<string | undefined> => {
  const path = absolute(cwd, given);
  const stat = await files.stat(path);
  if (stat !== undefined && stat.size > MAX_BYTES)
    throw usageError(`has ${stat.size} bytes, a site file at most ${MAX_BYTES}`, {
      field: show(given),
      next: 'name the right file with --site',
    });
  return files.read(path);
};

/** All mistakes as one error: the first is the message, the others follow. */
export const mistakesError = (given: string, mistakes: readonly [Mistake, ...Mistake[]]): HybridError => {
  const [first, ...others] = mistakes;
  const more = others.slice(0, MOST_SHOWN).map((one) => `${placeOf(given, one)}: ${sentenceOf(one)}`);
  if (others.length > MOST_SHOWN) more.push(`and ${others.length - MOST_SHOWN} more`);
  return usageError(sentenceOf(first), { field: placeOf(given, first), more });
};

export const noSuchSite = (given: string): HybridError =>
  usageError('no such file', { field: show(given), next: 'run "hybridctl vpn init", or name one with --site' });

/** Reads and validates a site file. Throws a usage error that names line, field and fix. */
export const loadSite = async (ports: ReadPorts, given: string): Promise<LoadedSite> => {
  const text = await readSiteText(ports, given);
  if (text === undefined) throw noSuchSite(given);
  const reading = readDocument(text);
  if (reading.site === undefined) throw mistakesError(given, reading.mistakes);
  return { site: reading.site, path: absolute(ports.cwd, given), text };
};

/**
 * One secret file: it must be there, its owner's alone, and hold what `problem` accepts. The secret is in no message.
 */
export const loadSecret = async (
  { files }: Pick<Ports, 'files'>,
  folder: string,
  file: string,
  field: string,
  problem: (secret: string) => string | undefined,
): Promise<string> => {
  const path = absolute(folder, file);
  const stat = await files.stat(path);
  const text = stat === undefined ? undefined : await files.read(path);
  if (stat === undefined || text === undefined)
    throw usageError(`${file}: no such file`, {
      field,
      next: 'run "hybridctl vpn init" to make the pre-shared keys, or write the file with mode 0600',
    });
  refuseOpenFile({ path, mode: stat.mode, field, written: file });
  const secret = keyIn(text);
  const wrong = problem(secret);
  if (wrong !== undefined) throw usageError(`${file}: ${wrong}`, { field });
  return secret;
};

/**
 * Reads the pre-shared key of every tunnel that has one. @returns keys by tunnel name. Throws a usage error that names
 * the field.
 */
export const loadPsks = async (ports: ReadPorts, { site, path }: LoadedSite): Promise<ReadonlyMap<string, string>> => {
  const keys = new Map<string, string>();
  for (const [index, tunnel] of site.tunnels.entries()) {
    const file = pskFileOf(tunnel);
    if (file === undefined) continue;
    keys.set(
      tunnel.name,
      await loadSecret(ports, dirname(path), file, `tunnels[${index}].psk_file`, (key) => pskProblem(key, site.crypto)),
    );
  }
  return keys;
};

export interface Findings {
  readonly mistakes: readonly SiteIssue[];
  readonly warnings: readonly SiteIssue[];
}

/**
 * What `config validate` says of the secret files. A missing one is a warning: a repository's checks rightly have no
 * keys.
 */
export const checkSecrets = async (ports: ReadPorts, { site, path }: LoadedSite): Promise<Findings> => {
  const mistakes: SiteIssue[] = [];
  const warnings: SiteIssue[] = [];
  const check = async (
    at: SiteIssue['path'],
    file: string,
    problem: (secret: string) => string | undefined,
  ): Promise<void> => {
    if ((await ports.files.stat(absolute(dirname(path), file))) === undefined) {
      warnings.push({
        path: at,
        message: `${file} is not there: run "hybridctl vpn init" to make it, or write it with mode 0600`,
      });
      return;
    }
    try {
      const secret = await loadSecret(ports, dirname(path), file, pathText(at), problem);
      const weak = at.at(-1) === 'psk_file' ? pskWarning(secret) : undefined;
      if (weak !== undefined) warnings.push({ path: at, message: weak });
    } catch (error) {
      if (!(error instanceof HybridError)) throw error;
      mistakes.push({
        path: at,
        message: error.next === undefined ? error.message : `${error.message}: ${error.next}`,
      });
    }
  };
  for (const [index, tunnel] of site.tunnels.entries()) {
    const file = pskFileOf(tunnel);
    if (file !== undefined) await check(['tunnels', index, 'psk_file'], file, (key) => pskProblem(key, site.crypto));
  }
  for (const [index, link] of site.links.entries()) {
    if (link.kind === 'dx' && link.bgp_password_file !== undefined)
      await check(['links', index, 'bgp_password_file'], link.bgp_password_file, bgpPasswordProblem);
  }
  return { mistakes, warnings };
};

/** Reads the BGP password of every Direct Connect link that has one. @returns passwords by link name. */
export const loadBgpPasswords = async (
  ports: ReadPorts,
  { site, path }: LoadedSite,
): Promise<ReadonlyMap<string, string>> => {
  const passwords = new Map<string, string>();
  for (const [index, link] of site.links.entries()) {
    if (link.kind !== 'dx' || link.bgp_password_file === undefined) continue;
    passwords.set(
      link.name,
      await loadSecret(
        ports,
        dirname(path),
        link.bgp_password_file,
        `links[${index}].bgp_password_file`,
        bgpPasswordProblem,
      ),
    );
  }
  return passwords;
};
