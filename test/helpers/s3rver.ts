import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface S3Server {
  readonly url: string;
  readonly pid: number;
  /** kill -9, in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Again, on the same port, with what it has on disk. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A real S3 server (s3rver) as a process of its own, with the bucket `office-logs`. @param lagMs until a key that IAM
 * made is known
 */
export const startS3 = async (directory: string, lagMs = 0): Promise<S3Server> => {
  await mkdir(directory, { recursive: true });
  let child: ChildProcess;
  let port = 0;
  const start = async (): Promise<void> => {
    child = spawn(
      process.execPath,
      [fileURLToPath(new URL('./s3rver-process.cjs', import.meta.url)), directory, String(port), String(lagMs)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [said] = (await once(child.stdout!, 'data')) as [Buffer];
    port = Number(said.toString());
  };
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  await start();
  return {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    get pid() {
      return child.pid!;
    },
    kill: end,
    restart: start,
    stop: end,
  };
};
