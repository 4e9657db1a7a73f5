import { dirname } from 'node:path';
import { missingFlag, usageError } from '../core/errors.ts';
import type { SearchIndex } from '../core/outlets.ts';
import type { Ports } from '../core/ports.ts';
import { recordsSchema } from '../domain/records.ts';
import { eventLogPath, readEventLog } from './event-log.ts';
import { apiKeyProblem } from './records.ts';
import { absolute, loadSecret, loadSite, type LoadedSite } from '../site/file.ts';

/** Where event logs are, and the index that they may be sent to. */
export interface LogSource {
  readonly file: string;
  readonly stateDir: string;
  readonly logs: readonly string[];
  readonly url: string | undefined;
  readonly index: string | undefined;
  readonly apiKeyFile: string | undefined;
  /** The site file's index is wanted. */
  readonly elasticsearch: boolean;
}

export interface IndexSource {
  readonly url: string;
  readonly index: string;
  readonly keyed: boolean;
  /** Reads the key. */
  open(): Promise<SearchIndex>;
}

/**
 * The index by the flags, and what they don't say by the site file. @throws usage errors that name the flag or the
 * field.
 */
export const indexOf = async (
  ports: Ports,
  { url, index, apiKeyFile }: LogSource,
  loaded: LoadedSite | undefined,
): Promise<IndexSource> => {
  const own = loaded?.site.monitor?.records?.elasticsearch;
  if (url === undefined && own === undefined)
    throw missingFlag(
      '--elasticsearch',
      'add --elasticsearch https://search.example.com:9200, or monitor.records.elasticsearch in the site file',
    );
  const wanted = recordsSchema.safeParse({
    elasticsearch: { url: url ?? own!.url, index: index ?? own?.index ?? 'hybridctl' },
  });
  if (!wanted.success) {
    const [issue] = wanted.error.issues;
    throw usageError(issue!.message, { field: issue!.path.at(-1) === 'index' ? '--index' : '--elasticsearch' });
  }
  const { url: address, index: name } = wanted.data.elasticsearch!;
  // The site file's key is for the site file's address.
  const key =
    apiKeyFile !== undefined
      ? { folder: ports.cwd, file: apiKeyFile, field: '--api-key-file' }
      : url === undefined && own?.api_key_file !== undefined
        ? { folder: dirname(loaded!.path), file: own.api_key_file, field: 'monitor.records.elasticsearch.api_key_file' }
        : undefined;
  return {
    url: address,
    index: name,
    keyed: key !== undefined,
    open: async () =>
      (await ports.outlets()).searchIndex({
        url: address,
        index: name,
        apiKey: key === undefined ? undefined : await loadSecret(ports, key.folder, key.file, key.field, apiKeyProblem),
      }),
  };
};

/** The site file, where one is needed or there. */
export const siteFor = async (
  ports: Ports,
  { file, logs, url }: LogSource,
  needed: boolean,
): Promise<LoadedSite | undefined> => {
  if (
    !needed &&
    (logs.length > 0 || url !== undefined) &&
    (await ports.files.stat(absolute(ports.cwd, file))) === undefined
  )
    return undefined;
  return loadSite(ports, file);
};

export const logPaths = (
  ports: Ports,
  { logs, stateDir }: LogSource,
  loaded: LoadedSite | undefined,
): readonly string[] =>
  logs.length > 0
    ? logs.map((log) => absolute(ports.cwd, log))
    : loaded === undefined
      ? []
      : [eventLogPath(loaded, absolute(ports.cwd, stateDir))];

/** Texts of all files of the logs, rotated ones too, oldest first. @throws a usage error where there is none at all. */
export const logTexts = async (ports: Ports, paths: readonly string[]): Promise<readonly string[]> => {
  const texts: string[] = [];
  for (const path of paths) {
    const read = await readEventLog(ports.files, path);
    texts.push(...read);
    if (read.length === 0)
      throw usageError('no such file', {
        field: path,
        next: 'run "hybridctl route monitor" first, or name its event log with --log',
      });
  }
  return texts;
};
