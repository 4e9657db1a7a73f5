import type { Command } from '../../lib/core/command.ts';
import { HybridError } from '../../lib/core/errors.ts';
import type { CloudName } from '../../lib/core/fpga.ts';
import { explain } from '../../lib/domain/fpga/explain.ts';

/** `faas:LoadFpgaImageTask: SHELL NOT MATCH: …`: one code may mean two things to two calls. */
const callIn = (message: string): string | undefined => /\b(?:faas|oss|ram|ec2|s3):(\w+)/.exec(message)?.[1];

/** The same error, with what its code means; the next step is the error's own, where it has one that names things. */
const withMeaning = (error: unknown, cloud: CloudName | undefined): unknown => {
  if (!(error instanceof HybridError) || error.code === undefined) return error;
  const called = callIn(error.message);
  const known = explain(error.code, called).find((one) => one.cloud === cloud && (one.calls.length === 0 || called === undefined || one.calls.includes(called)));
  if (known === undefined) return error;
  const { exit, message, field, more, call, code, cause } = error;
  return new HybridError(exit, message, { code, next: error.next ?? known.next, more: [`${known.code}: ${known.means}`, ...more], cause, ...(field === undefined ? {} : { field }), ...(call === undefined ? {} : { call }) });
};

/** The command, whose errors explain themselves. */
export const explained = (command: Command): Command => ({
  ...command,
  async run(options, ...rest) {
    try {
      return await command.run(options, ...rest);
    } catch (error) {
      throw withMeaning(error, (options as { readonly cloud?: CloudName }).cloud);
    }
  },
});
