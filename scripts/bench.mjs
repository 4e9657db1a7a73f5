// `npm run bench -- NAME [args…]`: sets up, bundles bench/NAME.ts on the fly and runs it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Every bench says in its first line what it measures: `// what`. */
const benches = readdirSync(join(root, 'bench')).filter((file) => file.endsWith('.bench.ts')).map((file) => file.replace('.bench.ts', ''));
const name = process.argv[2];
if (!benches.includes(name)) {
  process.stderr.write(`usage: npm run bench -- NAME\nbenches: ${benches.join(', ')}\n`);
  process.exit(2);
}
// A bench in the lab needs what the demo needs.
setUp(name === 'failover' || name === 'soak' ? 'demo' : 'bench');

const { build } = await import('esbuild');
const { raw } = await import('./esbuild-plugins.mjs');
const outfile = join(root, 'node_modules/.cache/bench', `${name}.mjs`);
await build({ absWorkingDir: root, entryPoints: [`bench/${name}.bench.ts`], outfile, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20', plugins: [raw], logLevel: 'warning' });
process.argv.splice(1, 2, outfile);
await import(pathToFileURL(outfile).href);
