import type { Ports } from '../lib/core/ports.ts';
import { absolute, readSiteText } from '../lib/site/file.ts';
import { looseNames } from '../lib/site/names.ts';

/** What is named in a site file, or follows from it. */
export type NameKind = 'link' | 'table' | 'tunnel' | 'device' | 'node' | 'case' | 'what';

/** The site is validated only for what is computed from it: a TAB shall not wait for a schema. */
const nodesOf = async (text: string): Promise<readonly string[]> => {
  const [{ readDocument }, { topologyOf }] = await Promise.all([
    import('../lib/site/document.ts'),
    import('../lib/lab/topology.ts'),
  ]);
  const { site } = readDocument(text);
  return site === undefined ? [] : topologyOf(site, 'hyb', 0).nodes.map(({ name }) => name);
};

const casesIn = async (text: string): Promise<readonly string[]> => {
  const [{ readDocument }, { casesOf }] = await Promise.all([
    import('../lib/site/document.ts'),
    import('../lib/drill/cases.ts'),
  ]);
  const { site } = readDocument(text);
  return site === undefined ? [] : casesOf(site).map(({ name }) => name);
};

/** @returns the names of a kind in a site file; none where it can't be read: a TAB says nothing of mistakes. */
export const siteNames = async (
  ports: Pick<Ports, 'files' | 'cwd'>,
  file: string,
  kind: NameKind,
): Promise<readonly string[]> => {
  try {
    const text = await readSiteText(ports, absolute(ports.cwd, file));
    if (text === undefined) return [];
    if (kind === 'node') return await nodesOf(text);
    if (kind === 'case') return await casesIn(text);
    const found = looseNames(text);
    return kind === 'what' ? [...found.link, ...(await nodesOf(text))] : found[kind];
  } catch {
    return [];
  }
};
