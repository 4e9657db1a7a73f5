import { flag, FLAG as OLD, list, text, type Flag, type Raw } from '../lib/core/command.ts';
import { usageError } from '../lib/core/errors.ts';
import { flag as typed, toggle } from '../lib/core/flags.ts';
import type { Kind } from '../lib/core/flags/kind.ts';
import { choice } from '../lib/core/flags/kinds.ts';
import { show } from '../lib/core/words.ts';
import { FLAG } from './flags.ts';

/** What a command asks that carries out a procedure; what it does not ask is absent. */
export interface ProcedureOptions {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly dryRun: boolean;
  readonly detailedExitcode: boolean;
  readonly emit?: 'sh' | 'md' | undefined;
  readonly yes: boolean;
  readonly keepOnFailure?: boolean;
  /** Pairs of key and id. */
  readonly adopt?: readonly (readonly [string, string])[];
  /** The same of commands whose flags are not typed yet. */
  readonly adopted?: ReadonlyMap<string, string>;
}

const FORMS = ['sh', 'md'] as const;

const ADOPTION = /^([a-z0-9][A-Za-z0-9/._-]{0,80})=([A-Za-z0-9][A-Za-z0-9:/._-]{0,200})$/;

/** Something that is there already, and what it is to the procedure. */
const adoption: Kind<readonly [string, string]> = {
  placeholder: 'key=id',
  words: 'a key that `--dry-run` shows, and the id of what is there: `eip/gw-1=eipalloc-0a1b2c3d`',
  parse(given) {
    const [, key, id] = ADOPTION.exec(given) ?? [];
    if (key === undefined || id === undefined)
      throw usageError(
        `${show(given)} is not KEY=ID: write it like eip/gw-1=eipalloc-0a1b2c3d, with a key that --dry-run shows`,
      );
    return [key, id];
  },
};

/** The flags of a command that removes what a procedure made. */
export const DESTROY = {
  region: FLAG.region,
  profile: FLAG.profile,
  dryRun: FLAG.dryRun,
  detailedExitcode: FLAG.detailedExitcode,
  yes: FLAG.yes,
} as const;

/** The flags of a command that makes what a procedure describes. */
export const APPLY = {
  region: FLAG.region,
  profile: FLAG.profile,
  dryRun: FLAG.dryRun,
  detailedExitcode: FLAG.detailedExitcode,
  emit: typed(choice(FORMS, 'form'), 'print the plan as AWS CLI lines (sh) or as a page for a runbook (md)'),
  adopt: typed(adoption, 'use what is there already, by the key that the plan shows: eip/gw-1=eipalloc-0a1b2c3d', {
    many: true,
  }),
  keepOnFailure: toggle('leave what was made when a later step fails'),
  yes: FLAG.yes,
} as const;

export const APPLY_FLAGS: readonly Flag[] = [
  OLD.region,
  OLD.profile,
  OLD.dryRun,
  OLD.detailedExitcode,
  {
    flags: '--emit <form>',
    summary: 'print the plan as AWS CLI lines (sh) or as a page for a runbook (md)',
    choices: FORMS,
  },
  {
    flags: '--adopt <key=id...>',
    summary: 'use what is there already, by the key that the plan shows: eip/gw-1=eipalloc-0a1b2c3d',
  },
  { flags: '--keep-on-failure', summary: 'leave what was made when a later step fails' },
  OLD.yes,
];

export const DESTROY_FLAGS: readonly Flag[] = [OLD.region, OLD.profile, OLD.dryRun, OLD.detailedExitcode, OLD.yes];

const KEY = /^[a-z0-9][A-Za-z0-9/._-]{0,80}=[A-Za-z0-9][A-Za-z0-9:/._-]{0,200}$/;

export const procedureOptions = (raw: Raw): ProcedureOptions => ({
  region: text(raw, 'region'),
  profile: text(raw, 'profile'),
  dryRun: flag(raw, 'dryRun'),
  detailedExitcode: flag(raw, 'detailedExitcode'),
  emit: FORMS.find((form) => form === text(raw, 'emit')),
  yes: flag(raw, 'yes'),
  keepOnFailure: flag(raw, 'keepOnFailure'),
  adopted: new Map(
    list(raw, 'adopt').map((pair) => {
      if (!KEY.test(pair))
        throw usageError(`${pair.slice(0, 80)}: write KEY=ID`, {
          field: '--adopt',
          next: 'the keys are those of --dry-run',
        });
      return pair.split(/=(.*)/s, 2) as [string, string];
    }),
  ),
});
