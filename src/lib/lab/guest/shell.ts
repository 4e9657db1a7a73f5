import { constants as system } from 'node:os';
import { failure, interrupted } from '../../core/errors.ts';
import type { Ports, Shell, ShellOptions, ShellResult } from '../../core/ports.ts';
import type { Site } from '../../domain/site.ts';
import { paths, type LabRecord } from '../state.ts';
import { runContent } from './frames.ts';
import { openJob } from './job.ts';

/** Of the guest's own programs: `nft` first of all. */
const GUEST_BIN = '/dev/guest/bin';

/** Runs a program in a lab's guest kernel, with this machine's files. Like `Shell.run`. */
export const runInGuest = (
  lab: string,
  file: string,
  args: readonly string[],
  options: ShellOptions = {},
): Promise<ShellResult> =>
  new Promise((resolve, reject) => {
    const { inherit = false, input, signal } = options;
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const env = { ...process.env, ...options.env };
    const content = runContent(options.cwd ?? process.cwd(), [file, ...args], {
      ...env,
      PATH: `${GUEST_BIN}:${env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin'}`,
    });
    let timer: NodeJS.Timeout | undefined;
    const onInput = (bytes: Buffer): void => job.input(bytes);
    const onInputEnd = (): void => job.endInput();
    const onAbort = (): void => {
      const name = String(signal!.reason);
      if (!inherit) job.abandon();
      else job.signal(system.signals[name as NodeJS.Signals] ?? system.signals.SIGTERM);
    };
    const job = openJob(paths(lab).guest.socket, 'R', content, {
      out: (bytes) => void (inherit ? process.stdout.write(bytes) : stdout.push(bytes)),
      err: (bytes) => void (inherit ? process.stderr.write(bytes) : stderr.push(bytes)),
      end: (code) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        process.stdin.off('data', onInput).off('end', onInputEnd);
        if (inherit) process.stdin.pause();
        if (!inherit && signal?.aborted === true) return reject(interrupted());
        if (code === undefined && timer === undefined && options.timeoutMs === undefined)
          return reject(
            failure(`the guest kernel of the lab ${lab} is gone`, {
              next: `run "hybridctl lab down --name ${lab}", then "lab up" again`,
            }),
          );
        return resolve({
          exitCode: code ?? 1,
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        });
      },
    });
    if (options.timeoutMs !== undefined) timer = setTimeout(() => job.abandon(), options.timeoutMs);
    if (inherit) process.stdin.on('data', onInput).on('end', onInputEnd);
    else {
      if (input !== undefined) job.input(input);
      job.endInput();
    }
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });

/** The namespace that an `ip` command line works in; undefined: the machine's own. */
const namespaceOf = (file: string, args: readonly string[]): string | undefined => {
  if (file !== 'ip') return undefined;
  if (args[0] === '-n') return args[1];
  return args[0] === 'netns' && (args[1] === 'exec' || args[1] === 'pids') ? args[2] : undefined;
};

/** Gateways and routers: the nodes with charon. */
export const isBox = ({ gateways, onprem }: Site, node: string): boolean =>
  [...gateways, ...onprem.routers].some(({ name }) => name === node);

/** Whether a node of a lab runs in its guest: the boxes do. */
export const inGuest = ({ guest, site }: LabRecord, node: string): boolean => guest !== undefined && isBox(site, node);

/**
 * The shell of a lab: what runs in the namespace of a box in the guest is run there, everything else here. Of a lab
 * without a guest it is the machine's own.
 */
export const labShell = (shell: Shell, record: LabRecord): Shell =>
  record.guest === undefined
    ? shell
    : {
        ...shell,
        run(file, args, options) {
          const namespace = namespaceOf(file, args);
          const here = namespace?.startsWith(`${record.name}-`) !== true;
          return here || !inGuest(record, namespace.slice(record.name.length + 1))
            ? shell.run(file, args, options)
            : runInGuest(record.name, file, args, options);
        },
      };

/** The same ports with the lab's shell. */
export const labPorts = <P extends Pick<Ports, 'shell'>>(ports: P, record: LabRecord): P =>
  record.guest === undefined ? ports : { ...ports, shell: labShell(ports.shell, record) };
