import { raw } from 'jq-wasm/inline';
import { failure, usageError } from '../core/errors.ts';

/** Exit code of jq for an expression that it can't compile. */
const NO_PROGRAM = 3;

/**
 * Runs a jq expression (jq 1.8, compiled to WebAssembly) over JSON. @returns one output a line, text without quotes as
 * `jq -r` prints it, objects on one line. Throws a usage error where the expression is none, a failure where it does not
 * fit the data.
 */
export const jq = async (expression: string, json: string): Promise<string> => {
  const { stdout, stderr, exitCode } = await raw(json, expression, ['-r', '-c']);
  if (exitCode === 0) return stdout;
  const said = stderr.replace(/^jq: error(?: \(at [^)]*\))?: /, '').split('\n');
  const message = said[0]!.replace(/ at <top-level>, line \d+, column \d+:$/, '');
  throw exitCode === NO_PROGRAM
    ? usageError(`jq can't read ${JSON.stringify(expression)}: ${message}`, {
        field: '--jq',
        next: 'its language is in https://jqlang.org/manual/',
      })
    : failure(`jq: ${message}`, { field: '--jq', next: 'see what there is: the same command with --json' });
};
