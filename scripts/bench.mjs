// `npm run bench -- NAME [args…]`: sets up, bundles bench/NAME.ts on the fly and runs it.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Every bench says in its first line what it measures: `// what`. */
const benches = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.replace('.bench.ts', ''));
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
await build({
  absWorkingDir: root,
  entryPoints: [`bench/${name}.bench.ts`],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  plugins: [raw],
  logLevel: 'warning',
});
// In a process of its own: what bundling leaves behind (garbage to collect, a service that ends) would be measured too.
const child = spawn(process.execPath, [outfile, ...process.argv.slice(3)], { stdio: 'inherit' });
// Ctrl-C reaches both: the bench cleans up, and its end is waited for.
process.on('SIGINT', () => undefined).on('SIGTERM', () => child.kill());
child.on('close', (code) => (process.exitCode = code ?? 1));
