import { HybridError, partly, retold } from '../../core/errors.ts';
import type { Call, ExecutionContext } from '../../core/procedure.ts';
import type { Applied } from '../kit/apply.ts';
import { execute } from '../kit/execute.ts';

/**
 * Around a run: where it fails, also by Ctrl-C, its files are put back as they were, and what reads them is started
 * anew.
 * @param again what lets the daemon read them. @throws the failure, or `partly` where not all could be put back.
 */
export const puttingBack =
  (paths: readonly string[], again: readonly Call[]) =>
  async (context: ExecutionContext, apply: () => Promise<Applied>): Promise<Applied> => {
    const before = await Promise.all(
      paths.map(async (path) => {
        const [content, stat] = await Promise.all([context.files.read(path), context.files.stat(path)]);
        return { path, content, mode: stat?.mode ?? 0o644 };
      }),
    );
    try {
      return await apply();
    } catch (thrown) {
      if (!(thrown instanceof HybridError)) throw thrown;
      // A Ctrl-C has ended everything that hears of it: putting back goes on without it.
      context.patience.renew();
      const calm: ExecutionContext = { ...context, signal: new AbortController().signal };
      const now = await Promise.all(before.map(({ path }) => calm.files.read(path)));
      const changed = before.filter(({ content }, index) => now[index] !== content);
      if (changed.length === 0) throw thrown;
      calm.progress('it failed; putting back what was there');
      const left: string[] = [];
      const attempt = (work: Promise<void>): Promise<void> =>
        work.catch((error: Error) => void left.push(error.message));
      for (const { path, content, mode } of changed) {
        await attempt(
          content === undefined
            ? execute({ kind: 'run', file: 'rm', args: ['-f', '--', path] }, calm)
            : calm.files.write([{ path, content, mode }]),
        );
      }
      for (const call of again) await attempt(execute(call, calm));
      if (left.length > 0)
        throw partly(`${thrown.message}; not all could be put back`, {
          cause: thrown,
          more: left,
          next: 'fix that by hand',
        });
      throw retold(thrown, { more: [...thrown.more, `put back: ${changed.map(({ path }) => path).join(', ')}`] });
    }
  };
