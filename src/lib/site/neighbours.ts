import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { EXIT, HybridError } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { layoutOf, siteNamedIn } from '../domain/layout.ts';
import type { Draft } from './answers.ts';
import type { LoadedSite } from './file.ts';

/** A path as it is said to a person: relative where it lies below the folder of the run. */
export const shownPath = (cwd: string, path: string): string => {
  const near = relative(cwd, path);
  return near.startsWith('..') || isAbsolute(near) ? path : near;
};

/** A site file's name, also where the rest of it is wrong. */
export const siteNameOf = (text: string): string | undefined =>
  /^site:[ \t]*["']?([A-Za-z][A-Za-z0-9-]{0,30})["']?[ \t]*(?:#.*)?\r?$/m.exec(text)?.[1];

export interface Neighbour {
  /** Absolute path of the site file. */
  readonly path: string;
  readonly site: string;
}

/** Larger files are no site files; in a folder with more YAML files than this nobody keeps sites. */
const [MAX_BYTES, MOST] = [2 ** 20, 200];

/** The other site files in the folder of the one at `path`. */
export const neighboursOf = async (
  { files, namesIn }: Pick<Ports, 'files' | 'namesIn'>,
  path: string,
): Promise<readonly Neighbour[]> => {
  const names = (await namesIn(dirname(path))).filter((name) => /\.ya?ml$/.test(name)).sort();
  const found: Neighbour[] = [];
  for (const other of names.slice(0, MOST).map((name) => join(dirname(path), name))) {
    if (other === path || ((await files.stat(other))?.size ?? Infinity) > MAX_BYTES) continue;
    // A file that may not be read, or is a folder, is nobody's site.
    const text = (await files.read(other).catch(() => undefined)) ?? '';
    const site = siteNameOf(text);
    if (site !== undefined && /^onprem:/m.test(text)) found.push({ path: other, site });
  }
  return found;
};

/** What stands in the way is of another site: it stays as it is. Exit 5, since nothing else is wrong with the run. */
export const ofAnotherSite = (
  field: string,
  { is, not }: { readonly is: string; readonly not: string },
  next: string,
) => new HybridError(EXIT.partly, `is of site ${is}, not of ${not}: nothing is written`, { field, next });

/** @throws where a file that is to be written, or the folder of all, names another site. */
export const refuseOthersFiles = async (
  files: Pick<Ports['files'], 'read'>,
  site: string,
  { folder, paths, cwd }: { readonly folder: string; readonly paths: readonly string[]; readonly cwd: string },
): Promise<void> => {
  for (const path of [join(folder, '.gitignore'), ...paths]) {
    const is = siteNamedIn((await files.read(path)) ?? '');
    if (is !== undefined && is !== site)
      throw ofAnotherSite(
        shownPath(cwd, path),
        { is, not: site },
        `give a folder of its own with -o, or remove ${shownPath(cwd, folder)} if site ${is} is gone`,
      );
  }
};

/**
 * A site keeps its name: its resources in the cloud and its rendered files bear it. A new one has a name that no other
 * file of the folder has. @throws of exit 5.
 */
export const refuseOtherName = (
  file: string,
  existing: string | undefined,
  site: string,
  neighbours: readonly Neighbour[],
): void => {
  const is = existing === undefined ? undefined : siteNameOf(existing);
  if (is !== undefined && is !== site)
    throw ofAnotherSite(file, { is, not: site }, `give the new site a file of its own: --site ${site}.yaml`);
  const same = neighbours.find((other) => other.site === site);
  if (same !== undefined)
    throw new HybridError(
      EXIT.partly,
      `${basename(same.path)} in this folder is site ${site} already: nothing is written`,
      {
        field: file,
        next: `change that one with --site ${basename(same.path)}, or give another --name`,
      },
    );
};

/**
 * A new site takes no key that an earlier site left where its own would lie: the other end of that tunnel may still
 * hold it. A key that the user put there is used. @throws of exit 5.
 */
export const refuseOthersKeys = async (ports: Pick<Ports, 'files'>, { site, path }: LoadedSite): Promise<void> => {
  const { psk } = layoutOf(site);
  const is = siteNamedIn((await ports.files.read(join(dirname(path), psk, '.gitignore'))) ?? '');
  if (is === undefined || is === site.site) return;
  for (const { name, psk_file } of site.tunnels)
    if (psk_file === `${psk}/${name}` && (await ports.files.stat(join(dirname(path), psk_file))) !== undefined)
      throw ofAnotherSite(
        psk_file,
        { is, not: site.site },
        `remove ${psk} if site ${is} is gone, or name another file: --tunnel name=${name},psk_file=…`,
      );
};

/** A ready site that shares its folder: its keys and rendered files get folders by its name. */
export const inOwnFolder = (draft: Draft, name: string | undefined): Draft => {
  const site = name ?? String(draft.site);
  const own = layoutOf({ site, folder: site });
  const shared = layoutOf({ site, folder: undefined });
  return {
    ...draft,
    folder: site,
    tunnels: draft.tunnels.map((tunnel) =>
      tunnel['psk_file'] === `${shared.psk}/${String(tunnel['name'])}`
        ? { ...tunnel, psk_file: `${own.psk}/${String(tunnel['name'])}` }
        : tunnel,
    ),
  };
};
