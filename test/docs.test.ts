import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GROUPS } from '../src/commands/registry.ts';
import type { Command } from '../src/lib/core/command.ts';
import { EXPLANATIONS } from '../src/lib/domain/fpga/explain.ts';
import { pages } from './helpers/docs.ts';
import { asksForHelp, shellLines, tableLines } from './helpers/examples.ts';
import { FAASCMD, FAASCMD_ENV } from './helpers/faascmd.ts';
import { run } from './helpers/run.ts';

const docs = await pages(GROUPS);
const commands = (await Promise.all(GROUPS.map((group) => group.load()))).flat();
const shown = commands.filter(({ hidden }) => hidden !== true);

/** Pages of docs/ that people write. The others are made from the command definitions. */
const WRITTEN = ['procedures.md'];
const guides = readdirSync('docs/guide').map((file) => `docs/guide/${file}`);
const read = (file: string): string => readFileSync(file, 'utf8');

describe('docs/ says what the commands are: after a change run `npm run docs` and read the difference', () => {
  test.each([...docs])('%s', async (file, text) => {
    await expect(text, `docs/${file} is stale: run \`npm run docs\``).toMatchFileSnapshot(`../docs/${file}`);
  });

  test('no page is left of a group that is gone', () => {
    expect(
      readdirSync('docs').filter((file) => file.endsWith('.md') && !docs.has(file) && !WRITTEN.includes(file)),
    ).toEqual([]);
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
  const [, before = '', words = ''] = /^((?:sudo |[A-Z][A-Z0-9_]*=\S+ )*)hybridctl ?(.*)$/.exec(
    line.split(/ (?:\||>|&&|<) /)[0]!,
  ) ?? [undefined, '', 'not an example'];
  return {
    words,
    env: Object.fromEntries(
      before.split(' ').flatMap((word) => (word.includes('=') ? [word.split('=') as [string, string]] : [])),
    ),
  };
};

describe('every example parses', () => {
  const groups = GROUPS as unknown as { load(): Promise<readonly Command[]> }[];
  const loads = groups.map(({ load }) => load);
  let parsed: string[] = [];
  beforeAll(() => {
    // Up to the door of `run`, with somebody at the terminal, through commander and the command's own refusals.
    groups.forEach((group, index) => {
      group.load = async () =>
        (await loads[index]!()).map(
          ({ json: _json, data: _data, repeatEveryMs: _again, ...command }): Command => ({
            ...command,
            run: async () => (parsed.push(command.path), { result: {} }),
            human: () => '',
          }),
        );
    });
  });
  afterAll(() => groups.forEach((group, index) => (group.load = loads[index]!)));

  const parses = async (line: string, path: string, given: Readonly<Record<string, string>> = {}): Promise<void> => {
    parsed = [];
    const { words, env } = taken(line);
    const { exit, err } = await run(words, { env: { ...given, ...env }, answers: {} });
    expect({ exit, err, parsed }).toEqual({ exit: 0, err: '', parsed: [path] });
  };
  const pathOf = (line: string): string =>
    commands
      .map(({ path }) => path)
      .filter((path) => `${line} `.startsWith(`hybridctl ${path} `))
      .sort((a, b) => b.length - a.length)[0] ?? 'no command';

  test.each(commands.flatMap(({ path, examples }) => examples.map(({ line }) => [line, path] as const)))(
    '%s',
    (line, path) => parses(line, path),
  );

  const inText = ['README.md', ...guides].flatMap((file) =>
    shellLines(read(file))
      .filter((line) => !asksForHelp(line))
      .map((line) => [file, line] as const),
  );
  test.each(inText)('in %s: %s', (_, line) => parses(line, pathOf(line.replace(/^.*?\bhybridctl /, 'hybridctl '))));

  test.each([...new Set(tableLines(read('docs/procedures.md')))])('in docs/procedures.md: %s', (line) =>
    parses(line, pathOf(line.replace(/^sudo /, ''))),
  );

  test.each(FAASCMD.map(({ ours, theirs }) => [ours, theirs] as const))('%s, for %s', (ours) =>
    parses(ours, pathOf(ours), FAASCMD_ENV),
  );

  test('every verb of faascmd has its line', () => {
    const verbs = [
      'config',
      'auth',
      'list_policy',
      'delete_policy',
      'list_objects',
      'upload_object',
      'get_object',
      'create_image',
      'list_images',
      'delete_image',
      'download_image',
      'fpga_status',
      'publish_image',
      'list_instances',
    ];
    expect([...new Set(FAASCMD.map(({ theirs }) => theirs.split(' ')[1]))].sort()).toEqual(verbs.sort());
  });

  /** In what errors advise, names in capitals stand for the user's own. */
  const NAMES: Readonly<Record<string, string>> = { BUCKET: 'fpga-builds', INSTANCE: 'i-bp1g7004ksh0oeuco000' };
  const advised = EXPLANATIONS.flatMap(({ cloud, next }) =>
    [...next.matchAll(/"(hybridctl [^"]+)"/g)].map(([, line]) => [cloud, line!] as const),
  );
  test.each([...new Map(advised.map((one) => [one.join(), one])).values()])('on %s: %s', async (cloud, line) => {
    const path = pathOf(line);
    expect(path).not.toBe('no command');
    // A command named alone, for its own help to tell the rest.
    if (line === `hybridctl ${path}` && path !== 'fpga list' && path !== 'fpga config' && path !== 'fpga policy list')
      return;
    await parses(
      line.replaceAll(
        /\b[A-Z]{2,}\b/g,
        (name) => NAMES[name] ?? (cloud === 'aws' ? 'afi-09953582f46c45b17' : 'intel0a1b2c3d4e5f'),
      ),
      path,
      cloud === 'aws' ? { HYBRIDCTL_CLOUD: 'aws', AWS_REGION: 'us-east-1' } : FAASCMD_ENV,
    );
  });
});
