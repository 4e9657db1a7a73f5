import type { Input, Operation, Output, Service } from '../core/aws.ts';
import { inputOf, nameOf, outputOf, verify, type OperationSchema } from './codec/schema.ts';
import type { Protocol } from './codec/protocol.ts';
import type { CloudModel } from './model.ts';
import { ApiError } from './error.ts';
import type { CloudState } from './state.ts';
import type { Bucket } from './throttle.ts';

/** The cloud as one call meets it. */
export interface Call extends CloudModel {
  /** What a read sees: it may be older than the present. For a write it is the present. */
  readonly state: CloudState;
  /** A fault takes part of a batch. */
  readonly partly: boolean;
}

/** An input whose required fields are there: the server has checked them. */
export type Asked<I> = {
  readonly [K in keyof I]: Record<never, never> extends Pick<I, K> ? I[K] : Exclude<I[K], undefined>;
};

/** One operation: the SDK's schema of it, and what carries it out. */
export interface Carried<I, R> {
  readonly schema: OperationSchema;
  readonly run: (input: I, cloud: Call) => R;
}

/** What a service carries out, by the operation's name, in the SDK's own types. */
export type Operations<S extends Service> = {
  readonly [O in Operation<S>]?: Carried<Asked<Input<S, O>>, Output<S, O>>;
};

/**
 * One operation of a service, beside its key in `Operations`: `CreateTopic: op(sdk.CreateTopic$, (input, cloud) => …)`.
 * Types of input and answer follow from the key.
 */
export const op = <I, R>(schema: OperationSchema, run: (input: I, cloud: Call) => NoInfer<R>): Carried<I, R> => ({
  schema,
  run,
});

/** One service behind the endpoint. */
export interface CloudService {
  readonly protocol: Protocol;
  readonly schemas: Readonly<Record<string, OperationSchema>>;
  /** Carries out one operation. @throws ApiError as the service would refuse. */
  run(operation: string, input: Readonly<Record<string, unknown>>, cloud: Call): unknown;
  /** Looks at the input before anything is done. @throws ApiError */
  check(operation: string, input: Readonly<Record<string, unknown>>): void;
  unknown(operation: string | undefined): ApiError;
  readonly throttled: ApiError;
  bucketOf(operation: string): Bucket | undefined;
}

export interface Definition<H> {
  readonly protocol: Protocol;
  readonly operations: H;
  /** The code for a request without a field that it must have. */
  readonly missing?: string;
  /** Fields that every request must have and that may be empty. */
  readonly mayBeEmpty?: readonly string[];
  /** What is said of an operation that the service does not have; undefined: the request names none. */
  readonly unknown?: (operation: string | undefined) => ApiError;
  readonly throttled?: ApiError;
  /** Where the service's limits differ from the usual ones. */
  readonly bucketOf?: (operation: string) => Bucket | undefined;
  /** Looks at every input before anything is done, for what all operations have in common. */
  readonly check?: (operation: string, input: Readonly<Record<string, unknown>>) => void;
}

/**
 * A service from its operations. Requests and answers are held against the SDK's schemas.
 * @throws TypeError where an operation has the schema of another.
 */
export const cloudService = <S extends Service, H extends Operations<S>>(
  _name: S,
  { protocol, operations, missing = 'MissingParameter', mayBeEmpty = [], ...more }: Definition<H>,
): CloudService => {
  const json = protocol.contentType.includes('json');
  const carried = Object.entries(operations as Readonly<Record<string, Carried<unknown, unknown>>>);
  const wrong = carried.find(([name, { schema }]) => nameOf(schema) !== name);
  if (wrong !== undefined) throw new TypeError(`${wrong[0]} has the schema of ${nameOf(wrong[1].schema)}`);
  const byName = Object.fromEntries(carried.map(([name, { schema }]) => [name, schema]));
  const handlers = Object.fromEntries(carried.map(([name, { run }]) => [name, run]));
  return {
    protocol,
    schemas: byName,
    check(operation, input) {
      verify(inputOf(byName[operation]!), input, {
        mayBeEmpty,
        missing: (path) => new ApiError(missing, protocol.missing(path)),
        wrongType: (path, wanted) => new ApiError('SerializationException', `The value of ${path} is no ${wanted}.`),
      });
      more.check?.(operation, input);
    },
    run(operation, input, cloud) {
      const output = handlers[operation]!(input, cloud);
      // Not the caller's fault but this server's: an answer that the SDK would leave fields out of.
      const wrong = (what: string) => (path: string) => new TypeError(`${operation}: ${path} of the answer ${what}`);
      verify(outputOf(byName[operation]!), output, {
        missing: () => new TypeError(`${operation}: a field of the answer is missing`),
        wrongType: wrong('has the wrong type'),
        unknown: wrong('is not in the API'),
      });
      return output;
    },
    unknown:
      more.unknown ??
      ((operation) =>
        new ApiError(
          json ? 'UnknownOperationException' : 'InvalidAction',
          `The operation ${operation ?? ''} is not known.`,
        )),
    throttled: more.throttled ?? new ApiError(json ? 'ThrottlingException' : 'Throttling', 'Rate exceeded'),
    bucketOf: (operation) => more.bucketOf?.(operation),
  };
};
