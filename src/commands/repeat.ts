import type { Command } from '../lib/core/command.ts';
import { EXIT, type ExitCode } from '../lib/core/errors.ts';
import type { Ports } from '../lib/core/ports.ts';
import type { Global } from './globals.ts';
import { printed, printedEvent, type Printing } from './print.ts';

export interface Repeating {
  readonly everyMs: number;
  readonly global: Global;
  readonly printing: Printing;
  /** Text with its line end. */
  write(text: string): void;
}

/**
 * --watch: runs a command that only looks again and again, until it is told to stop. A terminal is drawn over; JSON is
 * one line for each look, so that a program can read it as it comes. An error ends it: throws what the command throws.
 */
export const repeat = async (
  command: Command,
  options: unknown,
  ports: Ports,
  { everyMs, global, printing, write }: Repeating,
): Promise<ExitCode> => {
  const screen = global.format === 'text' ? await ports.screen?.() : undefined;
  try {
    for (let looks = 0; ; looks += 1) {
      const { result } = await command.run(options, ports, () => undefined);
      if (screen?.size() !== undefined) screen.draw(command.human(result, screen.style).split('\n'));
      else if (['json', 'yaml'].includes(global.format))
        write(await printedEvent(command, dataWithin(command, result), global, printing));
      else write(`${looks === 0 ? '' : '\n'}${await printed(command, result, global, printing)}`);
      await ports.clock.sleep(everyMs, ports.signal);
    }
  } catch (error) {
    if (!ports.signal.aborted) throw error;
    return ports.signal.reason === 'SIGINT' ? EXIT.interrupted : EXIT.ok;
  } finally {
    screen?.close();
  }
};

const dataWithin = (command: Command, result: unknown): object =>
  (command.data === undefined ? result : command.data(result)) as object;
