import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unixsock } from '../../src/lib/adapters/collectd.ts';
import { until } from './charon-pair.ts';

export interface TestCollectd {
  readonly folder: string;
  readonly socket: string;
  log(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * A real collectd with base folder, PID file and socket of its own; it has read once when this returns.
 * @param config further lines of its configuration. @param listens false: it has no socket to be waited for.
 */
export const startCollectd = async (config: string): Promise<TestCollectd> => {
  const folder = await mkdtemp(join(tmpdir(), 'hyc-'));
  const socket = join(folder, 'sock');
  const log = join(folder, 'log');
  await writeFile(
    join(folder, 'collectd.conf'),
    `Hostname "test"\nFQDNLookup false\nBaseDir "${folder}"\nPIDFile "${folder}/pid"\nInterval 1\nLoadPlugin logfile\n<Plugin logfile>\n  File "${log}"\n</Plugin>\nLoadPlugin unixsock\n<Plugin unixsock>\n  SocketFile "${socket}"\n</Plugin>\n${config}`,
  );
  const child = spawn('collectd', ['-f', '-C', join(folder, 'collectd.conf')], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until(
      'collectd has read',
      async () => (await unixsock(socket, new AbortController().signal).valueLists()).length > 0,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { folder, socket, log: () => readFile(log, 'utf8'), stop };
};
