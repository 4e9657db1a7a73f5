import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Ports } from '../core/ports.ts';
import type { Site } from '../domain/site.ts';
import { tearDown } from '../lab/down.ts';
import { openLab, readRecord, type Lab } from '../lab/state.ts';
import { requireTools } from '../lab/tools.ts';
import { bringUp } from '../lab/up.ts';
import { readDocument } from '../site/document.ts';
import { EXAMPLES } from '../site/examples.ts';
import { loadSite } from '../site/file.ts';
import { generatePsk } from '../site/psk.ts';

export interface LabSession {
  readonly lab: Lab;
  /** Takes the lab away where we built it; one that was there stays. */
  leave(): Promise<void>;
}

/** The ready site with keys of its own, in a folder that only root reads. @returns the site file's path. */
const exampleSite = async (ports: Ports): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'hybridctl-drill-'));
  const path = join(folder, 'hybridctl.yaml');
  const content = EXAMPLES['lab']!;
  const keys = [...content.matchAll(/psk_file: ([\w/-]+)/g)].map(([, file]) => ({
    path: join(folder, file!),
    content: `${generatePsk(ports.random)}\n`,
    mode: 0o600,
  }));
  await ports.files.write([{ path, content, mode: 0o600 }, ...keys]);
  return path;
};

/**
 * The lab of this name as it is, or a new one.
 * @param site site file of a new lab; undefined: the ready example.
 */
export const findSession = async (ports: Ports, name: string, site: string | undefined): Promise<LabSession> => {
  await requireTools(ports);
  if ((await readRecord(ports.files, name)) !== undefined)
    return { lab: await openLab(ports.files, name), leave: async () => undefined };
  const path = site ?? (await exampleSite(ports));
  const clear = async (): Promise<void> =>
    site === undefined ? rm(dirname(path), { recursive: true, force: true }) : undefined;
  try {
    const { record, topology } = await bringUp(ports, {
      lab: name,
      loaded: await loadSite(ports, path),
      rendered: undefined,
    });
    return {
      lab: { record, topology },
      async leave() {
        await tearDown(ports, name);
        await clear();
      },
    };
  } catch (error) {
    await clear();
    throw error;
  }
};

/** The site that a drill on this lab would run on. Starts nothing. */
export const siteOf = async (ports: Ports, name: string, site: string | undefined): Promise<Site> => {
  const record = await readRecord(ports.files, name);
  if (record !== undefined) return record.site;
  return site === undefined ? readDocument(EXAMPLES['lab']!).site! : (await loadSite(ports, site)).site;
};
