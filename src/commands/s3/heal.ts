import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { HybridError, interrupted, partly } from '../../lib/core/errors.ts';
import { pendingOf } from '../../lib/procedures/kit/plan.ts';
import { healSteps } from '../../lib/procedures/s3/steps.ts';
import { FLAG } from '../flags.ts';
import { exitOf, humanProcedure, runApply, type ProcedureResult, procedureJson } from '../procedure.ts';
import { definitionAt, definitions, DIRECTORY, mounting, ofMount, STATE } from './shared.ts';

export const heal = defineCommand({
  path: 's3 heal',
  summary: 'remount what is dead or not mounted: every mount of "s3 mount", or one',
  details:
    '"Transport endpoint is not connected", and a daemon that answers nothing: the mount is detached, whoever waits for it is freed with an error, and it is mounted anew with the options of its definition. A mount that works is not touched; where only S3 is away there is nothing to heal, and where S3 refuses the key it fails: that is for a person. ' +
    'One that can not be mounted does not stop the others. Fit for a timer: "hybridctl s3 heal --yes" says nothing to do, or what it did.',
  args: DIRECTORY,
  flags: { state: STATE, dryRun: FLAG.dryRun, detailedExitcode: FLAG.detailedExitcode, yes: FLAG.yes },
  examples: [
    { line: 'sudo hybridctl s3 heal --dry-run', why: 'which mounts are dead' },
    { line: 'sudo hybridctl s3 heal /mnt/logs --yes', why: 'this one, from a script' },
  ],

  async run({ directory, state, ...options }, ports): Promise<Outcome<ProcedureResult>> {
    const specs =
      directory === undefined ? await definitions(ports, state) : [await definitionAt(ports, state, directory)];
    const done: ProcedureResult['steps'][number][] = [];
    const left: string[] = [];
    let last: HybridError | undefined;
    for (const spec of specs) {
      try {
        const steps = healSteps(spec, await mounting(ports, state));
        const { title, site } = ofMount(spec);
        const { result } = await runApply(ports, { title, site, steps }, options);
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
        next: 'fix that and run it again',
        cause: last,
      });
    return {
      result: { did: options.dryRun ? 'planned' : 'applied', steps: done, values: {}, runbook: null },
      ...(options.dryRun && pendingOf(done) > 0 ? { exit: exitOf(done, options) } : {}),
    };
  },
  json: procedureJson,
  data: (result) => result,
  human: humanProcedure,
});
