import type { Command } from '../core/command.ts';
import { HybridError, retold } from '../core/errors.ts';
import type { CloudName } from '../core/fpga.ts';
import { explain } from '../domain/fpga/explain.ts';

/** `faas:LoadFpgaImageTask: SHELL NOT MATCH: …`: one code may mean two things to two calls. */
const callIn = (message: string): string | undefined => /\b(?:faas|oss|ram|ec2|s3):(\w+)/.exec(message)?.[1];

interface Known {
  readonly cloud?: CloudName;
  readonly region?: string;
  readonly id?: string;
  readonly image?: string;
  readonly instance?: string;
  readonly bucket?: string;
}

/** Lines to type name what this run was about. `config` and `explain` are of no cloud. */
const filled = (next: string, { cloud, region, id, image, instance, bucket }: Known): string => {
  const values: Readonly<Record<string, string | undefined>> = { ID: id ?? image, INSTANCE: instance, BUCKET: bucket };
  return next.replace(
    /"(hybridctl fpga (?!config|explain)[^"]*)"/g,
    (_, line: string) =>
      `"${line.replace(/\b(ID|INSTANCE|BUCKET)\b/g, (name) => values[name] ?? name)}${line.includes('--cloud') ? '' : ` --cloud ${cloud}`} --region ${region}"`,
  );
};

/** The same error, with what its code means; the next step is the error's own, where it has one that names things. */
const withMeaning = (error: unknown, options: Known): unknown => {
  if (!(error instanceof HybridError) || error.code === undefined) return error;
  const called = callIn(error.message);
  const known = explain(error.code, called).find(
    (one) =>
      one.cloud === options.cloud && (one.calls.length === 0 || called === undefined || one.calls.includes(called)),
  );
  if (known === undefined) return error;
  return retold(error, {
    next: error.next ?? filled(known.next, options),
    more: [`${known.code}: ${known.means}`, ...error.more],
  });
};

/** The command, whose errors explain themselves. */
export const explained = (command: Command): Command => ({
  ...command,
  async run(options, ...rest) {
    try {
      return await command.run(options, ...rest);
    } catch (error) {
      throw withMeaning(error, options as Known);
    }
  },
});
