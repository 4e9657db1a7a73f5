import { CommanderError } from 'commander';
import { visibleJson } from '../lib/core/visible.ts';
import { EXIT, HybridError, interrupted, usageError, type ExitCode } from '../lib/core/errors.ts';

export interface Report {
  readonly json: boolean;
  /** Add the stack. */
  readonly debug: boolean;
  /** The user has asked us to stop. */
  readonly interrupted: boolean;
  err(text: string): void;
}

/** One error, one line, one next step, on stderr; under --json the same as an object there. @returns the exit code. */
export const report = (error: unknown, { json, debug, interrupted: stopped, err }: Report): ExitCode => {
  const known = asHybrid(error, stopped);
  if (known === undefined) return EXIT.ok;
  const { exit, message, field, next, more } = known;
  const code = codeIn(known);
  if (json) {
    const said = { exit, code, message, field, next, more: more.length === 0 ? undefined : more };
    err(`${visibleJson(JSON.stringify({ error: said }))}\n`);
  } else {
    // "missing --region" names it already.
    err(`hybridctl: ${field === undefined || message.startsWith(`missing ${field}`) ? '' : `${field}: `}${message}\n`);
    for (const line of more) err(`  ${line}\n`);
    if (next !== undefined) err(`  next: ${next}\n`);
  }
  if (debug) err(`${error instanceof Error ? error.stack : String(error)}\n`);
  return exit;
};

/** The cloud's own code, also of an error that was told again in other words. */
const codeIn = ({ code, cause }: HybridError): string | undefined =>
  code ?? (cause instanceof HybridError ? codeIn(cause) : undefined);

/** @returns undefined when commander has only shown help or the version. */
const asHybrid = (error: unknown, stopped: boolean): HybridError | undefined => {
  if (error instanceof CommanderError) return fromCommander(error);
  // After Ctrl-C whatever fails, fails because of it; but what was left half done, or goes on elsewhere, must still be
  // told.
  if (stopped && !(error instanceof HybridError && (error.exit === EXIT.partly || error.exit === EXIT.interrupted)))
    return interrupted();
  if (error instanceof HybridError) return error;
  // inquirer's own Ctrl-C.
  if (error instanceof Error && error.name === 'ExitPromptError') return interrupted();
  const message = error instanceof Error ? error.message : String(error);
  return new HybridError(EXIT.failed, message.split('\n')[0] || 'unknown error', {
    next: 'this is a fault in hybridctl: set HYBRIDCTL_DEBUG=1 for the stack',
    cause: error,
  });
};

/**
 * Codes with which commander ends after showing help or the version: no error of anybody's. A group named alone shows
 * its help too.
 */
const SHOWN: readonly string[] = ['commander.helpDisplayed', 'commander.help', 'commander.version'];

const fromCommander = ({ code, message }: CommanderError): HybridError | undefined => {
  if (SHOWN.includes(code)) return undefined;
  // `--key=SECRET` is told without its value.
  const [first = '', suggestion] = message
    .replace(/^error: /, '')
    .replace(/^(unknown option '[^'=]*)=.*'/, "$1'")
    .split('\n');
  const meant = suggestion?.match(/^\(Did you mean (.*)\?\)$/)?.[1];
  return usageError(meant === undefined ? first : `${first}: did you mean ${meant}?`, { next: 'see --help' });
};
