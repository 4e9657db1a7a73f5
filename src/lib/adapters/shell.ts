import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { interrupted, missing } from '../core/errors.ts';
import type { Shell } from '../core/ports.ts';

export const shell: Shell = {
  async run(file, args, options = {}) {
    const result = await execa(file, args, {
      reject: false,
      stripFinalNewline: false,
      ...(options.inherit === true
        ? { stdio: 'inherit' as const }
        : options.input === undefined
          ? { stdin: 'ignore' as const }
          : { input: options.input }),
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    });
    if (result.isCanceled) throw interrupted();
    if (result.code === 'ENOENT') throw missing(`${file} is not installed`);
    return { exitCode: result.exitCode ?? 1, stdout: String(result.stdout ?? ''), stderr: String(result.stderr ?? '') };
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
