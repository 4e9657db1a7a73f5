import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { failure } from '../../lib/core/errors.ts';
import { isNothing, remainsOf, tearDown, type Remains } from '../../lib/lab/down.ts';
import { isAlive, readRecord } from '../../lib/lab/state.ts';
import { requireTools } from '../../lib/lab/tools.ts';
import { canConsent, consent } from '../consent.ts';
import { FLAG } from '../flags.ts';
import { NAME } from './flags.ts';

interface Result extends Remains {
  readonly lab: string;
  readonly removed: boolean;
}

export const down = defineCommand({
  path: 'lab down',
  summary: 'take the lab away, also one that was never finished',
  details:
    "Finds everything by the lab's name, so it also works after a crash, and checks at the end that nothing is left. Nothing outside the lab is touched.",
  flags: { name: NAME, dryRun: FLAG.dryRun, yes: FLAG.yes },
  examples: [
    { line: 'sudo hybridctl lab down', why: 'take the lab "hyb" away' },
    { line: 'sudo hybridctl lab down --name two --yes', why: 'without a question, for scripts' },
  ],

  async run({ name: lab, yes, dryRun }, ports): Promise<Outcome<Result>> {
    if (!dryRun) canConsent(ports, { yes });
    await requireTools(ports);
    const record = await readRecord(ports.files, lab).catch(() => undefined);
    if (record?.phase === 'building' && (await isAlive(record.builder))) {
      throw failure(`"lab up" (process ${record.builder.pid}) is still building the lab ${lab}`, {
        next: 'wait for it, or stop it with Ctrl-C: it cleans up itself',
      });
    }
    const there = await remainsOf(ports, lab);
    if (dryRun || isNothing(there)) return { result: { lab, removed: false, ...there } };
    await consent(ports, { yes }, `Take the lab ${lab} away?`);
    return { result: { lab, removed: true, ...(await tearDown(ports, lab)) } };
  },

  human({ lab, removed, ...remains }, style) {
    if (isNothing(remains)) return `no lab called ${lab} was there`;
    const { namespaces, processes } = remains;
    const what = `${namespaces.length} namespaces, ${processes.length} processes`;
    return removed ? style.good(`lab ${lab} is gone: ${what}`) : `lab ${lab}: ${what}`;
  },
});
