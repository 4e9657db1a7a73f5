import { connect, type Socket } from 'node:net';
import type { Follower } from '../../core/views.ts';

/** A monitor that starts, or starts again, is found within this. */
const AGAIN_MS = 500;
/** A monitor tells how all stands once a second: one that hangs holds its socket, and says nothing on it. */
const SILENT_MS = 5_000;
/** A line holds a few kB; what has no end is not a monitor's. */
const MOST_UNENDED = 2 ** 20;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no monitor runs on this machine',
  ECONNREFUSED: 'the monitor is gone',
  EACCES: "the monitor's feed may not be read: be root, or of the monitor's group",
};

/** The reader's side of `offerFeed`. */
export const followFeed = (path: string, { opened, line, closed }: Follower): { stop(): void } => {
  let stopped = false;
  let told: string | undefined;
  let socket: Socket | undefined;
  let timer: NodeJS.Timeout | undefined;

  const attempt = (): void => {
    let rest = '';
    let past: string[] | undefined = [];
    let because: string | undefined;
    const take = (one: string): void => {
      if (past === undefined) return line(one);
      if (one !== '') return void past.push(one);
      const all = past;
      past = undefined;
      told = undefined;
      opened(all);
    };
    const current = connect(path);
    socket = current;
    current.setEncoding('utf8');
    current.setTimeout(SILENT_MS, () => ((because = 'the monitor is silent'), current.destroy()));
    current.on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop()!;
      for (const one of lines) if (!stopped) take(one);
      if (rest.length > MOST_UNENDED) current.destroy();
    });
    current.on(
      'error',
      (error: NodeJS.ErrnoException) =>
        (because = REASONS[error.code ?? ''] ?? `the monitor's feed can't be read (${error.code ?? error.message})`),
    );
    current.on('close', () => {
      if (stopped) return;
      because ??= 'the monitor has ended';
      // Not each time that it is tried again.
      if (told === undefined || (told !== because && because !== REASONS['ENOENT'])) closed((told = because));
      timer = setTimeout(attempt, AGAIN_MS);
    });
  };
  attempt();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      socket?.destroy();
    },
  };
};
