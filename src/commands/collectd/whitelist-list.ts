import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { toggle } from '../../lib/core/flags.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { setOfLine, SETS } from '../../lib/domain/collectd/sets.ts';
import type { Line } from '../../lib/domain/collectd/whitelist.ts';
import { loadWhitelist } from '../../lib/procedures/collectd/whitelist-file.ts';
import { PASS_THROUGH, WHITELIST } from './shared.ts';

type Result =
  | { readonly file: string; readonly lines: readonly (Line & { readonly set: string | null })[] }
  | { readonly sets: readonly { readonly name: string; readonly what: string; readonly lines: readonly string[] }[] };

const PAINT = { rule: 'good', blank: 'dim', unsafe: 'bad', invalid: 'bad', unjudged: 'warn' } as const;

export const list = defineCommand({
  path: 'collectd whitelist list',
  summary: 'list the lines of a whitelist, and how the plugin reads each',
  flags: {
    ...WHITELIST,
    ...PASS_THROUGH,
    sets: toggle('the sets that can be added by name, in place of a file'),
  },
  examples: [
    { line: 'hybridctl collectd whitelist list', why: 'what is let through' },
    { line: 'hybridctl collectd whitelist list --sets', why: 'what can be added by name' },
  ],
  async run({ file, passThrough, sets }, ports): Promise<Outcome<Result>> {
    if (sets) return { result: { sets: SETS } };
    const { lines } = await loadWhitelist(ports, file, { passThrough });
    return { result: { file, lines: lines.map((line) => ({ ...line, set: setOfLine(line.text)?.name ?? null })) } };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).collectdWhitelistList),
  data: (result) => result,
  human: (result, style) =>
    'sets' in result
      ? style.table(
          ['set', 'what', 'lines'],
          result.sets.map(({ name, what, lines }) => [name, what, lines.join('  ')]),
        )
      : style.table(
          ['line', 'is', 'set', 'pattern'],
          result.lines.map(({ number, is, set, text }) => [
            String(number),
            style[PAINT[is]](is),
            set ?? '-',
            text === '' ? '-' : text,
          ]),
        ),
});
