import { defineCommand, flag, text } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { heal as healCuts } from '../../lib/lab/cut.ts';
import { CUT_KINDS } from '../../lib/lab/faults.ts';
import { openLab } from '../../lib/lab/state.ts';
import { requireTools } from '../../lib/lab/tools.ts';
import { labName, NAME } from './flags.ts';

interface Options {
  readonly lab: string;
  /** undefined: everything. */
  readonly what: string | undefined;
  readonly kind: string | undefined;
}

interface Result {
  readonly healed: readonly { readonly what: string; readonly kind: string; readonly direction: string }[];
}

export const heal = defineCommand<Options, Result>({
  path: 'lab heal',
  summary: 'take cuts away',
  details: 'What is not cut stays as it is; healing it is no error.',
  args: [{ name: '[what]', summary: 'link or node, as it was cut' }],
  flags: [
    { flags: '--all', summary: 'every cut in force' },
    { flags: '--kind <kind>', summary: 'only cuts of this kind', choices: CUT_KINDS },
    NAME,
  ],
  examples: [
    { line: 'sudo hybridctl lab heal dx-1', why: 'every cut of dx-1' },
    { line: 'sudo hybridctl lab heal --all', why: 'the lab is whole again' },
  ],

  parse(raw) {
    const what = raw.args[0] as string | undefined;
    if ((what === undefined) !== flag(raw, 'all'))
      throw usageError('what is to be healed?', { field: 'what', next: 'name one link or node, or give --all' });
    return { lab: labName(raw), what, kind: text(raw, 'kind') };
  },

  async run({ lab, what, kind }, ports) {
    await requireTools(ports);
    const healed = await healCuts(
      ports,
      await openLab(ports.files, lab),
      (cut) => (what === undefined || cut.what === what) && (kind === undefined || cut.kind === kind),
    );
    return {
      result: { healed: healed.map(({ what: name, kind: of, direction }) => ({ what: name, kind: of, direction })) },
    };
  },

  human: ({ healed }, style) =>
    healed.length === 0
      ? 'nothing was cut'
      : healed.map(({ what, kind }) => style.good(`${what}: ${kind} healed`)).join('\n'),
});
