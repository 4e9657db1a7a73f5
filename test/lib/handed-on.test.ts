import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { shell } from '../../src/lib/adapters/shell.ts';
import { isAlive, processId } from '../../src/lib/lab/state.ts';

describe('a program at our own terminal', () => {
  const run = (script: string, signal: AbortSignal) =>
    shell.run('sh', ['-c', `${script}; while :; do sleep 0.05; done`], { inherit: true, signal });

  it('gets the signal that we got, ends as it likes, and its exit code is the result', async () => {
    const stop = new AbortController();
    const ended = run('trap "exit 7" TERM', stop.signal);
    setTimeout(() => stop.abort('SIGTERM'), 300);
    expect((await ended).exitCode).toBe(7);
  });

  it('that the signal ends has the exit code that a shell gives', async () => {
    const stop = new AbortController();
    const ended = run(':', stop.signal);
    setTimeout(() => stop.abort('SIGHUP'), 300);
    expect((await ended).exitCode).toBe(129);
  });

  it('is not told twice: what is no signal for it leaves it alone', async () => {
    const stop = new AbortController();
    const ended = shell.run('sh', ['-c', 'sleep 0.5; exit 3'], { inherit: true, signal: stop.signal });
    setTimeout(() => stop.abort('SIGPIPE'), 100);
    expect((await ended).exitCode).toBe(3);
  });
});

describe('a process that is known by its start', () => {
  it('is not alive once it has ended, also while its parent has not asked how', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 5'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const child = (await processId(Number(said)))!;
    expect(await isAlive(child)).toBe(true);
    await expect.poll(() => isAlive(child), { timeout: 3_000 }).toBe(false);
    parent.kill('SIGKILL');
  });
});
