import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An esbuild plugin: templates are imported as `x.hbs?raw`, the way vitest understands too. */
export const raw = {
  name: 'raw',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?raw$/ }, ({ path, resolveDir }) => ({ path: join(resolveDir, path.replace(/\?raw$/, '')), namespace: 'raw' }));
    onLoad({ filter: /.*/, namespace: 'raw' }, async ({ path }) => ({ contents: await readFile(path, 'utf8'), loader: 'text' }));
  },
};
