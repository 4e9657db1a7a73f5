import type { Input, Operation, Output, Service } from '../core/aws.ts';
import { inputOf, outputOf, verify, type OperationSchema } from './codec/schema.ts';
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

/** What a service carries out, by the operation's name, in the SDK's own types. */
export type Operations<S extends Service> = {
  readonly [O in Operation<S>]?: (input: Asked<Input<S, O>>, cloud: Call) => Output<S, O>;
};

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
  /** The SDK's schema of every operation, under the SDK's name for it: `{ CreateTopic$, DeleteTopic$ }`. */
  readonly schemas: { readonly [O in keyof H & string as `${O}$`]: OperationSchema };
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

/** A service from its operations. Requests and answers are held against the SDK's schemas. */
export const cloudService = <S extends Service, H extends Operations<S>>(
  _name: S,
  { protocol, operations, schemas, missing = 'MissingParameter', mayBeEmpty = [], ...more }: Definition<H>,
): CloudService => {
  const json = protocol.contentType.includes('json');
  const byName = Object.fromEntries(
    Object.entries<OperationSchema>(schemas).map(([name, schema]) => [name.slice(0, -1), schema]),
  );
  const handlers = operations as Readonly<Record<string, (input: unknown, cloud: Call) => unknown>>;
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
