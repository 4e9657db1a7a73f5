import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** One exchange: once `see` has appeared on the terminal since the last one, `type` is typed. */
export interface Exchange {
  readonly see: string;
  readonly type: string;
}

export interface Session {
  /** What the terminal showed, without colours and cursor moves. */
  readonly screen: string;
  /** What the program wrote to stdout, which is no terminal here. */
  readonly stdout: string;
  readonly exit: number;
}

const plain = (text: string): string => text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replace(/\r/g, '');
const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Bundles a TypeScript entry, since Node 20 runs none. @returns the file, and what removes it again. */
export const bundled = async (entry: string): Promise<{ file: string; remove: () => Promise<void> }> => {
  const folder = await mkdtemp(join(tmpdir(), 'hybridctl-terminal-'));
  const file = join(folder, 'program.cjs');
  const { forNode, raw } = await import(pathToFileURL(join(process.cwd(), 'scripts/esbuild-plugins.mjs')).href);
  await build({
    ...forNode,
    stdin: { contents: entry, resolveDir: process.cwd(), loader: 'ts' },
    outfile: file,
    format: 'cjs',
    logLevel: 'error',
    define: { HYBRIDCTL_VERSION: '"0.0.0-test"' },
    plugins: [raw],
  });
  return { file, remove: () => rm(folder, { recursive: true, force: true }) };
};

/** Runs a Node program at a pseudo-terminal (util-linux `script`) with stdout in a file, and types at it. */
export const atTerminal = async (
  file: string,
  args: readonly string[],
  exchanges: readonly Exchange[],
  cwd = process.cwd(),
  term = 'xterm',
): Promise<Session> => {
  const folder = await mkdtemp(join(tmpdir(), 'hybridctl-session-'));
  const stdout = join(folder, 'stdout');
  const command = `exec ${[process.execPath, file, ...args].map(quote).join(' ')} > ${quote(stdout)}`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd,
    env: { ...process.env, TERM: term },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  let fresh = '';
  const waiting = [...exchanges];
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString();
    fresh += plain(chunk.toString());
    const next = waiting[0];
    if (next !== undefined && fresh.includes(next.see)) {
      waiting.shift();
      fresh = '';
      child.stdin.write(next.type);
    }
  });
  try {
    const exit = await new Promise<number>((resolve, reject) => {
      const deadline = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`the terminal stood still, waiting for "${waiting[0]?.see}":\n${plain(screen)}`));
      }, 15_000);
      child.on('error', reject);
      child.on('close', (code) => {
        clearTimeout(deadline);
        resolve(code ?? 1);
      });
    });
    return { screen: plain(screen), stdout: await readFile(stdout, 'utf8'), exit };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
