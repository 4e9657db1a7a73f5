import { missing } from '../core/errors.ts';
import type { Ports, ShellResult } from '../core/ports.ts';

/** Longer than a start may take: systemd itself ends one after 90 s. */
const ANSWER_MS = 120_000;

/** Where there is no systemd, asking what runs has an answer, and changing it has none. */
export const systemctl = async ({ shell, signal }: Ports, ...args: readonly string[]): Promise<ShellResult> => {
  if ((await shell.which('systemctl')) !== undefined)
    return shell.run('systemctl', args, { timeoutMs: ANSWER_MS, signal });
  if (args[0] === 'is-active') return { exitCode: 4, stdout: '', stderr: '' };
  throw missing('systemctl is not installed', {
    next: 'run "hybridctl route monitor" under the supervisor that this machine has',
  });
};
