import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { bundleSimulation } from '../../scripts/simulation.mjs';
import { LONG, ONLY_LONG, sized } from '../helpers/size.ts';
import { MUTANTS } from './mutants.ts';

type Simulation = typeof import('./sim/episode.ts');
const load = async (path: string) => (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Simulation;

const LIVES = sized(2_000, 20_000);

test(`${LIVES} lives of a site: every invariant holds`, async () => {
  const { stdout, exitCode } = await execa('node', ['scripts/simulate.mjs', '--episodes', `${LIVES}`], {
    reject: false,
  });
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(new RegExp(`^${LIVES} episodes, .*\\nevery invariant held$`)),
  });
}, 900_000);

test('a seed replays byte for byte', async () => {
  const { runEpisode } = await load(await bundleSimulation());
  for (const seed of [7, 77, 8962]) expect(runEpisode(seed, true)).toEqual(runEpisode(seed, true));
  expect(runEpisode(8962, true).log.length).toBeGreaterThan(20);
});

test('a violation prints its seed, and the seed replays it byte for byte', async () => {
  const bundle = await bundleSimulation([MUTANTS.find(({ name }) => name === 'tells a move twice')!]);
  const simulate = async (...more: readonly string[]) =>
    (await execa('node', ['scripts/simulate.mjs', '--bundle', bundle, ...more], { reject: false })).stdout;
  const said = await simulate('--episodes', '500');
  const [, seed, broke] = /^seed (\d+) broke (.*)$/m.exec(said)!;
  const [once, again] = [await simulate('--seed', seed!), await simulate('--seed', seed!)];
  expect(again).toBe(once);
  const [invariant, what] = broke!.split(/ at \d+ ms: /);
  expect(once.split('\n').at(-1)).toBe(`${invariant}: ${what}`);
}, 600_000);

/** Enough for the rarest of them, as measured, five times over. */
const EPISODES = 6_000;
/** Show themselves only after thousands of lives, which is most of the time that all of them take. */
const RARE = new Set([
  'trusts the lease after a jump of the clock',
  'believes every read',
  'believes the first read after a write',
  'stops both gateways',
  'starts with a full bucket',
]);

describe('a core broken in one place is caught', () => {
  test.for(MUTANTS)('$name', { timeout: 600_000 }, async ({ name, file, find, put, also }, { skip }) => {
    skip(!LONG && RARE.has(name), ONLY_LONG);
    const { runMany } = await load(
      await bundleSimulation([{ file, find, put }, ...(also === undefined ? [] : [also])]),
    );
    expect(runMany(1, EPISODES).violation).toBeDefined();
  });
});
