import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** An esbuild plugin: templates are imported as `x.hbs?raw`, the way vitest understands too. */
export const raw = {
  name: 'raw',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?raw$/ }, ({ path, resolveDir }) => ({
      // Relative, since esbuild writes the path into the bundle, which is to be the same wherever it is built.
      path: relative(root, join(resolveDir, path.replace(/\?raw$/, ''))),
      namespace: 'raw',
    }));
    onLoad({ filter: /.*/, namespace: 'raw' }, async ({ path }) => ({
      contents: await readFile(join(root, path), 'utf8'),
      loader: 'text',
    }));
  },
};

/**
 * An esbuild plugin: writes out the constant names of computed keys (`{ [_xN]: … }`) in the AWS SDK's schema files.
 * esbuild
 * must take a computed key for a side effect, so it would keep the schemas of all 700 EC2 calls, 1 MB, for the four we
 * make.
 */
export const plainSchemaKeys = {
  name: 'plain-schema-keys',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]@aws-sdk[\\/].*[\\/]schemas_\d+\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const values = new Map(
        [...source.matchAll(/^const (_\w+) = ("[^"\\]*");$/gm)].map(([, name, value]) => [name, value]),
      );
      return {
        contents: source.replace(/\[(_\w+)\]:/g, (key, name) => (values.has(name) ? `${values.get(name)}:` : key)),
      };
    });
  },
};

/** How the sources are bundled for Node, whoever does it: the build, and tests that need the program as one file. */
export const forNode = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  // The SDK's ES modules lose what is not used; its CommonJS files stay whole.
  mainFields: ['module', 'main'],
  // A linked node_modules gives the same bundle, byte by byte: paths are part of the names that files of it get.
  preserveSymlinks: true,
  // urllib (below ali-oss) asks for it only where a caller turns its own proxy support on, and it is not installed with
  // it.
  external: ['proxy-agent'],
};
