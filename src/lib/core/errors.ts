/**
 * The documented exit codes. Scripts branch on them, so a number is never reused. `changesPending` follows
 * `terraform plan -detailed-exitcode` in spirit: a dry run that found work to do.
 */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  changesPending: 3,
  missing: 4,
  partly: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface ErrorDetail {
  /** One next step, in the imperative: "give --yes", "install strongswan-swanctl". */
  readonly next?: string | undefined;
  /** The field, flag or file the error is about, as the user wrote it. */
  readonly field?: string | undefined;
  /** Further findings where there is more than one; each a line of its own. */
  readonly more?: readonly string[] | undefined;
  readonly cause?: unknown;
  /** Of a call to the cloud's API; absent: not known, so as good as `unclear`. */
  readonly call?: CallFailure | undefined;
  /** The API's own code: people search for it. What it means to a procedure is its `kind`. */
  readonly code?: string | undefined;
  /** What the API's answer means, whichever service gave it. */
  readonly kind?: ErrorKind | undefined;
  /** Where the thing is, of kind `elsewhere`. */
  readonly region?: string | undefined;
}

/**
 * What a service's refusal means, told by its adapter from the service's own codes:
 * - `absent`: there is no such thing. Of a removal: it is gone already. Right after a creation: it does not show yet.
 * - `exists`: there is one already.
 * - `notYet`: what it rests on is not known everywhere yet, or it is too soon after the last request; time helps.
 * - `conflict`: it is in use, or in a state that does not allow the request; time may help.
 * - `elsewhere`: it is in another region; `region` says in which, where the service told.
 * - `denied`: a policy does not allow the request.
 * - `throttled`: too many requests.
 * - `invalid`: the request itself is wrong; sent again, it is refused again.
 * - `unsupported`: the server does not know the operation, as an emulator may not.
 */
export type ErrorKind =
  | 'absent'
  | 'exists'
  | 'notYet'
  | 'conflict'
  | 'elsewhere'
  | 'denied'
  | 'throttled'
  | 'invalid'
  | 'unsupported';

/**
 * What a failed call may have done: `throttled` and `refused` certainly nothing; `unclear`: all of it, nothing, or it
 * is yet to come.
 */
export type CallFailure = 'throttled' | 'refused' | 'unclear';

/** Every refusal and failure a user may see: what happened, whose fault (the exit code says), one next step. */
export class HybridError extends Error {
  override readonly name = 'HybridError';
  readonly next: string | undefined;
  readonly field: string | undefined;
  readonly more: readonly string[];
  readonly call: CallFailure | undefined;
  readonly code: string | undefined;
  readonly kind: ErrorKind | undefined;
  readonly region: string | undefined;

  constructor(
    readonly exit: ExitCode,
    message: string,
    detail: ErrorDetail = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.next = detail.next;
    this.field = detail.field;
    this.more = detail.more ?? [];
    this.call = detail.call;
    this.code = detail.code;
    this.kind = detail.kind;
    this.region = detail.region;
  }
}

/** The caller's mistake: a bad flag, a bad file, a question nobody is there to answer. Exit 2. */
export const usageError = (message: string, detail?: ErrorDetail) => new HybridError(EXIT.usage, message, detail);
/** A flag without which nothing can be done. @param flag `--region` @param next how to write it, or what else can be set. */
export const missingFlag = (flag: string, next: string) => usageError(`missing ${flag}`, { field: flag, next });
/** The work was tried and failed. Exit 1. */
export const failure = (message: string, detail?: ErrorDetail) => new HybridError(EXIT.failed, message, detail);
/** Credentials, a permission or a tool is missing. Exit 4. */
export const missing = (message: string, detail?: ErrorDetail) => new HybridError(EXIT.missing, message, detail);
/** Some of the work is done and some is not. Exit 5. */
export const partly = (message: string, detail?: ErrorDetail) => new HybridError(EXIT.partly, message, detail);
/** Ctrl-C or a signal. Exit 130. */
export const interrupted = () => new HybridError(EXIT.interrupted, 'interrupted');

/** The same error with more to say. @param detail `more` takes the place of the error's own findings. */
export const retold = (error: HybridError, detail: Pick<ErrorDetail, 'more' | 'next'>): HybridError =>
  new HybridError(error.exit, error.message, { ...error, cause: error, ...detail });

/** Whether an error is a service's answer of one of these kinds. */
export const isKind = (error: unknown, ...kinds: readonly ErrorKind[]): error is HybridError =>
  error instanceof HybridError && error.kind !== undefined && kinds.includes(error.kind);

/** The answer, or undefined where the service says that there is no such thing. Every other error is thrown. */
export const unlessAbsent = <T>(asked: Promise<T>): Promise<T | undefined> => unlessKind(asked, 'absent');

/** The answer, or undefined where the service's refusal is of one of these kinds. Every other error is thrown. */
export const unlessKind = async <T>(asked: Promise<T>, ...kinds: readonly ErrorKind[]): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (error) {
    if (isKind(error, ...kinds)) return undefined;
    throw error;
  }
};
