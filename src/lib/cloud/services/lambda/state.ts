import { createHash } from 'node:crypto';
import { createContext, runInContext } from 'node:vm';
import { unzipSync } from 'fflate';
import { arn } from '../../../domain/partition.ts';
import { ApiError } from '../../error.ts';
import { slice, withNamed } from '../../slice.ts';
import type { CloudState } from '../../state.ts';

/** A function with its code, which really runs when it is called. */
export interface LambdaFunction {
  readonly name: string;
  readonly runtime: string;
  readonly role: string;
  readonly handler: string;
  readonly description: string;
  /** s and MB. */
  readonly timeout: number;
  readonly memory: number;
  readonly zip: Uint8Array;
  readonly tags: Readonly<Record<string, string>>;
  /** Statements of its resource policy. */
  readonly permissions: readonly { readonly Sid: string; readonly [key: string]: unknown }[];
  /** `Pending` until then. */
  readonly activeAt: number;
  /** What calls have written with console.log; the last ones. */
  readonly logs: readonly string[];
}

export const functions = slice<readonly LambdaFunction[]>('lambda', [], (own) =>
  own.map((one) => ({ ...one, zip: Buffer.from(one.zip).toString('base64') })),
);

export const withFunction = (state: CloudState, made: LambdaFunction): CloudState =>
  functions.put(state, withNamed(functions.of(state), made));

export const functionArn = ({ region, owner }: CloudState, name: string): string =>
  arn(region, 'lambda', owner, `function:${name}`);
export const sha256Of = (zip: Uint8Array): string => createHash('sha256').update(zip).digest('base64');

/** @throws ApiError as Lambda refuses a file that is no zip. */
export const sourceIn = (zip: Uint8Array, handler: string): string => {
  try {
    const file = unzipSync(zip)[`${handler.split('.')[0]}.js`];
    return file === undefined ? '' : Buffer.from(file).toString('utf8');
  } catch {
    throw new ApiError(
      'InvalidParameterValueException',
      'Could not unzip uploaded file. Please check your file, then try to upload again.',
    );
  }
};

export interface Invocation {
  readonly logs: readonly string[];
  /** The message of what the handler threw; undefined: it went well. */
  readonly error: string | undefined;
}

/** Calls the handler as Lambda does a CommonJS module, in a world of its own with nothing but console in it. */
export const invoke = async ({ zip, handler, timeout }: LambdaFunction, event: unknown): Promise<Invocation> => {
  const logs: string[] = [];
  const write = (...words: readonly unknown[]): void =>
    void logs.push(words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' '));
  const exported: Record<string, unknown> = {};
  try {
    const context = createContext({
      exports: exported,
      module: { exports: exported },
      console: { log: write, error: write, warn: write },
    });
    runInContext(sourceIn(zip, handler), context, { timeout: timeout * 1_000 });
    const run = exported[handler.split('.')[1] ?? ''];
    if (typeof run !== 'function') throw new Error(`${handler} is undefined or not exported`);
    // Its own copy, made inside: a handler may write to its event.
    await (run as (event: unknown) => unknown)(runInContext(`(${JSON.stringify(event)})`, context));
    return { logs, error: undefined };
  } catch (error) {
    return { logs, error: (error as Error).message };
  }
};
