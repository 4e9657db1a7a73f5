import { join } from 'node:path';
import type { Ports } from '../core/ports.ts';
import type { Remembered } from './traffic.ts';

const isReading = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { at?: unknown }).at === 'number' &&
  Array.isArray((value as { counters?: unknown }).counters);

/** The counters as the last run left them, so that a restart, or cron's next minute, goes on from there. */
export const trafficMemory = ({ files }: Pick<Ports, 'files'>, stateDir: string, site: string) => {
  const path = join(stateDir, `${site}.traffic.json`);
  return {
    async read(): Promise<Remembered | undefined> {
      try {
        const read = JSON.parse((await files.read(path)) ?? 'null') as Remembered | null;
        return read !== null && isReading(read.tunnels) && isReading(read.interfaces) && Array.isArray(read.names)
          ? read
          : undefined;
      } catch (error) {
        if (error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
    write: (content: Remembered): Promise<void> =>
      files.write([{ path, content: JSON.stringify(content), mode: 0o600 }]),
  };
};
