import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GROUPS } from '../src/commands/registry.ts';
import type { Command } from '../src/lib/core/command.ts';
import { shellLines } from './helpers/examples.ts';

const read = (file: string): string => readFileSync(file, 'utf8');
const guides = readdirSync('docs/guide').map((name) => ({ name, text: read(`docs/guide/${name}`) }));

/** Items that a group need not have, each with the reason. */
const EXEMPT: Readonly<Record<string, string>> = {
  'completion: steps': 'scripts of shells, no procedure of a field document',
  'completion: refusals': 'its one argument is a choice of three shells',
  'schema: steps': 'tells the JSON of the other commands, no procedure of a field document',
  'lab: steps': 'a tool to try the procedures with',
  'fpga: dry-run': '"fpga uploads" lists what it would abort, unless --abort is set',
};

/** Test files of a group or a command: in test/commands, or in test/ itself. */
const testsNamed = (name: string): readonly string[] =>
  [...readdirSync('test/commands').map((file) => `commands/${file}`), ...readdirSync('test')]
    .filter((file) => new RegExp(`(?:^|/)${name}(?:-[a-z-]+)?\\.test\\.ts$`).test(file))
    .map((file) => `test/${file}`);

/** Commands of a group whose tests are named after the command and not after the group. */
const NAMED_BY_COMMAND: Readonly<Record<string, readonly string[]>> = {
  vpn: ['init', 'lint'],
  route: ['pin', 'tune'],
  schema: ['output'],
};

const testsOf = (group: string): readonly string[] => [group, ...(NAMED_BY_COMMAND[group] ?? [])].flatMap(testsNamed);

interface Subject {
  readonly group: string;
  readonly commands: readonly Command[];
}

/** Each item of the checklist in CONTRIBUTING.md, by its name: what is missing for a group; empty when all is there. */
const CHECKS: Readonly<Record<string, (subject: Subject) => readonly string[]>> = {
  registry: ({ group, commands }) =>
    commands.length === 0
      ? ['no command']
      : commands.filter(({ path }) => path.split(' ')[0] !== group).map(({ path }) => path),
  summary: ({ commands }) =>
    commands.filter(({ summary }) => !/^[^A-Z].*[^.]$/.test(summary)).map(({ path, summary }) => `${path}: ${summary}`),
  example: ({ commands }) => commands.filter(({ examples }) => examples.length === 0).map(({ path }) => path),
  'dry-run': ({ commands }) =>
    commands
      .filter(({ flags }) => flags.some((flag) => /--yes\b/.test(flag.flags)))
      .filter(({ flags }) => !flags.some((flag) => /--dry-run\b/.test(flag.flags)))
      .map(({ path }) => path),
  reference: ({ group }) => (existsSync(`docs/${group}.md`) ? [] : [`docs/${group}.md`]),
  guide: ({ group }) => {
    const shown = guides.filter(({ text }) =>
      shellLines(text).some((line) => new RegExp(`\\bhybridctl ${group}\\b`).test(line)),
    );
    if (shown.length === 0) return ['no sh block of docs/guide shows it'];
    return shown.some(({ name }) => read('README.md').includes(`docs/guide/${name}`))
      ? []
      : [`README.md links to none of ${shown.map(({ name }) => name).join(', ')}`];
  },
  steps: ({ group }) =>
    new RegExp(`\`(?:sudo )?hybridctl ${group}\\b`).test(read('docs/procedures.md'))
      ? []
      : ['docs/procedures.md has no line of it'],
  tests: ({ group }) => (testsOf(group).length > 0 ? [] : [`test/commands/${group}*.test.ts`]),
  refusals: ({ group }) =>
    testsOf(group).some((file) => /exit: 2\b|\btoBe\(2\)|EXIT\.usage|refus/i.test(read(file)))
      ? []
      : ['no test of bad input'],
  changelog: ({ group }) => (read('CHANGELOG.md').includes(`\`${group}\``) ? [] : ['CHANGELOG.md does not name it']),
};

const subjects: readonly Subject[] = await Promise.all(
  GROUPS.map(async ({ name, load }) => ({
    group: name,
    commands: (await load()).filter(({ hidden }) => hidden !== true),
  })),
);

describe('the checklist of CONTRIBUTING.md', () => {
  test('has an item for each check, and a check for each item', () => {
    const items = [...read('CONTRIBUTING.md').matchAll(/^- \[ \] \*\*([a-z-]+)\*\*/gm)].map(([, item]) => item);
    expect(items).toEqual(Object.keys(CHECKS));
  });

  test('what is exempt is a group and an item that exist', () => {
    const known = subjects.flatMap(({ group }) => Object.keys(CHECKS).map((item) => `${group}: ${item}`));
    expect(known).toEqual(expect.arrayContaining(Object.keys(EXEMPT)));
  });

  test.each(
    subjects
      .flatMap((subject) => Object.keys(CHECKS).map((item) => [subject.group, item, subject] as const))
      .filter(([group, item]) => !(`${group}: ${item}` in EXEMPT)),
  )('%s: %s', (_group, item, subject) => {
    expect(CHECKS[item]!(subject)).toEqual([]);
  });
});

test('README.md is at most 8 KB: details are in docs/guide', () => {
  expect(Buffer.byteLength(read('README.md'))).toBeLessThanOrEqual(8192);
});

test('README.md links to every guide', () => {
  expect(guides.map(({ name }) => name).filter((name) => !read('README.md').includes(`docs/guide/${name}`))).toEqual(
    [],
  );
});

test.each([
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/procedures.md'],
  ...guides.map(({ name }) => `docs/guide/${name}`),
])('every local link of %s leads to a file', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)].map(([, link]) =>
    join(dirname(page), link!),
  );
  expect(links.filter((link) => !existsSync(link))).toEqual([]);
});
