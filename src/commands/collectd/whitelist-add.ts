import { defineCommand } from '../../lib/core/define.ts';
import { usageError } from '../../lib/core/errors.ts';
import { show } from '../../lib/core/words.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { lintWhitelist } from '../../lib/domain/collectd/whitelist-lint.ts';
import { readWhitelist } from '../../lib/domain/collectd/whitelist.ts';
import { absolute } from '../../lib/site/file.ts';
import { readList } from '../../lib/procedures/collectd/whitelist-file.ts';
import { FLAG } from '../flags.ts';
import { count, linesOf, WHAT, WHITELIST } from './shared.ts';

/** Nothing goes into the file that lint would call an error. */
const refuse = (line: string): void => {
  const [trouble] = lintWhitelist(readWhitelist(line)).filter(({ severity }) => severity === 'error');
  if (trouble !== undefined)
    throw usageError(`${show(line)}: ${trouble.message}`, { field: 'what', next: trouble.fix });
};

export const add = defineCommand({
  path: 'collectd whitelist add',
  summary: 'add lines to a whitelist: a set by its name, or a pattern',
  details:
    'Adds lines at the end of the file, and makes it where there is none; what is there already is left. A pattern is one of Python, held against plugin-instance-type-instance ' +
    'as blocked_metrics shows it, from its first character to its last. What lint would call an error is refused: a lone .*, a bare "|", what Python does not read.',
  args: WHAT,
  flags: { ...WHITELIST, dryRun: FLAG.dryRun },
  examples: [
    { line: 'hybridctl collectd whitelist add memory load df', why: 'three sets' },
    { line: "hybridctl collectd whitelist add 'memory--memory-.*'", why: "the field document's line" },
    {
      line: "hybridctl collectd whitelist add 'interface-eth[01]-if_octets-(rx|tx)' --file web.conf",
      why: 'a pattern, to another file',
    },
  ],
  refine({ what, ...options }) {
    const lines = linesOf(what);
    lines.forEach(refuse);
    return { ...options, lines };
  },
  async run({ file, lines, dryRun }, ports) {
    const before = (await readList(ports, file)) ?? '';
    const there = new Set(readWhitelist(before).lines.map(({ text }) => text));
    const added = lines.filter((line) => !there.has(line));
    const after = `${before === '' || before.endsWith('\n') ? before : `${before}\n`}${added.map((line) => `${line}\n`).join('')}`;
    if (!dryRun && added.length > 0) {
      const path = absolute(ports.cwd, file);
      await ports.files.write([{ path, content: after, mode: (await ports.files.stat(path))?.mode ?? 0o644 }]);
    }
    return { result: { file, added, kept: lines.filter((line) => there.has(line)), dryRun } };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).collectdWhitelistAdd),
  data: (result) => result,
  human: ({ file, added, kept, dryRun }, style) =>
    [
      ...added.map((line) => style.good(`+ ${line}`)),
      ...kept.map((line) => style.dim(`  ${line}`)),
      `${file}: ${count(added.length, 'line')} ${dryRun ? 'would be added' : 'added'}${kept.length === 0 ? '' : `, ${kept.length} there already`}`,
    ].join('\n'),
});
