import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { files } from '../lib/adapters/files.ts';
import { shell } from '../lib/adapters/shell.ts';
import { EXIT, HybridError, interrupted, type ExitCode } from '../lib/core/errors.ts';
import { openLab } from '../lib/lab/state.ts';
import { automatic } from './automatic.ts';
import {
  everyPath,
  init,
  LAB,
  labDown,
  labUp,
  leftBehind,
  moves,
  render,
  tunnels,
  type DemoResult,
  type Tools,
} from './steps.ts';
import { tell } from './tell.ts';

/**
 * The main job, end to end, by the commands a user would type: init without a terminal, render, lab up, both tunnels
 * established, traffic counted over each path, failover and failback under a 1 ms stream, a fault that the monitor
 * finds and moves around, lab down.
 */
const run = async (signal: AbortSignal, say: (text: string) => void): Promise<DemoResult> => {
  const folder = await mkdtemp(join(tmpdir(), 'hybridctl-demo-'));
  const tools = toolsIn(folder, signal);
  const result: DemoResult = {
    topology: '',
    tunnels: [],
    paths: [],
    moves: [],
    labUpMs: 0,
    filesWritten: 0,
    leftBehind: true,
  };
  try {
    const step = async <T>(
      title: string,
      work: () => Promise<T>,
      outcome: (result: DemoResult) => string,
    ): Promise<T> => {
      if (signal.aborted) throw interrupted();
      say(`\n${title}`);
      const value = await work();
      say(outcome(result));
      return value;
    };
    await step('$ hybridctl vpn init --name demo …', () => init(tools, result), tell.init);
    await step('$ hybridctl vpn render', () => render(tools), tell.render);
    const topology = await step('$ hybridctl lab up --rendered rendered', () => labUp(tools, result), tell.labUp);
    await step('$ hybridctl vpn status', () => tunnels(tools, topology, result), tell.tunnels);
    await step(
      '$ hybridctl route set --to each link, a packet every millisecond',
      () => everyPath(tools, topology, result),
      tell.paths,
    );
    await step(
      '$ hybridctl route failover; hybridctl route failback',
      () => moves(tools, topology, result),
      tell.moves,
    );
    await step(
      '$ hybridctl route monitor --detector fast; hybridctl lab cut dx-1 (about a minute)',
      async () => void (result.automatic = await automatic(tools)),
      tell.automatic,
    );
  } finally {
    say('\n$ hybridctl lab down');
    // Not under the signal: after Ctrl-C the lab has to go as well.
    await labDown(toolsIn(folder, new AbortController().signal)).catch((error: unknown) =>
      say(`  ${(error as Error).message}`),
    );
    result.leftBehind = await leftBehind(tools);
    await rm(folder, { recursive: true, force: true });
    say(tell.down(result));
  }
  return result;
};

const toolsIn = (cwd: string, signal: AbortSignal): Tools => ({
  shell,
  files,
  async cli<T>(words: readonly string[]): Promise<T> {
    const endpoint = await openLab(files, LAB).then(
      ({ record }) => record.endpoint,
      () => undefined,
    );
    const cloud =
      endpoint === undefined
        ? {}
        : { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: 'lab', AWS_SECRET_ACCESS_KEY: 'lab' };
    const command = join(dirname(process.argv[1]!), 'hybridctl.cjs');
    const { exitCode, stdout, stderr } = await shell.run(process.execPath, [command, ...words, '--json'], {
      cwd,
      env: cloud,
      signal,
    });
    if (exitCode === EXIT.ok) return JSON.parse(stdout) as T;
    const { error } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '{}') as {
      error: { message: string; next?: string; field?: string };
    };
    throw new HybridError(exitCode as ExitCode, `${words.slice(0, 2).join(' ')}: ${error.message}`, error);
  },
});

const json = process.argv.includes('--json');
const controller = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => controller.abort());
run(controller.signal, (text) => void (json || process.stdout.write(`${text}\n`))).then(
  (result) => {
    if (json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
    process.exitCode = result.leftBehind ? EXIT.failed : EXIT.ok;
  },
  (error: unknown) => {
    const known = error instanceof HybridError ? error : new HybridError(EXIT.failed, (error as Error).message);
    process.stderr.write(
      `demo: ${known.field === undefined ? '' : `${known.field}: `}${known.message}\n${known.next === undefined ? '' : `  next: ${known.next}\n`}`,
    );
    process.exitCode = known.exit;
  },
);
