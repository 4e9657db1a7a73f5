// Bundles the simulation of the failover core, as it is or with one line of the core deliberately broken.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The text, whatever line breaks the formatter has put into it. */
const anyLayout = (text) => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ +/g, '\\s+'), 'g');

/**
 * @param {readonly { file: string, find: string, put: string }[]} [edits] pieces of text of the domain's source files,
 * and what stands in their place.
 * @returns the path of an ES module with the exports of test/scenarios/sim/episode.ts.
 */
export const bundleSimulation = async (edits = []) => {
  const lost = new Set(edits);
  const breakIt = {
    name: 'mutant',
    setup({ onLoad }) {
      onLoad({ filter: /[/\\]lib[/\\]domain[/\\].*\.ts$/ }, async ({ path }) => {
        let contents = await readFile(path, 'utf8');
        for (const edit of edits.filter(({ file }) => path.endsWith(`/${file}.ts`))) {
          const found = contents.match(anyLayout(edit.find));
          if (found?.length !== 1) continue;
          contents = contents.replace(found[0], () => edit.put);
          lost.delete(edit);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['test/scenarios/sim/episode.ts'],
    bundle: true,
    write: false,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    plugins: edits.length === 0 ? [] : [breakIt],
    logLevel: 'warning',
  });
  for (const { file, find } of lost)
    throw new Error(`"${find}" does not stand once in ${file}.ts: the mutant has lost its place`);
  const { text } = outputFiles[0];
  const folder = join(root, 'node_modules/.cache/simulation');
  const path = join(folder, `${createHash('sha256').update(text).digest('hex').slice(0, 16)}.mjs`);
  await mkdir(folder, { recursive: true });
  await writeFile(path, text);
  return path;
};
