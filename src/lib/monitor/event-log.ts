import { dirname, join } from 'node:path';
import type { Outlets } from '../core/outlets.ts';
import type { Clock, Files } from '../core/ports.ts';
import { absolute, type LoadedSite } from '../site/file.ts';
import { ecsLine, isLogged, type Writer } from './ecs.ts';
import type { Sink } from './events.ts';

/** Absolute path of a site's event log: a file of its own for each site, since one process writes it. */
export const eventLogPath = ({ site, path }: LoadedSite, stateDir: string): string =>
  site.monitor?.records?.log === undefined
    ? join(stateDir, `${site.site}.events.ndjson`)
    : absolute(dirname(path), site.monitor.records.log);

const KEPT_LOGS = 5;
/** 16 MiB hold some 18,000 events; `route history` reads every kept file whole. */
const ROTATE = { bytes: 16 * 2 ** 20, keep: KEPT_LOGS };

export interface EventLogOptions {
  /** Absolute. */
  readonly path: string;
  readonly writer: Writer;
  readonly clock: Pick<Clock, 'now'>;
  onTrouble(message: string): void;
}

/**
 * One JSON object a line, appended. What people are told, and moves, are on disk before anything else is done with the
 * file. One process writes it; it may be renamed or cut under us (logrotate), with or without `copytruncate`.
 */
export const eventLog = (
  outlets: Pick<Outlets, 'lineLog'>,
  { path, writer, clock, onTrouble }: EventLogOptions,
): Sink => {
  const repair = (bytes: number): string =>
    JSON.stringify(
      ecsLine(
        {
          kind: 'error',
          at: clock.now(),
          during: 'write event log',
          message: `a record of which ${bytes} bytes were written was lost in a crash`,
        },
        writer,
      ),
    );
  const log = outlets.lineLog(path, { mode: 0o640, rotate: ROTATE, repair, onTrouble });
  return {
    accept(event) {
      if (isLogged(event))
        log.append(JSON.stringify(ecsLine(event, writer)), event.kind === 'alert' || event.kind === 'move');
    },
    close: () => log.close(),
  };
};

/** Text of every kept file of a log, oldest first; none where there is no log yet. */
export const readEventLog = async (
  files: Pick<Files, 'read'>,
  path: string,
  kept = KEPT_LOGS,
): Promise<readonly string[]> => {
  const texts: string[] = [];
  for (const name of [...Array.from({ length: kept }, (_, index) => `${path}.${kept - index}`), path]) {
    const text = await files.read(name);
    if (text !== undefined) texts.push(text);
  }
  return texts;
};
