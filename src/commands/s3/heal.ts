import { defineCommand, FLAG } from '../../lib/core/command.ts';
import { HybridError, interrupted, partly } from '../../lib/core/errors.ts';
import { pendingOf } from '../../lib/procedures/kit/plan.ts';
import { healSteps } from '../../lib/procedures/s3/steps.ts';
import { absolute } from '../../lib/site/file.ts';
import {
  exitOf,
  humanProcedure,
  procedureOptions,
  runApply,
  type ProcedureOptions,
  type ProcedureResult,
} from '../procedure.ts';
import { canonical, definitionAt, definitions, DIRECTORY, nonceOf, STATE, stateOf } from './shared.ts';

interface Options {
  readonly directory: string | undefined;
  readonly state: string;
  readonly procedure: ProcedureOptions;
}

export const heal = defineCommand<Options, ProcedureResult>({
  path: 's3 heal',
  summary: 'mount again what is dead or not mounted: every mount that "s3 mount" made, or one',
  details:
    '"Transport endpoint is not connected", and a daemon that answers nothing: the mount is detached, whoever waits for it is freed with an error, and it is mounted anew with the options of its definition. A mount that works is not touched; where only S3 is away there is nothing to heal. ' +
    'One that can not be mounted does not stop the others. Fit for a timer: "hybridctl s3 heal --yes" says nothing to do, or what it did.',
  args: [DIRECTORY],
  flags: [STATE, FLAG.dryRun, FLAG.detailedExitcode, FLAG.yes],
  examples: [
    { line: 'sudo hybridctl s3 heal --dry-run', why: 'which mounts are dead' },
    { line: 'sudo hybridctl s3 heal /mnt/logs --yes', why: 'this one, from a script' },
  ],
  parse: (raw) => ({
    directory: typeof raw.args[0] === 'string' ? raw.args[0] : undefined,
    state: stateOf(raw),
    procedure: procedureOptions(raw),
  }),

  async run({ directory, state, procedure }, ports) {
    const specs =
      directory === undefined
        ? await definitions(ports, state)
        : [await definitionAt(ports, state, await canonical(ports, directory))];
    const done: ProcedureResult['steps'][number][] = [];
    const left: string[] = [];
    let last: HybridError | undefined;
    for (const spec of specs) {
      try {
        const steps = healSteps(spec, { folder: absolute(ports.cwd, state), nonce: nonceOf(ports) });
        const { result } = await runApply(
          ports,
          { title: `${spec.bucket} at ${spec.directory}`, site: spec.name, steps },
          procedure,
        );
        done.push(...result.steps.filter(({ key }) => key === 'mount'));
      } catch (error) {
        if (!(error instanceof HybridError) || error.exit === interrupted().exit || specs.length === 1) throw error;
        last = error;
        left.push(error.message);
      }
    }
    if (last !== undefined)
      throw partly(`${left.length} of ${specs.length} mounts could not be healed`, {
        more: left,
        next: 'mend that and run it again',
        cause: last,
      });
    return {
      result: { did: procedure.dryRun ? 'planned' : 'applied', steps: done, values: {}, runbook: null },
      ...(procedure.dryRun && pendingOf(done) > 0 ? { exit: exitOf(done, procedure) } : {}),
    };
  },
  human: humanProcedure,
});
