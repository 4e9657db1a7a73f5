import type { FpgaImage } from '../core/fpga.ts';
import type { ObjectStore, StoredObject } from '../core/objects.ts';

export interface BuildLog {
  readonly key: string;
  /** What went wrong, in the log's own words; the first of many. */
  readonly errors: readonly string[];
}

/** A log of Vivado is some hundred kB. */
const MOST_BYTES = 16 * 2 ** 20;
const MOST_LINES = 20;
const LINE = 200;
const WRONG = /^\s*(ERROR|CRITICAL WARNING|FATAL)\b|\berror:/i;

/** EC2 writes to `LOGS/afi-…/`; FaaS beside other builds, so that only names and times tell. */
const logOf = (objects: readonly StoredObject[], { id, createdAt }: FpgaImage): StoredObject | undefined => {
  const logs = objects.filter(({ key, size }) => size > 0 && /(\.log|vivado[^/]*)$/i.test(key));
  const own = logs.filter(({ key }) => key.includes(id));
  const since = createdAt === null ? NaN : Date.parse(createdAt);
  const candidates = own.length > 0 ? own : logs.filter(({ modifiedAt }) => !(modifiedAt < since));
  const first = (one: StoredObject): number => Number(/vivado/i.test(one.key));
  return [...candidates].sort((a, b) => first(b) - first(a) || b.modifiedAt - a.modifiedAt)[0];
};

export const errorLines = (text: string): readonly string[] =>
  text
    .split(/\r?\n/)
    .filter((line) => WRONG.test(line))
    .slice(0, MOST_LINES)
    .map((line) =>
      line
        .replace(/[\x00-\x1f\x7f]/g, ' ')
        .trim()
        .slice(0, LINE),
    );

/** @returns undefined where no log of that build is there (yet). */
export const buildLog = async (store: ObjectStore, logs: string, image: FpgaImage): Promise<BuildLog | undefined> => {
  const found = logOf(await store.list(logs), image);
  if (found === undefined) return undefined;
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of await store.get(found.key)) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MOST_BYTES) break;
  }
  return { key: found.key, errors: errorLines(text) };
};
