import { usageError } from '../lib/core/errors.ts';
import { flag, toggle } from '../lib/core/flags.ts';
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
  emit: flag(choice(FORMS, 'form'), 'print the plan as AWS CLI lines (sh) or as a page for a runbook (md)'),
  adopt: flag(adoption, 'use what is there already, by the key that the plan shows: eip/gw-1=eipalloc-0a1b2c3d', {
    many: true,
  }),
  keepOnFailure: toggle('leave what was made when a later step fails'),
  yes: FLAG.yes,
} as const;
