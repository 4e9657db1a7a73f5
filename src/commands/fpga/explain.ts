import { defineCommand } from '../../lib/core/define.ts';
import { usageError } from '../../lib/core/errors.ts';
import { arg } from '../../lib/core/flags.ts';
import { anything } from '../../lib/core/flags/kinds.ts';
import { show } from '../../lib/core/words.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { explain, EXPLANATIONS, nearest } from '../../lib/domain/fpga/explain.ts';

export const explanation = defineCommand({
  path: 'fpga explain',
  summary: 'explain an error code of EC2 or FaaS, and what to do about it',
  details:
    "Codes of failed builds, of the API, and the sentences of faascmd's FAQ; capitals, blanks and dots make no difference. Without a code: all of them.",
  args: { code: arg(anything('code'), 'as it was printed: SHELL NOT MATCH, INACCESSIBLE_INPUT', { many: true }) },
  flags: {},
  examples: [
    { line: 'hybridctl fpga explain SHELL NOT MATCH', why: 'why a load was refused' },
    { line: 'hybridctl fpga explain INACCESSIBLE_INPUT', why: 'why an AFI failed' },
    { line: 'hybridctl fpga explain --json', why: 'the whole table' },
  ],
  async run({ code: words }) {
    const code = words.join(' ');
    const explanations = words.length === 0 ? EXPLANATIONS : explain(code);
    if (explanations.length > 0) return { result: { explanations } };
    const near = nearest(code);
    throw usageError(`${show(code)} is not a known code`, {
      field: 'code',
      next: near.length === 0 ? '"hybridctl fpga explain" lists them' : `did you mean ${near.join(', ')}?`,
    });
  },
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaExplain),
  data: (result) => result,
  human: ({ explanations }, style) =>
    explanations
      .map(({ code, cloud, status, calls, message, means, next, source }) =>
        [
          `${style.bold(code)} ${style.dim([cloud, ...(status === null ? [] : [`HTTP ${status}`]), ...calls].join(', '))}`,
          `  says   ${message}`,
          `  means  ${means}`,
          `  next   ${next}`,
          style.dim(`  source ${source}`),
        ].join('\n'),
      )
      .join('\n\n'),
});
