// Rendering both ends of 1,000 sites in memory: from the site file's data to every file of every box. Limit: 1 s.
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { parse } from 'yaml';
import { siteSchema } from '../src/lib/domain/site.ts';
import { tunnelsOf } from '../src/lib/domain/tunnel.ts';
import { renderSite } from '../src/lib/render/index.ts';
import { median } from './measure.ts';

const SITES = 1_000;
const LIMIT_MS = 1_000;

const inputs = await Promise.all(
  ['lab', 'seed-bjs', 'seed-openswan'].map(
    async (name) => parse(await readFile(`test/fixtures/${name}.yaml`, 'utf8')) as object,
  ),
);

const round = (): { ms: number; files: number } => {
  let files = 0;
  const start = performance.now();
  for (let index = 0; index < SITES; index += 1) {
    const site = siteSchema.parse({ ...inputs[index % inputs.length], site: `site-${index}` });
    const psks = new Map(site.tunnels.map(({ name }) => [name, `key.of.${name}.${index}`]));
    for (const device of renderSite(site, tunnelsOf(site), { psks })) files += device.files.length;
  }
  return { ms: performance.now() - start, files };
};

// The first round counts: a person who renders 1,000 sites does it in a fresh process.
const rounds = Array.from({ length: 5 }, round);
const first = rounds[0]!;
console.log(
  `Rendering both ends of ${SITES} sites: ${first.files} files in ${first.ms.toFixed(0)} ms (warm: ${median(rounds.map(({ ms }) => ms)).toFixed(0)} ms); limit ${LIMIT_MS} ms`,
);
if (first.ms > LIMIT_MS) process.exitCode = 1;
