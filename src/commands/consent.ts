import { failure, usageError } from '../lib/core/errors.ts';
import type { Ports } from '../lib/core/ports.ts';

/** What every "no" ends with: exit 1. 130 is for Ctrl-C alone. */
const CANCELLED = 'cancelled; nothing was changed';

/** @throws usage error where nobody can be asked and nothing said yes. To be called before slow work begins. */
export const canConsent = (
  { ask }: Pick<Ports, 'ask'>,
  { yes }: { readonly yes: boolean },
  flag: '--yes' | '--force' = '--yes',
): void => {
  if (!yes && ask === undefined) throw usageError(`confirmation needed: add ${flag}`);
};

/**
 * Goes on only with a yes, by the flag or by a person. Off a terminal nothing is assumed.
 * @param flag the flag that answers in place of a person.
 * @throws usage error where nobody can be asked; failure (exit 1) for a "no".
 */
export const consent = async (
  ports: Pick<Ports, 'ask'>,
  options: { readonly yes: boolean },
  question: string,
  flag: '--yes' | '--force' = '--yes',
): Promise<void> => {
  canConsent(ports, options, flag);
  if (options.yes) return;
  if (!(await ports.ask!.confirm(question, { default: false }))) throw failure(CANCELLED);
};
