import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { GROUPS } from '../../src/commands/registry.ts';
import type { Command } from '../../src/lib/core/command.ts';
import { defineCommand } from '../../src/lib/core/define.ts';
import { failure, HybridError } from '../../src/lib/core/errors.ts';
import { toggle } from '../../src/lib/core/flags.ts';
import { jsonShape } from '../../src/lib/core/json-shape.ts';
import { namesIn, tableOf } from '../../src/lib/core/tabular.ts';
import { holdToSchema } from '../helpers/json-held.ts';
import { run } from '../helpers/run.ts';

const shape = z.strictObject({
  site: z.string(),
  links: z.array(z.strictObject({ name: z.string(), loss: z.number().max(1) })),
});

/** A group of one's own, so that no real command's shape decides. */
const things = (path: string, loss: number, streams: boolean): Command =>
  defineCommand({
    path,
    summary: 'two links',
    flags: { fail: toggle('fails'), watch: toggle('again and again') },
    examples: [],
    json: jsonShape(3, async () => shape, { list: 'links' }),
    async run({ fail }, ports, emit) {
      ports.progress('working');
      if (fail)
        throw failure('told again', {
          cause: new HybridError(1, 'no', { code: 'RequestLimitExceeded' }),
        });
      const result = {
        site: 'lab',
        links: [
          { name: 'vpn-a', loss },
          { name: 'vpn-b', loss: 0 },
        ],
      };
      if (streams) for (const link of result.links) emit({ site: 'lab', links: [link] });
      return { result };
    },
    data: (result) => result,
    streams,
    repeatEveryMs: ({ watch }) => (watch ? 50 : undefined),
    human: ({ site }) => `site ${site}`,
  });

/** The commands of this test are registered as any other's, and taken out again: other files share the registry. */
const registry = GROUPS as { name: string; summary: string; load(): Promise<readonly Command[]> }[];
beforeAll(() => {
  registry.push({
    name: 'things',
    summary: 'for this test',
    load: async () => [
      things('things good', 0.25, false),
      things('things wrong', 25, false),
      things('things stream', 0.25, true),
    ],
  });
});

afterAll(() => {
  registry.pop();
});

describe('one result in five forms', () => {
  test.each<[line: string, out: string]>([
    ['things good', 'site lab\n'],
    ['things good -o text', 'site lab\n'],
    ['things good -o name', 'vpn-a\nvpn-b\n'],
    ['things good -o table', 'NAME   LOSS\nvpn-a  0.25\nvpn-b  0\n'],
    [
      'things good -o yaml',
      'version: 3\nsite: lab\nlinks:\n  - name: vpn-a\n    loss: 0.25\n  - name: vpn-b\n    loss: 0\n',
    ],
    ['things good --jq .links[].name', 'vpn-a\nvpn-b\n'],
    ['--jq=.links[0] things good', '{"name":"vpn-a","loss":0.25}\n'],
    ['-o name things good', 'vpn-a\nvpn-b\n'],
    ['things -oname good', 'vpn-a\nvpn-b\n'],
    ['things good -o=name', 'vpn-a\nvpn-b\n'],
    [
      'things stream --json',
      '{"version":3,"site":"lab","links":[{"name":"vpn-a","loss":0.25}]}\n{"version":3,"site":"lab","links":[{"name":"vpn-b","loss":0}]}\n',
    ],
    ['things stream --jq .links[0].name', 'vpn-a\nvpn-b\n'],
  ])('%s', async (line, out) => {
    expect(await run(line)).toMatchObject({ exit: 0, out, err: line.startsWith('things stream') ? '' : 'working\n' });
  });

  test('--json and -o json are one, indented, with the version of the shape first', async () => {
    const { out } = await run('things good --json');
    expect(out).toMatch(/^\{\n {2}"version": 3,\n {2}"site": "lab",\n/);
    expect((await run('things good -o json')).out).toBe(out);
  });

  test.each<[line: string, said: string]>([
    ['things good -o dir', 'dir is none of text, json, yaml, table or name\n  next: a file or a folder'],
    ['things good -o jsn', 'did you mean -o json?'],
    ['things good -o', 'needs text, json, yaml, table or name'],
    ['things good --json -o yaml', "can't be printed as json and as yaml"],
    ['things good --jq .a -o table', "can't be printed as json and as table"],
    ['things stream -o table', 'prints a stream'],
  ])('%s is refused', async (line, said) => {
    const ran = await run(line);
    expect([ran.exit, ran.out]).toEqual([2, '']);
    expect(ran.err).toContain(said);
  });

  test.each<[line: string, exit: number, said: string]>([
    ['things good --jq .links[', 2, "jq can't read"],
    ['things good --jq .links.name', 1, 'Cannot index array'],
    ['things good --jq ""', 2, 'needs an expression'],
  ])('%s', async (line, exit, said) => {
    const ran = await run(line);
    expect([ran.exit, ran.out]).toEqual([exit, '']);
    expect(ran.err).toContain(said);
  });
});

test("an error carries the cloud's code, also where it is told in other words", async () => {
  const { err } = await run('things good --fail --json');
  expect(JSON.parse(err.split('\n')[1]!)).toEqual({
    error: { exit: 1, code: 'RequestLimitExceeded', message: 'told again' },
  });
});

test('--watch --json: one line for each look, until it is told to stop', async () => {
  const stop = new AbortController();
  let looks = 0;
  const ran = await run('things good --watch --json', {
    ports: {
      signal: stop.signal,
      clock: {
        now: () => 0,
        sleep: async () => {
          looks += 1;
          if (looks < 3) return;
          stop.abort('SIGINT');
          throw new Error('interrupted');
        },
      },
    },
  });
  expect(ran.exit).toBe(130);
  expect(
    ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).version),
  ).toEqual([3, 3, 3]);
});

