import { defineCommand, flag, FLAG, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { alarmRemovals, listAlarms } from '../../lib/procedures/alarms.ts';
import {
  DESTROY_FLAGS,
  humanProcedure,
  procedureOptions,
  runDestroy,
  type ProcedureOptions,
  type ProcedureResult,
} from '../procedure.ts';
import { GROUP_FLAG, loadOwner, ownerOf, type Owner } from './shared.ts';

interface Options {
  readonly owner: Owner;
  readonly names: readonly string[];
  readonly all: boolean;
  readonly procedure: ProcedureOptions;
}

const namesIn = (raw: Raw): readonly string[] => [raw.args[0] ?? []].flat() as string[];

export const remove = defineCommand<Options, ProcedureResult>({
  path: 'alarm delete',
  summary: "remove alarms of the site, or all of them and the site's own topic",
  details:
    "Only what carries the site's tags: an alarm of the same name that somebody else made is left alone, and said.",
  args: [{ name: '[names...]', summary: 'as "alarm list" shows them' }],
  flags: [
    FLAG.site,
    GROUP_FLAG,
    { flags: '--all', summary: 'every alarm of the site, and the topic that was made for them' },
    ...DESTROY_FLAGS,
  ],
  examples: [
    { line: 'hybridctl alarm delete gw-1-cpu --yes', why: 'one of them' },
    { line: 'hybridctl alarm delete --all --dry-run', why: 'what would go' },
  ],
  parse(raw) {
    const [names, all] = [namesIn(raw), flag(raw, 'all')];
    if (all === names.length > 0)
      throw usageError(all ? 'names all of them already' : 'name alarms, or give --all', {
        field: all ? '--all' : 'names',
        next: 'hybridctl alarm list',
      });
    return { owner: ownerOf(raw), names, all, procedure: procedureOptions(raw) };
  },
  async run({ owner, names, all, procedure }, ports) {
    const { name, region } = await loadOwner(ports, owner);
    const there = (
      await listAlarms(await ports.aws({ region, profile: procedure.profile, signal: ports.signal }), name)
    ).map((alarm) => alarm.name);
    const unknown = names.find((one) => !there.includes(one));
    if (unknown !== undefined)
      throw usageError(`${name} has no alarm ${unknown.replace(/[^\x20-\x7e]/g, '?').slice(0, 60)}`, {
        field: 'names',
        next: there.length === 0 ? 'there are none' : `there are ${there.slice(0, 10).join(', ')}`,
      });
    return runDestroy(
      ports,
      { title: `alarms of ${name}`, site: name, region, steps: alarmRemovals(name, region, all ? there : names, all) },
      procedure,
    );
  },
  human: humanProcedure,
});
