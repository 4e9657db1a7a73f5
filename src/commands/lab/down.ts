import { defineCommand } from '../../lib/core/command.ts';
import { failure } from '../../lib/core/errors.ts';
import { isNothing, tearDown, type Remains } from '../../lib/lab/down.ts';
import { isAlive, readRecord } from '../../lib/lab/state.ts';
import { requireTools } from '../../lib/lab/tools.ts';
import { labName, NAME } from './flags.ts';

interface Result extends Remains {
  readonly lab: string;
}

export const down = defineCommand<{ lab: string }, Result>({
  path: 'lab down',
  summary: 'take the lab away, also one that was never finished',
  details: "Finds everything by the lab's name, so it also works after a crash, and checks at the end that nothing is left. Nothing outside the lab is touched.",
  flags: [NAME],
  examples: [{ line: 'sudo hybridctl lab down', why: 'take the lab "hyb" away' }],

  parse: (raw) => ({ lab: labName(raw) }),

  async run({ lab }, ports) {
    await requireTools(ports);
    const record = await readRecord(ports.files, lab).catch(() => undefined);
    if (record?.phase === 'building' && (await isAlive(record.builder))) {
      throw failure(`"lab up" (process ${record.builder.pid}) is still building the lab ${lab}`, { next: 'wait for it, or stop it with Ctrl-C: it cleans up itself' });
    }
    return { result: { lab, ...(await tearDown(ports, lab)) } };
  },

  human({ lab, ...remains }, style) {
    if (isNothing(remains)) return `no lab called ${lab} was there`;
    const { namespaces, processes } = remains;
    return style.good(`lab ${lab} is gone: ${namespaces.length} namespaces, ${processes.length} processes`);
  },
});