describe('what is printed is held to the schema', () => {
  test('by every test that runs a command with --json', async () => {
    await expect(run('things wrong --json')).rejects.toThrow('/links/0/loss: must be <= 1');
  });

  test.each<[out: object, said: string]>([
    [{ site: 'lab', links: [] }, "must have required property 'version'"],
    [{ version: 2, site: 'lab', links: [] }, '/version: must be equal to constant'],
    [{ version: 3, site: 'lab', links: [], more: 1 }, 'must NOT have additional properties'],
    [{ version: 3, links: [] }, "must have required property 'site'"],
  ])('%j is not it', async (out, said) => {
    await expect(holdToSchema(['things', 'good', '--json'], JSON.stringify(out))).rejects.toThrow(said);
  });
});

describe('hybridctl schema', () => {
  test('lists the commands, and prints the schema of one', async () => {
    const { commands } = (await run('schema --json')).json() as {
      commands: { name: string; version: number; stream: boolean }[];
    };
    expect(commands).toContainEqual({ name: 'things stream', version: 3, stream: true, summary: 'two links' });
    expect((await run('schema -o name')).out).toContain('\nthings good\n');
    const { out } = await run('schema things good');
    expect(JSON.parse(out)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'hybridctl things good --json',
      properties: { version: { const: 3 }, site: { type: 'string' } },
      required: ['version', 'site', 'links'],
    });
    expect((await run('schema things good --json')).json()).toEqual(JSON.parse(out));
  });

  test('an unknown name', async () => {
    expect((await run('schema thing good')).err).toContain('did you mean "hybridctl schema things good"?');
  });
});

describe('a table of any data', () => {
  test.each<[data: unknown, names: readonly string[], head: readonly string[], rows: readonly (readonly string[])[]]>([
    [
      { version: 1, image: { id: 'afi-1', tags: { a: 'b' }, sizes: [1, 2] } },
      ['afi-1'],
      ['id', 'sizes'],
      [['afi-1', '1,2']],
    ],
    [
      { empty: [], found: [{ table: { id: 'rtb-1', name: 'private-1' }, at: null }] },
      ['private-1'],
      ['table', 'at'],
      [['private-1', '-']],
    ],
    [{ version: 1, file: 'a.yaml', valid: true }, ['a.yaml'], ['file', 'valid'], [['a.yaml', 'true']]],
    [[], [], [], []],
  ])('%j', (data, names, head, rows) => {
    expect(namesIn(data)).toEqual(names);
    expect(tableOf(data)).toEqual({ head, rows });
  });
});
