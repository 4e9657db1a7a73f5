import { defineCommand, flag, FLAG } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { unmountSteps } from '../../lib/procedures/s3/steps.ts';
import { absolute } from '../../lib/site/file.ts';
import {
  humanProcedure,
  procedureOptions,
  runDestroy,
  type ProcedureOptions,
  type ProcedureResult,
} from '../procedure.ts';
import { canonical, definitionAt, nonceOf, STATE, stateOf } from './shared.ts';

interface Options {
  readonly directory: string;
  readonly state: string;
  readonly force: boolean;
  readonly forget: boolean;
  readonly purge: boolean;
  readonly procedure: ProcedureOptions;
}

export const umount = defineCommand<Options, ProcedureResult>({
  path: 's3 umount',
  summary: 'unmount a bucket; on request also its line of fstab or unit, its user and its key',
  details:
    'A mount that is in use is not unmounted: its users are named; --force detaches it at once, and it ends when the last of them has closed its files. The bucket and what lies in it always stay.',
  args: [{ name: '<dir>', summary: 'mount point' }],
  flags: [
    { flags: '--force', summary: 'detach it also where it is in use, or dead' },
    { flags: '--forget', summary: 'also remove what mounts it at boot, and its definition' },
    { flags: '--purge', summary: 'also remove its user or policy and its key; with --forget' },
    STATE,
    FLAG.profile,
    FLAG.dryRun,
    FLAG.detailedExitcode,
    FLAG.yes,
  ],
  examples: [
    { line: 'sudo hybridctl s3 umount /mnt/logs --yes', why: 'unmounted; it comes back at boot, or by "s3 heal"' },
    { line: 'sudo hybridctl s3 umount /mnt/logs --force --forget --purge --yes', why: 'all of it, but for the bucket' },
  ],
  parse: (raw) => {
    const [forget, purge] = [flag(raw, 'forget'), flag(raw, 'purge')];
    if (purge && !forget)
      throw usageError('a mount without its key can not come back', { field: '--purge', next: 'give --forget too' });
    return {
      directory: String(raw.args[0]),
      state: stateOf(raw),
      force: flag(raw, 'force'),
      forget,
      purge,
      procedure: procedureOptions(raw),
    };
  },

  async run({ state, force, forget, purge, procedure, ...given }, ports) {
    const spec = await definitionAt(ports, state, await canonical(ports, given.directory));
    const steps = unmountSteps(
      spec,
      { folder: absolute(ports.cwd, state), nonce: nonceOf(ports), lazily: force },
      { forget, purge },
    );
    return runDestroy(
      ports,
      {
        title: `${spec.bucket} at ${spec.directory}`,
        site: spec.name,
        region: spec.region,
        steps,
        s3Url: spec.url ?? undefined,
      },
      procedure,
    );
  },
  human: humanProcedure,
});
