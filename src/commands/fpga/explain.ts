import { defineCommand } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { explain, EXPLANATIONS, nearest, type Explanation } from '../../lib/domain/fpga/explain.ts';

interface Options {
  /** undefined: all. */
  readonly code: string | undefined;
}

interface Result {
  readonly explanations: readonly Explanation[];
}

export const explanation = defineCommand<Options, Result>({
  path: 'fpga explain',
  summary: 'what an error code of EC2 or FaaS means, and what to do about it',
  details:
    "Codes of failed builds, of the API, and the sentences of faascmd's FAQ; capitals, blanks and dots make no difference. Without a code: all of them.",
  args: [{ name: '[code...]', summary: 'as it was printed: SHELL NOT MATCH, INACCESSIBLE_INPUT' }],
  flags: [],
  examples: [
    { line: 'hybridctl fpga explain SHELL NOT MATCH', why: 'why a load was refused' },
    { line: 'hybridctl fpga explain INACCESSIBLE_INPUT', why: 'why an AFI failed' },
    { line: 'hybridctl fpga explain --json', why: 'the whole table' },
  ],
  parse: ({ args }) => {
    const words = (args[0] ?? []) as readonly string[];
    return { code: words.length === 0 ? undefined : words.join(' ') };
  },
  async run({ code }) {
    const explanations = code === undefined ? EXPLANATIONS : explain(code);
    if (explanations.length > 0) return { result: { explanations } };
    const near = nearest(code!);
    throw usageError(`${code!.slice(0, 80)} is no code we know`, {
      field: 'CODE',
      next: near.length === 0 ? '"hybridctl fpga explain" lists them' : `did you mean ${near.join(', ')}?`,
    });
  },
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
