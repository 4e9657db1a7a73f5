/** A refusal with the service's own code and message. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** A request that is not signed as it should be. `code` is the service's; each protocol has its own HTTP status. */
export class SignatureError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export type Refusal = ApiError | SignatureError;
export const isRefusal = (error: unknown): error is Refusal =>
  error instanceof ApiError || error instanceof SignatureError;
