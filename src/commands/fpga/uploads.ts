import { defineCommand, flag, FLAG, text } from '../../lib/core/command.ts';
import { partly, usageError } from '../../lib/core/errors.ts';
import { bytes, duration } from '../../lib/domain/amount.ts';
import { consent } from '../consent.ts';
import { BUCKET, bucketOf, CLOUD_FLAGS, cloudOf, keyOf, optionsOf, type CloudChoice } from './shared.ts';

interface Options extends CloudChoice {
  readonly bucket: string;
  readonly prefix: string;
  readonly abort: boolean;
  readonly olderMs: number;
  readonly yes: boolean;
}

interface View {
  readonly key: string;
  readonly id: string;
  readonly startedAt: string;
  readonly ageS: number;
  readonly parts: number;
  /** Bytes that are there, and cost what objects cost. */
  readonly size: number;
}

interface Result {
  readonly uploads: readonly View[];
  readonly aborted: boolean;
}

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 };
const olderOf = (given: string | undefined): number => {
  const [, count, unit] = /^(\d{1,4})([hd])$/.exec(given ?? '0h') ?? [];
  if (count === undefined || unit === undefined)
    throw usageError(`${given} is no age`, { field: '--older', next: 'like 24h or 7d' });
  return Number(count) * UNITS[unit]!;
};

export const uploads = defineCommand<Options, Result>({
  path: 'fpga uploads',
  summary: 'uploads that were begun and not ended, and their end',
  details:
    'Their parts cost what objects cost, and no list of objects shows them. "fpga upload" takes up one of its own file by itself; --abort removes the parts of the others.',
  flags: [
    ...CLOUD_FLAGS,
    BUCKET,
    { flags: '--prefix <text>', summary: 'only keys that begin so' },
    { flags: '--older <age>', summary: 'only what was begun longer ago: 24h, 7d' },
    { flags: '--abort', summary: 'remove what is listed' },
    FLAG.yes,
  ],
  examples: [
    { line: 'hybridctl fpga uploads --cloud aws --region us-east-1 --bucket dcp', why: 'what lies there half sent' },
    {
      line: 'hybridctl fpga uploads --cloud aws --region us-east-1 --bucket dcp --older 7d --abort --yes',
      why: 'tidy up, from cron',
    },
  ],
  parse(raw, ports) {
    const prefix = text(raw, 'prefix');
    return {
      ...cloudOf(raw, ports),
      bucket: bucketOf(raw),
      prefix: prefix === undefined ? '' : keyOf(prefix, '--prefix'),
      abort: flag(raw, 'abort'),
      olderMs: olderOf(text(raw, 'older')),
      yes: flag(raw, 'yes'),
    };
  },

  async run(options, ports) {
    const store = await ports.objects(options.bucket, optionsOf(options, ports));
    const now = ports.clock.now();
    const views: View[] = [];
    for (const { key, id, startedAt } of await store.uploads(options.prefix)) {
      if (now - startedAt < options.olderMs) continue;
      const parts = await store.parts({ key, id });
      views.push({
        key,
        id,
        startedAt: new Date(startedAt).toISOString(),
        ageS: Math.max(0, Math.round((now - startedAt) / 1_000)),
        parts: parts.length,
        size: parts.reduce((sum, { size }) => sum + size, 0),
      });
    }
    if (!options.abort || views.length === 0) return { result: { uploads: views, aborted: false } };
    await consent(
      ports,
      options,
      `Remove ${views.length} incomplete ${views.length === 1 ? 'upload' : 'uploads'} of ${options.bucket}?`,
    );
    const left: string[] = [];
    for (const { key, id } of views)
      await store.abort({ key, id }).catch((error: Error) => left.push(`${key}: ${error.message}`));
    if (left.length > 0)
      throw partly(`${left.length} of ${views.length} incomplete uploads are still there`, {
        more: left,
        next: 'run it again',
      });
    return { result: { uploads: views, aborted: true } };
  },

  human: ({ uploads: views, aborted }, style) =>
    views.length === 0
      ? 'no incomplete uploads'
      : [
          style.table(
            ['key', 'begun', 'age', 'parts', 'size', 'id'],
            views.map(({ key, startedAt, ageS, parts, size, id }) => [
              key,
              startedAt,
              duration(ageS),
              String(parts),
              bytes(size),
              id,
            ]),
          ),
          ...(aborted ? ['', style.good(`${views.length} removed`)] : []),
        ].join('\n'),
});
