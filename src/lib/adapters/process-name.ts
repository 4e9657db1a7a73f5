import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fingerprint } from '../domain/fingerprint.ts';

/** Boot and start time make a process unmistakable: its number alone may be another's tomorrow. */
export const bootId = (): string => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
};

/** When a process began, in ticks since the boot (proc(5)); undefined: there is none of this number. */
export const startOf = (pid: number | 'self'): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : fields[18]; // a zombie does nothing any more
  } catch {
    return undefined;
  }
};

const short = (text: string): string => fingerprint(text).slice(0, 8);

/** This process, as the name of a file can hold it: machine, boot, process and its start. */
export const processMark = (): string =>
  [short(hostname()), short(bootId()), process.pid, startOf('self') ?? 0].join('-');

/** Whether the process of a mark is over. Of another machine, which may share the folder, nothing here can tell. */
export const isOver = (mark: string): boolean => {
  const [, host, boot, pid, start] = /^([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d+)$/.exec(mark) ?? [];
  if (pid === undefined || host !== short(hostname())) return false;
  return boot !== short(bootId()) || startOf(Number(pid)) !== start;
};
