import { defineCommand } from '../../lib/core/define.ts';
import { usageError } from '../../lib/core/errors.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { setNamed } from '../../lib/domain/collectd/sets.ts';
import { absolute } from '../../lib/site/file.ts';
import { readList } from '../../lib/procedures/collectd/whitelist-file.ts';
import { FLAG } from '../flags.ts';
import { count, linesOf, WHAT, WHITELIST } from './shared.ts';

export const remove = defineCommand({
  path: 'collectd whitelist remove',
  summary: 'remove lines of a whitelist: those of a set, or as written',
  details: 'A line goes by its whole text, never by what it matches. An empty whitelist publishes nothing.',
  args: WHAT,
  flags: { ...WHITELIST, dryRun: FLAG.dryRun },
  examples: [
    { line: 'hybridctl collectd whitelist remove load', why: 'the lines of a set' },
    { line: "hybridctl collectd whitelist remove 'memory--memory-.*' --dry-run", why: 'what would go' },
  ],
  async run({ file, what: words, dryRun }, ports) {
    const before = await readList(ports, file);
    if (before === undefined) throw usageError('no such file', { field: file });
    const texts = before.split('\n');
    const has = (line: string): boolean => texts.some((text) => text.trim() === line);
    const absent = words.find((word) => !linesOf([word]).some(has));
    if (absent !== undefined)
      throw usageError(`${absent.slice(0, 80)} is not in it`, {
        field: 'what',
        next: `see "collectd whitelist list"${setNamed(absent) === undefined ? '; a line goes by its whole text' : ''}`,
      });
    const going = linesOf(words);
    if (!dryRun) {
      const path = absolute(ports.cwd, file);
      await ports.files.write([
        {
          path,
          content: texts.filter((text) => !going.includes(text.trim())).join('\n'),
          mode: (await ports.files.stat(path))?.mode ?? 0o644,
        },
      ]);
    }
    return { result: { file, removed: going.filter(has), dryRun } };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).collectdWhitelistRemove),
  data: (result) => result,
  human: ({ file, removed, dryRun }, style) =>
    [
      ...removed.map((line) => style.bad(`- ${line}`)),
      `${file}: ${count(removed.length, 'line')} ${dryRun ? 'would be removed' : 'removed'}`,
    ].join('\n'),
});
