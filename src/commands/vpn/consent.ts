import type { Ports } from '../../lib/core/ports.ts';
import { diffsOf } from '../../lib/site/file-diff.ts';
import { absolute } from '../../lib/site/file.ts';
import { canConsent, consent } from '../consent.ts';

/** A site file that is there is changed only for somebody who says so. Throws as `consent` does. */
export const agreeToChange = async (
  ports: Pick<Ports, 'ask' | 'files' | 'cwd' | 'progress'>,
  file: string,
  content: string,
): Promise<void> => {
  canConsent(ports, { yes: false }, '--force');
  const [changed] = await diffsOf(ports.files, [{ path: absolute(ports.cwd, file), content, mode: 0o644 }]);
  ports.progress(changed!.diff.trimEnd());
  await consent(ports, { yes: false }, `${file} is there already. Change it?`, '--force');
};
