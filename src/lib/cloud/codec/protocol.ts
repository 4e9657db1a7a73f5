import type { OperationSchema } from './schema.ts';

/** One request, before anything of it is understood. */
export interface Incoming {
  readonly method: string;
  /** As it was sent, still encoded. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly body: string;
  /** The header `X-Amz-Target`. */
  readonly target: string | string[] | undefined;
}

export type Operations = Readonly<Record<string, OperationSchema>>;

/** How a service reads requests and writes answers. Both follow from the SDK's schemas. */
export interface Protocol {
  readonly contentType: string;
  /** undefined: the request names none. */
  operation(incoming: Incoming, operations: Operations): string | undefined;
  /** @throws ApiError on a body that does not fit. Whether all is there that must be is not checked here. */
  decode(operation: OperationSchema, incoming: Incoming): Readonly<Record<string, unknown>>;
  encode(
    operation: OperationSchema,
    output: unknown,
    requestId: string,
  ): { readonly status: number; readonly text: string };
  error(code: string, message: string, requestId: string): string;
  /** Where the code of an error travels in a header too. */
  errorHeaders?(code: string): Readonly<Record<string, string>>;
  /** What is said of a member that is not there. `path` is in the API's words. */
  missing(path: string): string;
}
