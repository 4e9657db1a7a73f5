import { defineCommand } from '../../lib/core/define.ts';
import { arg, flag, toggle } from '../../lib/core/flags.ts';
import { choice, text } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { heal as healCuts } from '../../lib/lab/cut.ts';
import { CUT_KINDS } from '../../lib/lab/faults.ts';
import { labPorts } from '../../lib/lab/guest/shell.ts';
import { openLab } from '../../lib/lab/state.ts';
import { requireTools } from '../../lib/lab/tools.ts';
import { NAME } from './flags.ts';

export const heal = defineCommand({
  path: 'lab heal',
  summary: 'remove faults of "lab cut"',
  details: 'What is not cut stays as it is; healing it is no error.',
  args: { what: arg(text({ placeholder: 'what', like: 'dx-1' }), 'link or node, as it was cut') },
  flags: {
    all: toggle('every cut in force'),
    kind: flag(choice(CUT_KINDS, 'kind'), 'only cuts of this kind'),
    name: NAME,
  },
  oneOf: [['what', 'all']],
  conflicts: [['what', 'all']],
  examples: [
    { line: 'sudo hybridctl lab heal dx-1', why: 'every cut of dx-1' },
    { line: 'sudo hybridctl lab heal --all', why: 'the lab is whole again' },
  ],

  async run({ name: lab, what, kind }, ports) {
    await requireTools(ports);
    const there = await openLab(ports.files, lab);
    const healed = await healCuts(
      labPorts(ports, there.record),
      there,
      (cut) => (what === undefined || cut.what === what) && (kind === undefined || cut.kind === kind),
    );
    return {
      result: { healed: healed.map(({ what: name, kind: of, direction }) => ({ what: name, kind: of, direction })) },
    };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).labHeal),
  data: (result) => result,
  human: ({ healed }, style) =>
    healed.length === 0
      ? 'nothing was cut'
      : healed.map(({ what, kind }) => style.good(`${what}: ${kind} healed`)).join('\n'),
});
