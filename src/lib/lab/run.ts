import { spawn, type ChildProcess } from 'node:child_process';
import { failure } from '../core/errors.ts';
import type { Shell, ShellOptions } from '../core/ports.ts';

/** Every process that outlives a command carries the lab's name here, so that `lab down` finds it after any crash. */
export const MARK = 'HYBRIDCTL_LAB_DAEMON';

/** Runs a program that has to succeed. @returns its stdout. Throws a failure with the first line it complained in. */
export const must = async (
  shell: Shell,
  file: string,
  args: readonly string[],
  options?: ShellOptions,
): Promise<string> => {
  const { exitCode, stdout, stderr } = await shell.run(file, args, options);
  if (exitCode === 0) return stdout;
  const said = `${stderr}\n${stdout}`
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  throw failure(`${file} ${args.slice(0, 6).join(' ')}: ${said[0] ?? `exit code ${exitCode}`}`, {
    more: said.slice(1, 6),
  });
};

/** `ip -batch`: one process for hundreds of changes. `netns` undefined: the root namespace. */
export const ipBatch = (shell: Shell, netns: string | undefined, lines: readonly string[]): Promise<string> =>
  must(shell, 'ip', [...(netns === undefined ? [] : ['-n', netns]), '-batch', '-'], { input: `${lines.join('\n')}\n` });

/** Arguments of `ip` that run a program in a namespace. */
export const inside = (netns: string, argv: readonly string[]): readonly string[] => ['netns', 'exec', netns, ...argv];

/**
 * The same with a private /run: the node's own folder, bound over it. charon insists on /run/charon.pid and FRR on
 * /run/frr, so without it only one of each could run on the machine. FRR's crash notes in /var/tmp stay off the disk
 * too. The mounts end with the last process inside.
 */
export const withOwnRun = (netns: string, folder: string, argv: readonly string[]): readonly string[] =>
  inside(netns, [
    'unshare',
    '-m',
    'sh',
    '-c',
    'mount --rbind "$0" /run && mount -t tmpfs none /var/tmp && exec "$@"',
    folder,
    ...argv,
  ]);

/**
 * Runs a program as if its node were a machine of its own, which nothing else on this one can keep waiting: with
 * real-time priority. With userspace ESP every packet waits for charon, and beside a dozen busy processes it was silent
 * for 130 to 175 ms: to a quick detector, a dead path; and a monitor that is late itself rightly believes nothing it
 * sees. So must all that judges others by their silence: FRR's BFD fell (3 x 300 ms) while four monitors of this
 * priority started. Not `nice`, which means little across sessions (autogroups, sched(7)). Where it is not allowed, it
 * runs as all else does.
 */
export const ownMachine = (argv: readonly string[]): readonly string[] => [
  'sh',
  '-c',
  'chrt --rr --pid 1 $$ 2>/dev/null; exec "$0" "$@"',
  ...argv,
];

export interface DaemonOptions {
  readonly lab: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdio?: 'ignore' | readonly ['ignore', number, number];
}

/** Starts a process of its own session that outlives us. */
export const daemon = (
  file: string,
  args: readonly string[],
  { lab, env = {}, stdio = 'ignore' }: DaemonOptions,
): ChildProcess => {
  const child = spawn(file, [...args], {
    detached: true,
    stdio: stdio === 'ignore' ? 'ignore' : [...stdio],
    env: { ...process.env, ...env, [MARK]: lab },
  });
  child.unref();
  // Without a listener a missing program would end us; its absence shows in what the caller waits for.
  child.on('error', () => undefined);
  return child;
};

/** A child that lives as long as we do and is spoken to over pipes. */
export const companion = (file: string, args: readonly string[], lab: string): ChildProcess =>
  spawn(file, [...args], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, [MARK]: lab } });
