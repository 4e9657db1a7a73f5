import { interrupted, usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';

/**
 * A site file that is there is changed only for somebody who says so. @throws usage error where nobody can be asked;
 * interrupted for a no.
 */
export const agreeToChange = async ({ ask }: Pick<Ports, 'ask'>, file: string): Promise<void> => {
  if (ask === undefined)
    throw usageError('is there already and would change', {
      field: file,
      next: 'give --force, or look first with --dry-run',
    });
  if (!(await ask.confirm(`${file} is there already. Change it?`, { default: false }))) throw interrupted();
};
