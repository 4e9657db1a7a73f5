import type { SiteIssue } from './site.ts';

/** The words in which mistakes of a site file are told. */
export type Path = SiteIssue['path'];

export const issue = (path: Path, message: string): SiteIssue => ({ path, message });

export interface Entry {
  readonly path: Path;
  readonly value: string | number;
}

/** Case is ignored: a router's CLI and a case-insensitive disk don't tell `VPN1` from `vpn1`. */
export const repeated = (
  entries: readonly Entry[],
  message: (value: string, first: string) => string,
): readonly SiteIssue[] => {
  const seen = new Map<string, string>();
  return entries.flatMap(({ path, value }) => {
    const key = String(value).toLowerCase();
    const first = seen.get(key);
    if (first === undefined) seen.set(key, pathText(path));
    return first === undefined ? [] : [issue(path, message(String(value), first))];
  });
};

/** `tunnels[0].inside` for ['tunnels', 0, 'inside']. */
export const pathText = (path: Path): string =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
