// Bundles the command line for distribution. See docs/how-it-is-built for why it is done in two steps.
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));

/** Templates are imported as `x.hbs?raw`, the way vitest understands too. */
const raw = {
  name: 'raw',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?raw$/ }, ({ path, resolveDir }) => ({ path: new URL(path.replace(/\?raw$/, ''), `file://${resolveDir}/`).pathname, namespace: 'raw' }));
    onLoad({ filter: /.*/, namespace: 'raw' }, async ({ path }) => ({ contents: await readFile(path, 'utf8'), loader: 'text', watchFiles: [path] }));
  },
};

await build({
  entryPoints: ['src/commands/bin.ts'],
  outfile: 'dist/hybridctl.cjs',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  mainFields: ['module', 'main'],
  banner: { js: '#!/usr/bin/env node' },
  define: { HYBRIDCTL_VERSION: JSON.stringify(version) },
  plugins: [raw],
  logLevel: 'warning',
});
