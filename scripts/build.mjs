// Bundles the command line into dist/, in two steps: esbuild can share code between lazily loaded parts only in ES
// module
// output, and Node starts CommonJS faster and can be given compiled code for it (see launcher.cjs).
// usage: node scripts/build.mjs [--clean]; with --clean dist/ is written anew even where nothing has changed.
import { build, transform } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { forNode, plainSchemaKeys, raw } from './esbuild-plugins.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const entries = { hybridctl: 'src/commands/bin.ts', demo: 'src/demo/main.ts' };

const present = Object.fromEntries(Object.entries(entries).filter(([, path]) => existsSync(join(root, path))));
const bundle = await build({
  ...forNode,
  absWorkingDir: root,
  entryPoints: present,
  outdir: 'dist/app',
  outExtension: { '.js': '.cjs' },
  write: false,
  splitting: true,
  format: 'esm',
  define: { HYBRIDCTL_VERSION: JSON.stringify(version) },
  plugins: [raw, plainSchemaKeys],
  logLevel: 'warning',
}).catch(() => process.exit(1)); // esbuild has said what and where

const files = await Promise.all(
  bundle.outputFiles.map(async ({ path, text }) => {
    // Names stay readable: they are what a stack trace shows.
    const { code } = await transform(text, {
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      supported: { 'dynamic-import': false },
      minifyWhitespace: true,
      minifySyntax: true,
    });
    return { name: basename(path), code };
  }),
);

const buildId = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16);
const launcher = (await readFile(join(root, 'scripts/launcher.cjs'), 'utf8')).replace('__BUILD_ID__', buildId);

// Nothing new: leave it.
const standing = await Promise.all(
  Object.keys(present).map((name) => readFile(join(root, `dist/${name}.cjs`), 'utf8').catch(() => '')),
);
if (process.argv.includes('--clean') || standing.some((text) => text !== launcher)) {
  // Built beside and swapped in, so that a run in between meets either the old build or the new one.
  const fresh = join(root, `dist.${process.pid}`);
  await mkdir(join(fresh, 'app'), { recursive: true });
  await Promise.all(files.map(({ name, code }) => writeFile(join(fresh, 'app', name), code)));
  for (const name of Object.keys(present)) await writeFile(join(fresh, `${name}.cjs`), launcher, { mode: 0o755 });
  await rm(join(root, 'dist'), { recursive: true, force: true });
  await rename(fresh, join(root, 'dist'));
}
