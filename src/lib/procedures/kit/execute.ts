import { failure, interrupted } from '../../core/errors.ts';
import type { Call, ExecutionContext, KeepCall, WriteCall } from '../../core/procedure.ts';
import type { FileToWrite } from '../../core/ports.ts';

/** Files that are written in one go: all are complete before the first takes its place. */
interface Writes {
  readonly kind: 'writes';
  readonly files: readonly FileToWrite[];
}

/**
 * Calls with those that write one after another made one: a machine far away is asked once, and none is written when
 * one can not be.
 */
export const batched = (calls: readonly Call[]): readonly (Exclude<Call, WriteCall> | Writes)[] => {
  const all: (Exclude<Call, WriteCall> | Writes)[] = [];
  for (const call of calls) {
    const last = all.at(-1);
    if (call.kind !== 'write') all.push(call);
    else if (last?.kind === 'writes') all[all.length - 1] = { ...last, files: [...last.files, call.file] };
    else all.push({ kind: 'writes', files: [call.file] });
  }
  return all;
};

/** What strongSwan's programs say before they say what went wrong: plugins and folders that they did without. */
const ASIDE = /^(?:plugin '[^']*'.*failed to load|opening directory '[^']*' failed)/;
/** The daemon's own log that "swanctl --initiate" prints: it has the cause, where stderr only says that it failed. */
const LOGGED = /^\[[A-Z]{3}\] (.*(?:not supported|failed|unable to|mismatch|received [A-Z_]{6,} ).*)$/;

/** Why a program failed: the first line of stderr that is no aside, and what the daemon's log in stdout says of it. */
export const causeIn = (stderr: string, stdout = ''): string => {
  const all = stderr.trim().split('\n');
  const said = (all.find((line) => !ASIDE.test(line)) ?? all[0] ?? '').slice(0, 200);
  const logged = stdout.split('\n').flatMap((line) => LOGGED.exec(line)?.[1] ?? []);
  return logged.length === 0 ? said : `${said === '' ? '' : `${said}: `}${logged.at(-1)!.slice(0, 200)}`;
};

/** Carries out one call. @throws HybridError */
export const execute = async (
  call: Call | Writes,
  { aws, aliyun, routes, shell, files, signal }: ExecutionContext,
): Promise<void> => {
  if (signal.aborted) throw interrupted();
  switch (call.kind) {
    case 'aws':
      await aws.send(call);
      return;
    case 'aliyun':
      await aliyun.send(call);
      return;
    case 'route':
      await routes.write(call, signal);
      return;
    case 'write':
      await files.write([call.file]);
      return;
    case 'writes':
      await files.write(call.files);
      return;
    case 'keep':
      await files.write([{ path: call.path, content: keptOf(call, await aws.send(call.call)), mode: 0o600 }]);
      return;
    case 'run': {
      const { exitCode, stdout, stderr } = await shell.run(call.file, call.args, {
        signal,
        ...(call.input === undefined ? {} : { input: call.input }),
      });
      if (exitCode === 0) return;
      const why = causeIn(stderr, stdout);
      // What a program did shows at once, unlike what an API did: whoever undoes it need not wait for it to show.
      throw failure(
        call.what === undefined
          ? `${call.file} ${call.args.join(' ')} ended with ${exitCode}: ${why}`
          : `${call.what}: ${why === '' ? `it ended with ${exitCode}` : why}`,
        { call: 'refused' },
      );
    }
  }
};

/** What a private file holds of an answer. @throws failure where the answer lacks it. */
const keptOf = ({ call, fields, format }: KeepCall, answer: unknown): string => {
  const texts = fields.map((field) => {
    const text = field
      .split('.')
      .reduce<unknown>((value, name) => (value as Readonly<Record<string, unknown>> | undefined)?.[name], answer);
    if (typeof text !== 'string')
      throw failure(`the answer to ${call.service}:${call.operation} lacks ${field}`, {
        next: 'see to AWS_ENDPOINT_URL and any proxy in between',
      });
    return text;
  });
  return texts.reduce((content, text) => content.replace('%s', () => text), format.replaceAll('\\n', '\n'));
};
