import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { failure } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
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

/** A `lab up` that was told to end takes its lab away itself, which takes a few seconds; ms. */
const CLEANUP_MS = 20_000;

/** Waits for a `lab up` that is on its way out. @throws a failure for one that goes on building. */
const builderGone = async (ports: Ports, lab: string): Promise<void> => {
  const builder = async () => {
    const record = await readRecord(ports.files, lab).catch(() => undefined);
    return record?.phase === 'building' && (await isAlive(record.builder)) ? record.builder : undefined;
  };
  const first = await builder();
  if (first === undefined) return;
  ports.progress(`waiting for "lab up" (process ${first.pid}) to end`);
  const until = ports.clock.now() + CLEANUP_MS;
  while ((await builder()) !== undefined) {
    if (ports.clock.now() > until)
      throw failure(`"lab up" (process ${first.pid}) is still building the lab ${lab}`, {
        next: 'wait for it, or stop it with Ctrl-C: it cleans up itself',
      });
    await ports.clock.sleep(100, ports.signal);
  }
};

export const down = defineCommand({
  path: 'lab down',
  summary: 'remove the lab, also one that is half built',
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
    if (!dryRun) await builderGone(ports, lab);
    const there = await remainsOf(ports, lab);
    if (dryRun || isNothing(there)) return { result: { lab, removed: false, ...there } };
    await consent(ports, { yes }, `Take the lab ${lab} away?`);
    return { result: { lab, removed: true, ...(await tearDown(ports, lab)) } };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).labDown),
  data: (result) => result,
  human({ lab, removed, ...remains }, style) {
    if (isNothing(remains)) return `no lab called ${lab} was there`;
    const { namespaces, processes } = remains;
    const what = `${namespaces.length} namespaces, ${processes.length} processes`;
    return removed ? style.good(`lab ${lab} is gone: ${what}`) : `lab ${lab}: ${what}`;
  },
});
