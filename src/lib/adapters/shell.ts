import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { constants as system } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { interrupted, missing } from '../core/errors.ts';
import type { Shell } from '../core/ports.ts';

/** A terminal gives Ctrl-C to the child too: told twice, it might end without cleaning up. */
const isForChild = (reason: unknown): reason is NodeJS.Signals =>
  reason === 'SIGTERM' || reason === 'SIGHUP' || (reason === 'SIGINT' && !process.stdin.isTTY);

/** Hands a signal that we got on to a child, which decides itself when to end. @returns takes that back */
const handOn = (signal: AbortSignal, child: { kill(signal: NodeJS.Signals): unknown }): (() => void) => {
  const tell = (): void => {
    if (isForChild(signal.reason)) child.kill(signal.reason);
  };
  if (signal.aborted) tell();
  signal.addEventListener('abort', tell, { once: true });
  return () => signal.removeEventListener('abort', tell);
};

export const shell: Shell = {
  async run(file, args, options = {}) {
    const { inherit = false, signal } = options;
    const child = execa(file, args, {
      reject: false,
      stripFinalNewline: false,
      ...(inherit
        ? { stdio: 'inherit' as const }
        : options.input === undefined
          ? { stdin: 'ignore' as const }
          : { input: options.input }),
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
      ...(signal === undefined || inherit ? {} : { cancelSignal: signal }),
    });
    const forget = signal !== undefined && inherit ? handOn(signal, child) : undefined;
    const result = await child;
    forget?.();
    if (result.isCanceled) throw interrupted();
    if (result.code === 'ENOENT') throw missing(`${file} is not installed`);
    // As a shell would say it of a child that a signal ended.
    const ended = inherit && result.signal !== undefined ? 128 + system.signals[result.signal] : 1;
    return {
      exitCode: result.exitCode ?? ended,
      stdout: String(result.stdout ?? ''),
      stderr: String(result.stderr ?? ''),
    };
  },

  async which(file) {
    // Daemons that are no commands have folders of their own.
    const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/lib/frr', '/usr/lib/ipsec'];
    for (const folder of folders.filter((path) => path !== '')) {
      const path = join(folder, file);
      if (
        await access(path, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        return path;
    }
    return undefined;
  },
};
