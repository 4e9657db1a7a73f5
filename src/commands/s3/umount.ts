import { toggle } from '../../lib/core/flags.ts';
import { unmountSteps } from '../../lib/procedures/s3/steps.ts';
import { procedureCommand } from '../procedure.ts';
import { definitionAt, MOUNT_POINT, mounting, ofMount, STATE } from './shared.ts';

export const umount = procedureCommand({
  verb: 'destroy',
  path: 's3 umount',
  summary: 'unmount a bucket; on request also its line of fstab or unit, its user and its key',
  details:
    'A mount that is in use is not unmounted: its users are named; --force detaches it at once, and it ends when the last of them has closed its files. The bucket and what lies in it always stay.',
  args: MOUNT_POINT,
  flags: {
    force: toggle('detach it also where it is in use, or dead'),
    forget: toggle('also remove what mounts it at boot, and its definition'),
    purge: toggle('also remove its user or policy and its key; with --forget'),
    state: STATE,
  },
  // The mount's definition knows its region.
  without: ['region'],
  // A mount without its key can not come back.
  requires: { purge: ['forget'] },
  examples: [
    { line: 'sudo hybridctl s3 umount /mnt/logs --yes', why: 'unmounted; it comes back at boot, or by "s3 heal"' },
    { line: 'sudo hybridctl s3 umount /mnt/logs --force --forget --purge --yes', why: 'all of it, but for the bucket' },
  ],

  async procedure({ directory, state, force, ...options }, ports) {
    const spec = await definitionAt(ports, state, directory);
    return {
      ...ofMount(spec),
      steps: unmountSteps(spec, { ...(await mounting(ports, state)), lazily: force }, options),
    };
  },
});
