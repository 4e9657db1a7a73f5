import { join } from 'node:path';
import { FLAG, text, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { namespaceOf } from '../../lib/domain/alarms.ts';
import type { Remembered } from '../../lib/monitor/traffic.ts';
import { loadSite } from '../../lib/site/file.ts';

/** Whose figures they are, and where they go. */
export interface Place {
  readonly site: string;
  readonly region: string;
  readonly namespace: string;
  readonly host: string;
}

/** As the flags say it. */
export interface Wanted {
  readonly file: string;
  readonly name: string | undefined;
  readonly region: string | undefined;
  readonly namespace: string | undefined;
}

export const wantedIn = (raw: Raw): Wanted => {
  const [name, region, namespace] = [text(raw, 'name'), text(raw, 'region'), text(raw, 'namespace')];
  if (name !== undefined && !/^[A-Za-z][A-Za-z0-9-]{0,30}$/.test(name))
    throw usageError('is not 1 to 31 letters, digits and dashes', { field: '--name' });
  if (name !== undefined && region === undefined && raw.flags['cloudwatch'] !== false)
    throw usageError('is needed with --name', {
      field: '--region',
      next: 'give a region like cn-north-1, or --no-cloudwatch',
    });
  if (namespace !== undefined && !/^(?!AWS\/)[A-Za-z0-9][A-Za-z0-9._/#-]{0,99}$/.test(namespace))
    throw usageError(
      'is not a namespace of your own: letters, digits, ".", "_", "/", "#" and "-", not beginning with AWS/',
      { field: '--namespace' },
    );
  return { file: text(raw, 'site') ?? FLAG.site.default, name, region, namespace };
};

export const placeOf = async (ports: Ports, { file, name, region, namespace }: Wanted): Promise<Place> => {
  const host = ((await ports.files.read('/proc/sys/kernel/hostname')) ?? '').trim() || 'unknown';
  if (name !== undefined) return { site: name, region: region ?? '', namespace: namespace ?? 'hybridctl', host };
  const { site } = await loadSite(ports, file);
  return { site: site.site, region: region ?? site.cloud.region, namespace: namespace ?? namespaceOf(site), host };
};

const isReading = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { at?: unknown }).at === 'number' &&
  Array.isArray((value as { counters?: unknown }).counters);

/** The counters as the last run left them, so that a restart, or cron's next minute, goes on from there. */
export const memory = ({ files }: Pick<Ports, 'files'>, stateDir: string, site: string) => {
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
