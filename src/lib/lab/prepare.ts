import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { usageError } from '../core/errors.ts';
import type { FileToWrite, Ports, Shell } from '../core/ports.ts';
import { crossCheck } from '../domain/cross-check.ts';
import { tunnelsOf } from '../domain/tunnel.ts';
import { renderSite } from '../render/index.ts';
import { loadBgpPasswords, loadPsks, type LoadedSite } from '../site/file.ts';
import { loadCredentials } from '../site/pki.ts';
import { probeKernel, type Adapted } from './adapt.ts';
import { siteNamedIn } from '../domain/layout.ts';
import { ofAnotherSite } from '../site/neighbours.ts';
import { paths, type Kernel } from './state.ts';

/** Tries a kernel in a namespace of its own. @param shell of the kernel. */
export const tryKernel = async (shell: Shell, lab: string): Promise<Kernel> => {
  const scratch = `${lab}-probe`;
  await shell.run('ip', ['netns', 'add', scratch]);
  try {
    return await probeKernel(shell, scratch);
  } finally {
    await shell.run('ip', ['netns', 'delete', scratch]);
  }
};

/** What `vpn render` would write for the site as adapted, for the nodes' own folders. */
const render = async (ports: Ports, lab: string, loaded: LoadedSite): Promise<readonly FileToWrite[]> => {
  const tunnels = tunnelsOf(loaded.site);
  const issue = crossCheck(loaded.site, tunnels)[0];
  if (issue !== undefined) throw usageError(issue.message, { field: issue.path.join('.') });
  const { byDevice, lacking } = await loadCredentials(ports, loaded, tunnels);
  const [lack] = lacking;
  if (lack !== undefined)
    throw usageError(`${lack[0]} has no certificate that counts: ${lack[1]}`, {
      field: 'pki',
      next: 'run "hybridctl vpn pki issue"; a box that stands for another dialect in the lab needs auth: psk',
    });
  const devices = renderSite(loaded.site, tunnels, {
    credentials: byDevice,
    psks: await loadPsks(ports, loaded),
    bgpPasswords: await loadBgpPasswords(ports, loaded),
  });
  return devices.flatMap(({ device, files }) =>
    files.map(({ path, content, mode }) => ({ path: join(paths(lab).files(device), path), content, mode })),
  );
};

/** A copy of what `vpn render` wrote before, byte for byte with its modes. @throws where it is another site's. */
const copy = async (lab: string, { site }: LoadedSite, from: string): Promise<readonly FileToWrite[]> => {
  const boxes = [...site.gateways, ...site.onprem.routers].map(({ name }) => name);
  const files = await Promise.all(
    boxes.map(async (name) => {
      const entries = await readdir(join(from, name), { recursive: true, withFileTypes: true }).catch(() => []);
      if (entries.length === 0)
        throw usageError(`${join(from, name)}: no rendered files`, {
          field: '--rendered',
          next: 'run "hybridctl vpn render" first, or omit --rendered',
        });
      return Promise.all(
        entries
          .filter((entry) => entry.isFile())
          .map(async (entry): Promise<FileToWrite> => {
            const path = join(entry.parentPath, entry.name);
            return {
              path: join(paths(lab).files(name), relative(join(from, name), path)),
              content: await readFile(path, 'utf8'),
              mode: (await stat(path)).mode & 0o777,
            };
          }),
      );
    }),
  );
  const ignore = await readFile(join(from, '.gitignore'), 'utf8').catch(() => '');
  for (const text of [ignore, ...files.flat().map(({ content }) => content)]) {
    const is = siteNamedIn(text);
    if (is !== undefined && is !== site.site)
      throw ofAnotherSite(from, { is, not: site.site }, 'name the folder of this site, or omit --rendered');
  }
  return files.flat();
};

/**
 * The files each box boots with: `from`, or rendered now.
 * @throws a usage error when files were given for a form of the site that this machine can't run.
 */
export const boxFiles = async (
  ports: Ports,
  lab: string,
  loaded: LoadedSite,
  adapted: Adapted,
  from: string | undefined,
): Promise<readonly FileToWrite[]> => {
  if (from === undefined) return render(ports, lab, { ...loaded, site: adapted.site });
  const [note, ...more] = adapted.notes;
  if (note !== undefined)
    throw usageError(`these files can't run here: ${note}`, {
      field: '--rendered',
      more,
      next: 'omit --rendered, or render the site as the lab needs it',
    });
  return copy(lab, loaded, from);
};
