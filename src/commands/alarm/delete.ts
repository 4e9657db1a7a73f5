import { usageError } from '../../lib/core/errors.ts';
import { arg, toggle } from '../../lib/core/flags.ts';
import { text } from '../../lib/core/flags/kinds.ts';
import { alarmRemovals, listAlarms } from '../../lib/procedures/alarms.ts';
import { procedureCommand } from '../procedure.ts';
import { loadOwner, OWNER, OWNER_REQUIRES } from './shared.ts';

export const remove = procedureCommand({
  verb: 'destroy',
  path: 'alarm delete',
  summary: "delete alarms of the site, or all of them and the site's own topic",
  details:
    "Only what carries the site's tags: an alarm of the same name that somebody else made is left alone, and said.",
  args: {
    names: arg(text({ placeholder: 'names', like: 'gw-1-cpu' }), 'as "alarm list" shows them', { many: true }),
  },
  flags: { ...OWNER, all: toggle('every alarm of the site, and the topic that was made for them') },
  requires: OWNER_REQUIRES,
  conflicts: [['names', 'all']],
  oneOf: [['names', 'all']],
  examples: [
    { line: 'hybridctl alarm delete gw-1-cpu --yes', why: 'one of them' },
    { line: 'hybridctl alarm delete --all --dry-run', why: 'what would go' },
  ],
  async procedure({ names, all, ...options }, ports) {
    const { name, region } = await loadOwner(ports, options);
    const there = (
      await listAlarms(await ports.aws({ region, profile: options.profile, signal: ports.signal }), name)
    ).map((alarm) => alarm.name);
    const unknown = names.find((one) => !there.includes(one));
    if (unknown !== undefined)
      throw usageError(`${name} has no alarm ${unknown.replace(/[^\x20-\x7e]/g, '?').slice(0, 60)}`, {
        field: 'names',
        next: there.length === 0 ? 'there are none' : `there are ${there.slice(0, 10).join(', ')}`,
      });
    return {
      title: `alarms of ${name}`,
      site: name,
      region,
      steps: alarmRemovals(name, region, all ? there : names, all),
    };
  },
});
