import type { WriteStream } from 'node:tty';
import type { Screen } from '../core/views.ts';
import { style } from './terminal.ts';

/** xterm's alternate screen (what stood before comes back), no cursor, lines cut at the edge in place of wrapped. */
const TAKE = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const GIVE_BACK = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

export interface ScreenOptions {
  /** Whether the user and the terminal want colours. */
  readonly colour: boolean;
  /** Drawn over again and again; false: lines one after another, as off a terminal. */
  readonly drawn: boolean;
}

/** @param out stdout, a terminal or not. */
export const openScreen = (out: WriteStream, { colour, drawn }: ScreenOptions): Screen => {
  let taken = false;
  const close = (): void => {
    if (!taken) return;
    taken = false;
    process.off('exit', close);
    out.write(GIVE_BACK);
  };
  return {
    style: style(colour),
    // A serial line may not know its size.
    size: () => (drawn ? { columns: out.columns || 80, rows: out.rows || 24 } : undefined),
    onResize: (listener) => void (drawn && out.on('resize', listener)),
    draw(lines) {
      if (!drawn) return void out.write(lines.map((line) => `${line}\n`).join(''));
      if (!taken) {
        taken = true;
        // Also after a second Ctrl-C, which ends the process at once.
        process.on('exit', close);
        out.write(TAKE);
      }
      const rows = out.rows || 24;
      const cut = lines.length > rows ? [...lines.slice(0, rows - 1), '…'] : lines;
      out.write(`${HOME}${cut.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`);
    },
    close,
  };
};
