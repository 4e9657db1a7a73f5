import { join } from 'node:path';
import { failure } from '../core/errors.ts';
import type { Files, Ports } from '../core/ports.ts';

/** Where the monitor keeps what must outlive it. */
export const STATE_DIR = '/var/lib/hybridctl';
export const leasePath = (stateDir: string, site: string): string => join(stateDir, `${site}.lease.json`);
export const pinPath = (stateDir: string, site: string): string => join(stateDir, `${site}.pins.json`);

/** Link by route table id: an operator's word that the table's routes stay there. */
export type Pins = ReadonlyMap<string, string>;

/** An edit takes a few ms. */
const PIN_PATIENCE_MS = 2_000;

/** A site has a handful of tables. */
const MAX_BYTES = 65_536;

/** No file: nothing is pinned. Throws a failure on one that is not ours. */
export const readPins = async (files: Pick<Files, 'read'>, path: string): Promise<Pins> => {
  const text = await files.read(path, MAX_BYTES);
  if (text === undefined) return new Map();
  try {
    const { version, pins } = JSON.parse(text) as { version?: unknown; pins?: unknown };
    const entries = Object.entries(pins ?? {});
    if (
      version === 1 &&
      typeof pins === 'object' &&
      entries.every(([table, link]) => /^rtb-[0-9a-f]+$/.test(table) && typeof link === 'string')
    )
      return new Map(entries as [string, string][]);
  } catch {
    // said below
  }
  throw failure('is not a pin file', { field: path, next: 'remove it and pin again' });
};

/**
 * Reads, edits and writes; readable by everybody, for a pin that nobody knows of is a trap. @returns every pin in force
 * now.
 */
export const editPins = async (
  { files, lock }: Pick<Ports, 'files' | 'lock'>,
  path: string,
  edit: (pins: Map<string, string>) => void,
): Promise<Pins> => {
  const giveBack = await lock(path, 'route pin', PIN_PATIENCE_MS);
  try {
    const pins = new Map(await readPins(files, path));
    edit(pins);
    await files.write([
      {
        path,
        content: `${JSON.stringify({ version: 1, pins: Object.fromEntries(pins) }, undefined, 2)}\n`,
        mode: 0o644,
      },
    ]);
    return pins;
  } finally {
    await giveBack();
  }
};
