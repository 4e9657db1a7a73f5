import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { files } from '../../src/lib/adapters/files.ts';
import { shell } from '../../src/lib/adapters/shell.ts';
import type { Ports } from '../../src/lib/core/ports.ts';
import { fakeClock } from '../fakes/clock.ts';
import { run, type Ran } from './run.ts';

export interface PkiSite {
  readonly folder: string;
  /** `pki/<site>`. */
  readonly pki: string;
  readonly clock: ReturnType<typeof fakeClock>;
  /** Runs `hybridctl …` in the folder with real files and a real openssl. */
  run(line: string, ports?: Partial<Ports>): Promise<Ran>;
  remove(): Promise<void>;
}

/** A folder with a site file, for commands that need real files and a real openssl. */
export const pkiSite = async (site: string, name: string): Promise<PkiSite> => {
  const folder = await mkdtemp(join(tmpdir(), 'hyr-pki-'));
  await mkdir(join(folder, 'psk'), { mode: 0o700 });
  await writeFile(join(folder, 'hybridctl.yaml'), site);
  const clock = fakeClock(Date.now());
  return {
    folder,
    pki: join(folder, 'pki', name),
    clock,
    run: (line, ports = {}) => run(line, { ports: { files, shell, cwd: folder, clock, ...ports } }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
};
