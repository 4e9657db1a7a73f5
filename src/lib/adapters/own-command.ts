import { realpath } from 'node:fs/promises';
import { missing } from '../core/errors.ts';
import type { Shell } from '../core/ports.ts';

/** The paths by which a service can start this program again: Node's binary, and the file that Node is to run. */
export interface OwnCommand {
  readonly node: string;
  readonly program: string;
}

const real = (path: string): Promise<string | undefined> =>
  realpath(path).then(
    (found) => found,
    () => undefined,
  );

/**
 * Finds out how the running program was started. `hybridctl` on PATH may be a shell script, a shim of npm or of a
 * version manager, which Node could not run as JavaScript. So the answer is what runs now, behind all wrappers. A name
 * on PATH that is a plain link to it is preferred, since it stays right when the program behind it is upgraded.
 *
 * @param running of Node and of its main file, as `process.execPath` and `process.argv[1]` give them
 * @throws HybridError with exit 4 where the program's own file is gone (it was removed or upgraded while it ran)
 */
export const ownCommand = async (
  running: { readonly node: string; readonly program: string | undefined },
  shell: Pick<Shell, 'which'>,
): Promise<OwnCommand> => {
  const find = async (name: string, path: string | undefined): Promise<string> => {
    const file = path === undefined ? undefined : await real(path);
    if (file === undefined)
      throw missing(`the file that this ${name} was started from is not there any more: ${path ?? 'unknown'}`, {
        next: 'install it where all users find it: npm install --global hybridctl',
      });
    const onPath = await shell.which(name);
    return onPath?.startsWith('/') && (await real(onPath)) === file ? onPath : file;
  };
  return { node: await find('node', running.node), program: await find('hybridctl', running.program) };
};
