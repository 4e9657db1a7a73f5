import type { Ports } from '../../lib/core/ports.ts';
import { consent } from '../consent.ts';

/** A site file that is there is changed only for somebody who says so. Throws as `consent` does. */
export const agreeToChange = (ports: Pick<Ports, 'ask'>, file: string): Promise<void> =>
  consent(ports, { yes: false }, `${file} is there already. Change it?`, '--force');
