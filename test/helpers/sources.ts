import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** The source files as arch.test.ts judges them. */
export interface Source {
  readonly path: string;
  readonly text: string;
  /** Without comments: a word in prose breaks no rule. */
  readonly code: string;
  /** Paths of our own files from the root, and names of packages. */
  readonly imports: readonly string[];
}

export const tree = (folder: string, ending: RegExp): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');

export const read = (path: string): Source => {
  const text = readFileSync(path, 'utf8');
  const code = withoutComments(text);
  const imports = [...code.matchAll(/(?:\bfrom\s*|\bimport\s*\(\s*|^import\s+)'([^']+)'/gm)].map(([, target]) =>
    target!.startsWith('.') ? normalize(join(dirname(path), target!)) : target!,
  );
  return { path, text, code, imports };
};

export const sources = tree('src', /\.ts$/).map(read);
export const under = (...folders: string[]) =>
  sources.filter(({ path }) => folders.some((folder) => path.startsWith(`src/${folder}/`)));
export const except = (list: readonly Source[], ...allowed: string[]) =>
  list.filter(({ path }) => !allowed.some((start) => path.startsWith(`src/${start}`)));
/** Lines like `src/x.ts: what`, so that a failure names the place. */
export const offences = (list: readonly Source[], find: (source: Source) => readonly string[]) =>
  list.flatMap((source) => find(source).map((what) => `${source.path}: ${what}`));
export const words =
  (pattern: RegExp) =>
  ({ code }: Source) => [...new Set([...code.matchAll(pattern)].map(([word]) => word.trim()))];
