import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GROUPS } from '../src/commands/registry.ts';
import type { Command } from '../src/lib/core/command.ts';
import { pages } from './helpers/docs.ts';
import { run } from './helpers/run.ts';

const docs = await pages(GROUPS);
const commands = (await Promise.all(GROUPS.map((group) => group.load()))).flat();
const shown = commands.filter(({ hidden }) => hidden !== true);

describe('docs/ says what the commands are: after a change run `npm run docs` and read the difference', () => {
  test.each([...docs])('%s', async (file, text) => {
    await expect(text, `docs/${file} is stale: run \`npm run docs\``).toMatchFileSnapshot(`../docs/${file}`);
  });

  test('no page is left of a group that is gone', () => {
    expect(readdirSync('docs').filter((file) => file.endsWith('.md') && !docs.has(file))).toEqual([]);
  });
});

describe('command definitions', () => {
  test.each(shown.map((command) => [command.path, command] as const))('%s', (path, { summary, examples, flags }) => {
    expect(GROUPS.map(({ name }) => name)).toContain(path.split(' ')[0]);
    expect(summary).toMatch(/^[^A-Z].*[^.]$/);
    expect(examples.length, 'examples').toBeGreaterThan(0);
    const long = flags.map((flag) => flag.flags.match(/--[a-z][a-z0-9-]*/)?.[0]);
    expect(long).not.toContain(undefined);
    expect(new Set(long).size, 'flags that differ').toBe(long.length);
    for (const { env } of flags) expect(env ?? 'HYBRIDCTL_X').toMatch(/^(HYBRIDCTL|AWS)_[A-Z0-9_]+$/);
  });
});

/** `sudo X=y hybridctl … | jq` → the words of hybridctl and its variables. */
const taken = (line: string): { words: string; env: Record<string, string> } => {
  const [, before = '', words = ''] = /^((?:sudo |[A-Z][A-Z0-9_]*=\S+ )*)hybridctl ?(.*)$/.exec(line.split(/ (?:\||>|&&|<) /)[0]!) ?? [undefined, '', 'not an example'];
  return { words, env: Object.fromEntries(before.split(' ').flatMap((word) => (word.includes('=') ? [word.split('=') as [string, string]] : []))) };
};

describe('every example parses', () => {
  const groups = GROUPS as unknown as { load(): Promise<readonly Command[]> }[];
  const loads = groups.map(({ load }) => load);
  let parsed: string[] = [];
  beforeAll(() => {
    // Up to the door of `run`, with somebody at the terminal, through commander and the command's own refusals.
    groups.forEach((group, index) => {
      group.load = async () => (await loads[index]!()).map((command): Command => ({ ...command, run: async () => (parsed.push(command.path), { result: {} }), human: () => '' }));
    });
  });
  afterAll(() => groups.forEach((group, index) => (group.load = loads[index]!)));

  test.each(commands.flatMap(({ path, examples }) => examples.map(({ line }) => [line, path] as const)))('%s', async (line, path) => {
    parsed = [];
    const { words, env } = taken(line);
    const { exit, err } = await run(words, { env, answers: {} });
    expect({ exit, err, parsed }).toEqual({ exit: 0, err: '', parsed: [path] });
  });
});
