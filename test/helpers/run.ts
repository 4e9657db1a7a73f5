import { isAbsolute, join, relative } from 'node:path';
import { main } from '../../src/commands/main.ts';
import { jq } from '../../src/lib/adapters/jq.ts';
import { style } from '../../src/lib/adapters/terminal.ts';
import type { ExitCode } from '../../src/lib/core/errors.ts';
import type { Ports } from '../../src/lib/core/ports.ts';
import { fakeAsk, type Answers, type FakeAsk } from '../fakes/ask.ts';
import { fakeClock } from '../fakes/clock.ts';
import { fakeFiles, type FakeFile, type FakeFiles } from '../fakes/files.ts';
import { fakeShell } from '../fakes/shell.ts';
import { holdToSchema } from './json-held.ts';

/** The folder a fake run stands in. */
export const CWD = '/site';

export interface RunOptions {
  /** Files that are there before the run, by path relative to the folder (or absolute). Text has mode 0644. */
  readonly files?: Readonly<Record<string, string | FakeFile>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Given: somebody is at the terminal and answers. Absent: nobody is. */
  readonly answers?: Answers;
  /** Real ports, or fakes with more to them, in place of the default fakes. */
  readonly ports?: Partial<Ports>;
  /** Told whether colours were asked away. */
  readonly onStyle?: (plain: boolean) => void;
}

export interface Ran {
  readonly exit: ExitCode;
  readonly out: string;
  /** Errors and progress lines, in order. */
  readonly err: string;
  /** stdout as JSON. */
  json(): any;
  /** Every file after the run, by path relative to the folder; empty when the test gave its own Files. */
  readonly files: Readonly<Record<string, FakeFile>>;
  /** What was asked, when `answers` were given. */
  readonly asked: readonly string[];
  /** What the validators said to refused answers. */
  readonly refused: readonly string[];
}

/** Splits as a shell would: blanks, 'single' and "double" quotes. No expansion. */
export const words = (line: string): string[] =>
  [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double),
  );

/** Not random at all, but never constant either: a generator that rejects bytes still comes to an end. */
export const countingRandom = (): Ports['random'] => {
  let state = 1;
  return (bytes) =>
    Uint8Array.from({ length: bytes }, () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) >> 16);
};

const absent = (what: string) => async (): Promise<never> => {
  throw new Error(`this test gave no ${what}`);
};

export const fakePorts = (
  options: RunOptions = {},
): Ports & { readonly files: FakeFiles; readonly ask: FakeAsk | undefined } => {
  const files = fakeFiles(
    Object.fromEntries(
      Object.entries(options.files ?? {}).map(([path, file]) => [isAbsolute(path) ? path : join(CWD, path), file]),
    ),
  );
  return {
    clock: fakeClock(),
    files,
    lock: async () => async () => undefined,
    namesIn: async (folder) =>
      [...files.all.keys()].flatMap((path) =>
        path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1).split('/')[0]!] : [],
      ),
    shell: fakeShell(),
    ask: options.answers === undefined ? undefined : fakeAsk(options.answers),
    env: options.env ?? {},
    cwd: CWD,
    ownCommand: async () => ({ node: '/usr/bin/node', program: '/usr/bin/hybridctl' }),
    progress: () => undefined,
    signal: new AbortController().signal,
    random: countingRandom(),
    routeTables: absent('route tables'),
    instances: absent('instances'),
    aws: absent('AWS API'),
    aliyun: absent('Alibaba Cloud API'),
    leaseStore: absent('lease store'),
    vici: absent('vici'),
    ssh: absent('ssh'),
    outlets: absent('outlets'),
    collectd: absent('collectd'),
    fileLoad: absent('file load'),
    views: absent('views'),
    screen: undefined,
    prober: absent('prober'),
    fpga: absent('FPGA cloud'),
    objects: absent('object store'),
    source: absent('source file'),
    save: absent('saving'),
    witness: absent('witness'),
  };
};

/**
 * Runs one command line in this process, and holds the JSON it prints to the command's schema:
 * `run('vpn render --json', { files: { 'hybridctl.yaml': text } })`.
 */
export const run = async (line: string | readonly string[], options: RunOptions = {}): Promise<Ran> => {
  let out = '';
  let err = '';
  const fakes = fakePorts(options);
  const ports: Ports = { ...fakes, progress: (text) => void (err += `${text}\n`), ...options.ports };
  const plainStyle = async (plain: boolean) => {
    options.onStyle?.(plain);
    return style(false);
  };
  const typed = typeof line === 'string' ? words(line) : line;
  const exit = await main(typed, {
    ports,
    output: { out: (text) => void (out += text), err: (text) => void (err += text), style: plainStyle, jq },
    version: '0.0.0-test',
  });
  await holdToSchema(typed, out);
  const after = [...fakes.files.all].map(
    ([path, file]) => [path.startsWith(`${CWD}/`) ? relative(CWD, path) : path, file] as const,
  );
  return {
    exit,
    out,
    err,
    json: () => JSON.parse(out),
    files: Object.fromEntries(after),
    asked: fakes.ask?.asked ?? [],
    refused: fakes.ask?.refused ?? [],
  };
};
