import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LONGER_COMMANDS, LONGER_FILES, NO_COMMANDS } from './arch-longer.ts';
import { except, offences, read, sources, tree, under, words, type Source } from './helpers/sources.ts';

/** Which way imports point, and what keeps each room honest. Every rule says the failure it prevents. */

test('there is something to judge', () => {
  expect(sources.length).toBeGreaterThan(40);
  expect(sources.find(({ path }) => path === 'src/commands/bin.ts')?.imports).toContain('src/lib/adapters/files.ts');
  expect(sources.find(({ path }) => path === 'src/commands/registry.ts')?.imports).toContain(
    'src/commands/route/index.ts',
  );
});

describe('imports point one way', () => {
  const ROOMS: readonly { room: string; may: readonly string[]; because: string }[] = [
    { room: 'lib/core', may: [], because: 'errors, ports and the command contract are what everything else agrees on' },
    {
      room: 'lib/domain',
      may: ['lib/core'],
      because: "the field's rules must run anywhere: in a test, in a simulation, a million times",
    },
    { room: 'lib/render', may: ['lib/core', 'lib/domain'], because: 'a rendered file follows from a tunnel alone' },
    { room: 'lib/lint', may: ['lib/core', 'lib/domain'], because: 'findings follow from the text of a file alone' },
    {
      room: 'lib/site',
      may: ['lib/core', 'lib/domain'],
      because: 'reading a site file decides nothing about what is made of it',
    },
    {
      room: 'lib/procedures',
      may: ['lib/core', 'lib/domain', 'lib/render', 'lib/site'],
      because: 'steps reach the outside by ports, route tables too',
    },
    {
      room: 'lib/doctor',
      may: ['lib/core', 'lib/domain', 'lib/render', 'lib/lint', 'lib/site', 'lib/procedures'],
      because: 'the doctor holds what it sees against what would be rendered, linted and made, by ports alone',
    },
    {
      room: 'lib/routes',
      may: ['lib/core', 'lib/domain', 'lib/site'],
      because:
        'whoever moves a route moves it here: the monitor, a drill and a person share one writer and one throttle',
    },
    {
      room: 'lib/monitor',
      may: ['lib/core', 'lib/domain', 'lib/site', 'lib/routes'],
      because: "a monitor over ports runs in a test, with faults and time of the test's own",
    },
    {
      room: 'lib/status',
      may: ['lib/core', 'lib/domain', 'lib/render', 'lib/site', 'lib/monitor'],
      because: 'what is shown of a site follows from what was told: it runs on recorded events, without a lab',
    },
    {
      room: 'lib/upload',
      may: ['lib/core', 'lib/domain'],
      because: 'one engine sends to every object store, and is tested against one that forgets, lies and dies',
    },
    {
      room: 'lib/fpga',
      may: ['lib/core', 'lib/domain'],
      because: 'what a file is, and how its build goes, is the same to both clouds',
    },
    {
      room: 'lib/adapters',
      may: ['lib/core', 'lib/domain'],
      because: 'an adapter that knows a command or a dialect can serve no other',
    },
    {
      room: 'lib/cloud',
      may: ['lib/core', 'lib/domain'],
      because:
        'the embedded cloud judges our calls: what it shared with our own code would be wrong on both sides alike',
    },
    {
      room: 'lib/lab',
      may: ['lib/core', 'lib/domain', 'lib/render', 'lib/site', 'lib/procedures', 'lib/cloud'],
      because: 'the lab runs what the user would run',
    },
    {
      room: 'lib/drill',
      may: ['lib/core', 'lib/domain', 'lib/site', 'lib/routes', 'lib/cloud', 'lib/lab', 'lib/monitor'],
      because: 'a drill judges the monitor as it stands, from outside',
    },
    {
      room: 'commands',
      may: [
        'lib/core',
        'lib/domain',
        'lib/render',
        'lib/site',
        'lib/procedures',
        'lib/lint',
        'lib/doctor',
        'lib/cloud',
        'lib/lab',
        'lib/monitor',
        'lib/routes',
        'lib/status',
        'lib/drill',
        'lib/upload',
        'lib/fpga',
      ],
      because: 'commands over ports run in tests without a cloud',
    },
  ];

  test.each(ROOMS)('$room: $because', ({ room, may }) => {
    const allowed = ['templates', `src/${room}`, ...may.map((other) => `src/${other}`)];
    const list = room === 'commands' ? except(under(room), 'commands/bin.ts') : under(room);
    expect(
      offences(list, ({ imports }) =>
        imports.filter(
          (path) =>
            /^(src|templates|test|bench|scripts)\//.test(path) &&
            !allowed.some((start) => path.startsWith(`${start}/`)),
        ),
      ),
    ).toEqual([]);
  });

  test('every file is in a room', () => {
    const rooms = [...ROOMS.map(({ room }) => `src/${room}/`), 'src/demo/', 'src/raw.d.ts'];
    expect(sources.map(({ path }) => path).filter((path) => !rooms.some((room) => path.startsWith(room)))).toEqual([]);
  });

  test('only the entries build real ports: a command with an adapter of its own could not be tested without a cloud', () => {
    const entries = except(sources, 'commands/bin.ts', 'demo/', 'lib/adapters/');
    expect(offences(entries, ({ imports }) => imports.filter((path) => path.startsWith('src/lib/adapters/')))).toEqual(
      [],
    );
  });

  test('the start loads no group and no SDK: --version and --help would pay for them', () => {
    const statically = ({ code }: Source) =>
      [...code.matchAll(/^(?:import|export)(?! type)[^;'=]*'([^']+)'/gm)].map(([, target]) => target!);
    const bin = sources.find(({ path }) => path === 'src/commands/bin.ts')!;
    const registry = sources.find(({ path }) => path === 'src/commands/registry.ts')!;
    expect(statically(bin)).toEqual(['../lib/adapters/clock.ts', '../lib/adapters/files.ts', './main.ts']);
    expect(statically(registry)).toEqual([]);
  });

  test.each([
    // core/aws.ts takes types alone: procedures are in the API's words, since their plan is printed as AWS CLI lines.
    [
      '@aws-sdk/',
      ['lib/adapters/aws/', 'lib/core/aws.ts', 'lib/cloud/'],
      "an SDK's types in a command would tie every test to one cloud",
    ],
    ['@smithy/', ['lib/adapters/aws/', 'lib/cloud/'], "an SDK's types in a command would tie every test to one cloud"],
    ['@alicloud/', ['lib/adapters/aliyun/'], "an SDK's types in a command would tie every test to one cloud"],
    ['ali-oss', ['lib/adapters/aliyun/'], "an SDK's types in a command would tie every test to one cloud"],
    ['execa', ['lib/adapters/shell.ts'], 'one place starts programs, without a shell'],
    ['inquirer', ['lib/adapters/ask.ts'], 'off a terminal nobody must be asked'],
    ['chalk', ['lib/adapters/terminal.ts'], 'colours must vanish in one place'],
    ['cli-table3', ['lib/adapters/terminal.ts'], 'colours must vanish in one place'],
    ['commander', ['commands/program.ts', 'commands/report.ts'], 'commands are data; the parser can be changed'],
    ['handlebars', ['lib/render/engine.ts'], 'one engine is strict, escapes nothing and refuses control characters'],
    ['yaml', ['lib/site/'], 'one reader knows lines, comments and limits'],
    ['jq-wasm/inline', ['lib/adapters/jq.ts'], 'a megabyte that only --jq loads'],
    ['asciichart', ['lib/render/chart.ts'], 'charts look the same everywhere, and the library can be changed'],
    ['@elastic/', ['lib/adapters/records/'], 'its types behind the port: OpenSearch is behind it too'],
  ])('%s has one door: %s (%s)', (name, doors) => {
    expect(
      offences(except(sources, ...doors), ({ imports }) =>
        imports.filter((path) => path === name || (name.endsWith('/') && path.startsWith(name))),
      ),
    ).toEqual([]);
  });
});

test('commands hold commands: logic in their folder is tested by command lines alone, and no other can use it', () => {
  const isCommand = ({ code }: Source) => /\b(?:define|procedure|fpga)Command\b|^export const commands\b/m.test(code);
  const isShared = ({ path }: Source) => /^src\/commands\/[\w-]+\.ts$|\/((\w+-)?(?:flags|json)|shared)\.ts$/.test(path);
  expect(
    under('commands')
      .filter((source) => !isCommand(source) && !isShared(source))
      .map(({ path }) => path),
  ).toEqual(NO_COMMANDS);
});

test('routes have one writer: two would have two throttles, and neither would count the calls of the other', () => {
  // The port's implementation and the embedded cloud have functions of these names.
  const callers = except(sources, 'lib/routes/write.ts', 'lib/adapters/aws/routes.ts', 'lib/cloud/');
  const writes = /\.(?:create|replace|delete)Route\(|api\(\s*'ec2',\s*'(?:Create|Replace|Delete)Route'/g;
  expect(offences(callers, words(writes))).toEqual([]);
});

describe('purity', () => {
  const pure = under('lib/domain', 'lib/render', 'lib/lint');

  test('no clock, no chance, no waiting: the same input gives the same answer, today and in a replay', () => {
    expect(
      offences(
        pure,
        words(
          /\bnew Date\b|\bDate\.\w+|\bMath\.random\b|\bperformance\.\w+|\bsetTimeout\b|\bsetInterval\b|\bcrypto\.(?:random|getRandom|subtle)\w*/g,
        ),
      ),
    ).toEqual([]);
    expect(offences(pure, words(/\bawait\b|\basync\b|\bPromise\b/g))).toEqual([]);
  });

  test('no Node: the domain runs wherever JavaScript does', () => {
    expect(offences(pure, ({ imports }) => imports.filter((path) => path.startsWith('node:')))).toEqual([]);
    expect(offences(pure, words(/\bprocess\.\w+|\bBuffer\b|\bglobalThis\b|\bfetch\(/g))).toEqual([]);
  });

  test('commands, sites and procedures reach the outside by ports: of Node they need only paths and packing', () => {
    const list = except(under('commands', 'lib/site', 'lib/procedures', 'lib/doctor', 'lib/core'), 'commands/bin.ts');
    expect(offences(list, ({ imports }) => imports.filter((path) => /^node:(?!path$|zlib$)/.test(path)))).toEqual([]);
  });

  test('one place prints: anything else would corrupt --json', () => {
    // One file keeps a library from printing.
    expect(offences(except(sources, 'lib/adapters/aliyun/hush.ts'), words(/\bconsole\.\w+/g))).toEqual([]);
    // What "lab exec" runs in the guest kernel prints by the lab's shell, as a child that inherits our output does.
    const printing = except(sources, 'commands/bin.ts', 'demo/', 'lib/lab/guest/shell.ts');
    expect(offences(printing, words(/\bprocess\.stdout\b/g))).toEqual([]);
    const ruled = under('commands', 'lib/site', 'lib/procedures', 'lib/doctor', 'lib/core');
    expect(offences(except(ruled, 'commands/bin.ts'), words(/\bprocess\.\w+/g))).toEqual([]);
  });
});

test('no error code of a service outside its descriptor: who asks for the kind works with every service, and a misread code is corrected in one place', () => {
  const asking = under(
    'commands',
    'lib/procedures',
    'lib/doctor',
    'lib/drill',
    'lib/monitor',
    'lib/fpga',
    'lib/upload',
  );
  const CODES =
    /['"`/^|](?:\w+\.)?\w*(?:NotFound|NoSuch\w+|NotExist|NonExistent|AlreadyExists?|AccessDenied|UnauthorizedOperation|DependencyViolation|IncorrectState|\.Duplicate)\w*/g;
  expect(offences(asking, words(CODES))).toEqual([]);
  expect(offences(asking, words(/\.code\b[^;,\n]*(?:[=!]==\s*'[A-Z][a-z]|\.(?:test|match)\()/g))).toEqual([]);
});

describe('size: a file one can hold in the head', () => {
  const lines = ({ text }: Source) => text.split('\n').length - 1;
  const all = [
    ...sources,
    ...tree('test', /\.ts$/).map(read),
    ...tree('scripts', /\.[cm]js$/).map(read),
    ...tree('bench', /\.ts$/).map(read),
  ];
  const longer = (list: readonly Source[], most: number) =>
    list.filter((source) => lines(source) > most).map(({ path }) => path);

  test('300 lines; what is longer since the formatter came is listed, and the list only shrinks', () => {
    expect(longer(all, 300).sort()).toEqual([...LONGER_FILES].sort());
  });

  test('160 for a command, likewise', () => {
    // A group's json.ts holds shapes alone, and runs nothing.
    const commands = under('commands').filter(({ path }) => !/[/-]json\.ts$/.test(path));
    expect(longer(commands, 160)).toEqual(LONGER_COMMANDS);
  });

  test('120 columns in src; only text in quotes may be longer, since a sentence that is cut can not be searched for', () => {
    const tooLong = (line: string): boolean => line.length > 120 && !/['"`</]/.test(line);
    const offending = ({ text }: Source) =>
      text.split('\n').flatMap((line, at) => (tooLong(line) ? [`line ${at + 1}`] : []));
    expect(offences(except(sources, 'lib/drill/page.ts'), offending)).toEqual([]);
  });
});

describe('templates', () => {
  const templates = tree('templates', /\.hbs$/);

  test('hold text, values, loops and presence tests: a decision in a template can be neither tested nor typed', () => {
    const plain = /^\{\{~?(?:[\w.@/]+|#each [\w.@/]+(?: as \|\w+(?: \w+)?\|)?|#if [\w.@/]+|else|\/each|\/if)~?\}\}$/;
    const tags = (path: string) =>
      [...readFileSync(path, 'utf8').matchAll(/\{\{.*?\}\}+/g)].map(([tag]) => tag).filter((tag) => !plain.test(tag));
    expect(templates.flatMap((path) => tags(path).map((tag) => `${path}: ${tag}`))).toEqual([]);
  });

  test('are all used', () => {
    const used = new Set(sources.flatMap(({ imports }) => imports).map((path) => path.replace(/\?raw$/, '')));
    expect(tree('templates', /./).filter((path) => !used.has(path))).toEqual([]);
  });
});

test('the lockfile names no registry host: a clone installs from whichever registry its user has', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { resolved?: string }>;
  };
  expect(
    Object.entries(packages).flatMap(([path, { resolved }]) =>
      resolved === undefined ? [] : [`${path}: ${resolved}`],
    ),
  ).toEqual([]);
});
