import { dirname, join, relative } from 'node:path';
import { usageError } from '../core/errors.ts';
import { pskFileOf } from '../domain/site.ts';
import type { FileToWrite, Ports } from '../core/ports.ts';
import { ignoreText } from '../domain/layout.ts';
import { absolute, loadSecret, type LoadedSite } from './file.ts';
import { generatePsk, pskProblem, pskWarning } from './psk.ts';

export interface KeyPlan {
  /** Only what is not there yet. */
  readonly files: readonly FileToWrite[];
  /** One sentence for each weak key. */
  readonly warnings: readonly string[];
}

type KeyPorts = Pick<Ports, 'files' | 'cwd' | 'env' | 'random'>;

const VARIABLE = 'HYBRIDCTL_PSK_';
const variableOf = (tunnel: string): string => `${VARIABLE}${tunnel.toUpperCase().replaceAll('-', '_')}`;

/**
 * The pre-shared key of every tunnel: the one that is there, else the one that a file or `HYBRIDCTL_PSK_<TUNNEL>`
 * gives, else a new one. A key that is there is never replaced: the other end holds it too.
 * @param given key files by tunnel name, relative to the folder of the run.
 * @throws HybridError (usage) naming the flag, the variable or the field; never the key.
 */
export const planKeys = async (
  ports: KeyPorts,
  { site, path }: LoadedSite,
  given: ReadonlyMap<string, string>,
): Promise<KeyPlan> => {
  const names = site.tunnels.filter((tunnel) => pskFileOf(tunnel) !== undefined).map(({ name }) => name);
  for (const name of given.keys())
    if (!names.includes(name))
      throw usageError(
        site.tunnels.some((tunnel) => tunnel.name === name)
          ? `${name} has certificates, and no pre-shared key`
          : `no tunnel is called ${name}`,
        {
          field: '--psk-file',
          next: `the tunnels are ${names.join(', ')}`,
        },
      );
  // A misspelt variable would mean a random key where the user meant theirs.
  const stray = Object.keys(ports.env).find(
    (variable) => variable.startsWith(VARIABLE) && !names.map(variableOf).includes(variable),
  );
  if (stray !== undefined)
    throw usageError('no tunnel has this variable', {
      field: stray.slice(0, 80),
      next: `the variables are ${names.map(variableOf).join(', ')}`,
    });

  const files: FileToWrite[] = [];
  const warnings: string[] = [];
  for (const [index, tunnel] of site.tunnels.entries()) {
    const { name } = tunnel;
    const psk_file = pskFileOf(tunnel);
    if (psk_file === undefined) continue;
    const field = `tunnels[${index}].psk_file`;
    const problem = (key: string): string | undefined => pskProblem(key, site.crypto);
    const offered = await offeredKey(ports, name, given.get(name), problem);
    const target = absolute(dirname(path), psk_file);
    if ((await ports.files.stat(target)) === undefined) {
      const key = offered?.key ?? generatePsk(ports.random);
      files.push({ path: target, content: `${key}\n`, mode: 0o600 });
      warnings.push(...weak(name, key));
    } else {
      const key = await loadSecret(ports, dirname(path), psk_file, field, problem);
      if (offered !== undefined && offered.key !== key)
        throw usageError(`${psk_file} holds another key`, {
          field: offered.field,
          next: `keep it, or remove ${psk_file} first`,
        });
      warnings.push(...weak(name, key));
    }
  }
  return { files, warnings };
};

const weak = (name: string, key: string): readonly string[] => {
  const warning = pskWarning(key);
  return warning === undefined ? [] : [`${name}: ${warning}`];
};

const offeredKey = async (
  ports: KeyPorts,
  name: string,
  file: string | undefined,
  problem: (key: string) => string | undefined,
): Promise<{ key: string; field: string } | undefined> => {
  if (file !== undefined)
    return {
      key: await loadSecret(ports, ports.cwd, file, `--psk-file ${name}`, problem),
      field: `--psk-file ${name}`,
    };
  const field = variableOf(name);
  const key = ports.env[field];
  if (key === undefined) return undefined;
  const wrong = problem(key);
  if (wrong !== undefined) throw usageError(wrong, { field });
  return { key, field };
};

const isBelow = (folder: string, path: string): boolean => !relative(folder, path).startsWith('..');

/**
 * Keeps the folders that hold keys out of git, also where the repository is made later, and says whose they are.
 * @param more further folders, absolute. One that holds the site file or the folder of the run is left alone: it holds
 * more than keys.
 */
export const ignoreFiles = async (
  ports: Pick<Ports, 'files' | 'cwd'>,
  { site, path }: LoadedSite,
  more: readonly string[],
): Promise<readonly FileToWrite[]> => {
  const files = site.tunnels.flatMap((tunnel) => pskFileOf(tunnel) ?? []);
  const folders = new Set([...files.map((file) => dirname(absolute(dirname(path), file))), ...more]);
  const ignores: FileToWrite[] = [];
  for (const folder of folders) {
    const ignore = join(folder, '.gitignore');
    if (isBelow(folder, path) || isBelow(folder, ports.cwd)) continue;
    if ((await ports.files.stat(ignore)) === undefined)
      ignores.push({ path: ignore, content: ignoreText(site.site), mode: 0o644 });
  }
  return ignores;
};
