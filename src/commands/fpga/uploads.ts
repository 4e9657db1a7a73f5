import type { Outcome } from '../../lib/core/command.ts';
import { partly } from '../../lib/core/errors.ts';
import { flag, toggle } from '../../lib/core/flags.ts';
import { duration as durationKind } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { bytes, duration } from '../../lib/domain/amount.ts';
import { consent } from '../consent.ts';
import { FLAG } from '../flags.ts';
import { BUCKET, PREFIX } from './flags.ts';
import { fpgaCommand } from './shared.ts';

interface View {
  readonly key: string;
  readonly id: string;
  readonly startedAt: string;
  readonly ageSeconds: number;
  readonly parts: number;
  /** Bytes that are there, and cost what objects cost. */
  readonly size: number;
}

interface Result {
  readonly uploads: readonly View[];
  readonly aborted: boolean;
}

export const uploads = fpgaCommand({
  path: 'fpga uploads',
  summary: 'list unfinished uploads, and abort them',
  details:
    'Their parts cost what objects cost, and no list of objects shows them. "fpga upload" takes up one of its own file by itself; --abort removes the parts of the others.',
  flags: {
    ...BUCKET,
    ...PREFIX,
    older: flag(durationKind({ bare: 'h' }), 'only those that started longer ago: 24h, 7d'),
    abort: toggle('remove what is listed'),
    yes: FLAG.yes,
  },
  examples: [
    { line: 'hybridctl fpga uploads --cloud aws --region us-east-1 --bucket dcp', why: 'what lies there half sent' },
    {
      line: 'hybridctl fpga uploads --cloud aws --region us-east-1 --bucket dcp --older 7d --abort --yes',
      why: 'tidy up, from cron',
    },
  ],
  async run(options, { store: open }, ports): Promise<Outcome<Result>> {
    const { bucket, prefix = '', older = 0 } = options;
    const store = await open(bucket);
    const now = ports.clock.now();
    const views: View[] = [];
    for (const { key, id, startedAt } of await store.uploads(prefix)) {
      if (now - startedAt < older) continue;
      const parts = await store.parts({ key, id });
      views.push({
        key,
        id,
        startedAt: new Date(startedAt).toISOString(),
        ageSeconds: Math.max(0, Math.round((now - startedAt) / 1_000)),
        parts: parts.length,
        size: parts.reduce((sum, { size }) => sum + size, 0),
      });
    }
    if (!options.abort || views.length === 0) return { result: { uploads: views, aborted: false } };
    await consent(
      ports,
      options,
      `Remove ${views.length} incomplete ${views.length === 1 ? 'upload' : 'uploads'} of ${bucket}?`,
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

  json: jsonShape(1, async () => (await import('./json.ts')).fpgaUploads),
  data: (result) => result,
  human: ({ uploads: views, aborted }, style) =>
    views.length === 0
      ? 'no incomplete uploads'
      : [
          style.table(
            ['key', 'started', 'age', 'parts', 'size', 'id'],
            views.map(({ key, startedAt, ageSeconds, parts, size, id }) => [
              key,
              startedAt,
              duration(ageSeconds),
              String(parts),
              bytes(size),
              id,
            ]),
          ),
          ...(aborted ? ['', style.good(`${views.length} removed`)] : []),
        ].join('\n'),
});
