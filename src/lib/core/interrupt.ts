import { interrupted } from './errors.ts';

/** For reads: Ctrl-C leaves at once, the answer is not waited for. Throws `interrupted` where it was pressed. */
export const unlessInterrupted = async <T>(signal: AbortSignal, work: Promise<T>): Promise<T> => {
  if (signal.aborted) throw interrupted();
  let leave: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(interrupted());
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
};
