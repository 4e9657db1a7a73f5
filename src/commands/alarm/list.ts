import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { listAlarms, type ListedAlarm } from '../../lib/procedures/alarms.ts';
import { FLAG } from '../flags.ts';
import { loadOwner, OWNER, OWNER_REQUIRES } from './shared.ts';

interface Result {
  readonly alarms: readonly ListedAlarm[];
}

/** The last word of an ARN says what is done: `recover`, a topic's name, a policy's name. */
const short = (arn: string): string => arn.split(/[:/]/).at(-1)!;

export const listed = defineCommand({
  path: 'alarm list',
  summary: "list the site's alarms: state and actions",
  details:
    "Only alarms that carry the site's tags. INSUFFICIENT_DATA: nothing was published yet under exactly these dimensions, or too little.",
  flags: { ...OWNER, region: FLAG.region, profile: FLAG.profile },
  requires: OWNER_REQUIRES,
  examples: [
    { line: 'hybridctl alarm list', why: 'all of them' },
    { line: 'hybridctl alarm list --json | jq \'.alarms[] | select(.state == "ALARM")\'', why: 'what is wrong now' },
  ],
  async run({ profile, ...owner }, ports): Promise<Outcome<Result>> {
    const { name, region } = await loadOwner(ports, owner);
    return { result: { alarms: await listAlarms(await ports.aws({ region, profile, signal: ports.signal }), name) } };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).alarmList),
  data: (result) => result,
  human({ alarms }, style) {
    if (alarms.length === 0) return 'no alarms: hybridctl alarm create';
    const paint = (state: string): string =>
      state === 'OK' ? style.good(state) : state === 'ALARM' ? style.bad(state) : style.warn(state);
    return style.table(
      ['alarm', 'state', 'since (UTC)', 'when', 'of', 'does'],
      alarms.map(({ name, state, since, condition, dimensions, actions, enabled }) => [
        name,
        paint(state),
        since === null ? '-' : since.slice(0, 19).replace('T', ' '),
        condition,
        Object.values(dimensions).join(' ') || '-',
        enabled ? actions.map(short).join(', ') || '-' : style.warn('switched off'),
      ]),
    );
  },
});
