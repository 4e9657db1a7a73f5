import { defineCommand, FLAG, list, text, type Raw } from '../../lib/core/command.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import { DETAIL_TYPE, LEVELS, sourceOf, type Level } from '../../lib/domain/health-events.ts';
import { emitAll, type Emitted, type Entry } from '../../lib/procedures/events/emit.ts';
import { NAME_FLAG, placeOf, REGION_FLAG } from './shared.ts';

interface Options {
  readonly name: string;
  readonly region: string;
  readonly profile: string | undefined;
  readonly levels: readonly Level[];
  readonly count: number;
  readonly instance: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

interface Result extends Emitted {
  readonly source: string;
  readonly levels: readonly Level[];
  readonly sent: number;
}

const MOST = 100_000;
/** Ten of them fit into one call (256 KiB). */
const MOST_DETAIL = 24_000;

const countIn = (raw: Raw): number => {
  const given = text(raw, 'count') ?? '1';
  if (!/^\d{1,6}$/.test(given) || Number(given) < 1 || Number(given) > MOST)
    throw usageError(`${given.slice(0, 20)} is no number from 1 to ${MOST}`, { field: '--count' });
  return Number(given);
};

const detailIn = (raw: Raw): Readonly<Record<string, unknown>> => {
  const given = text(raw, 'detail') ?? '{}';
  try {
    const value: unknown = JSON.parse(given);
    if (
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      JSON.stringify(value).length <= MOST_DETAIL
    )
      return value as Readonly<Record<string, unknown>>;
  } catch {
    // said below
  }
  throw usageError(`is no JSON object of at most ${MOST_DETAIL} bytes`, {
    field: '--detail',
    next: `write it like --detail '{"check":"GET /healthz","error":"timed out"}'`,
  });
};

const levelsIn = (raw: Raw): readonly Level[] => {
  const levels = list(raw, 'level').map((given) => {
    const level = LEVELS.find((one) => one.toLowerCase() === given.toLowerCase());
    if (level === undefined)
      throw usageError(`${given.slice(0, 40)} is no colour of a report`, {
        field: '--level',
        next: `it is one of ${LEVELS.join(', ')}`,
      });
    return level;
  });
  if (levels.length === 0)
    throw usageError('is needed', { field: '--level', next: `give one of ${LEVELS.join(', ')}` });
  return levels;
};

const entriesOf = ({ name, levels, count, instance, detail }: Options, now: number): readonly Entry[] =>
  levels.flatMap((status) =>
    Array.from(
      { length: count },
      (_, index): Entry => ({
        Source: sourceOf(name),
        DetailType: DETAIL_TYPE,
        Time: new Date(now),
        Detail: JSON.stringify({ application: name, instance, ...detail, status, sequence: index + 1, of: count }),
      }),
    ),
  );

export const emit = defineCommand<Options, Result>({
  path: 'events emit',
  summary: 'send health reports to EventBridge: to try the rules, or from a health check',
  details:
    'In calls of ten. Of a call only the entries that EventBridge refuses for now are sent again, up to five times; what it refuses for good is named at the end: exit 5 where others were taken, 1 where none was. ' +
    'The detail of an event has application, instance, status, sequence and of, and what --detail adds. "events status" counts what arrived.',
  flags: [
    NAME_FLAG,
    { flags: '--level <colour...>', summary: 'Green, Yellow or Red; several in turn' },
    { flags: '--count <number>', summary: 'events of each colour', default: '1' },
    { flags: '--instance <id>', summary: 'server that the report is about', default: 'i-0123456789abcdef0' },
    { flags: '--detail <json>', summary: 'more fields of the detail, as a JSON object' },
    REGION_FLAG,
    FLAG.profile,
  ],
  examples: [
    {
      line: 'hybridctl events emit --name shop --region cn-north-1 --level Red --count 61',
      why: "the field document's test: 61 events, in seven calls",
    },
    {
      line: `hybridctl events emit --name shop --region cn-north-1 --level Yellow --detail '{"check":"GET /healthz","error":"timed out"}'`,
      why: 'one report with what failed',
    },
  ],
  parse: (raw) => {
    const { name, region } = placeOf(raw);
    const instance = text(raw, 'instance')!;
    if (!/^[A-Za-z0-9._:/-]{1,100}$/.test(instance))
      throw usageError('holds more than letters, digits and "._:/-"', { field: '--instance' });
    return {
      name,
      region,
      profile: text(raw, 'profile'),
      levels: levelsIn(raw),
      count: countIn(raw),
      instance,
      detail: detailIn(raw),
    };
  },
  async run(options, ports) {
    const aws = await ports.aws({ region: options.region, profile: options.profile, signal: ports.signal });
    const entries = entriesOf(options, ports.clock.now());
    let told = 0;
    const emitted = await emitAll(entries, {
      aws,
      clock: ports.clock,
      signal: ports.signal,
      progress(sent) {
        if (sent - told < 1_000) return;
        told = sent;
        ports.progress(`${sent} of ${entries.length} events are sent`);
      },
    });
    const result = { source: sourceOf(options.name), levels: options.levels, sent: emitted.ids.length, ...emitted };
    return {
      result,
      exit: emitted.failed.length === 0 ? EXIT.ok : emitted.ids.length === 0 ? EXIT.failed : EXIT.partly,
    };
  },
  human: ({ sent, failed, calls, retried, levels, source }, style) =>
    [
      `${sent} ${levels.join(' and ')} ${sent === 1 ? 'event' : 'events'} of ${source} in ${calls} ${calls === 1 ? 'call' : 'calls'}${retried === 0 ? '' : `, ${retried} of them sent again`}`,
      ...(failed.length === 0
        ? []
        : [style.bad(`${failed.length} not taken: ${failed[0]!.code}: ${failed[0]!.message}`)]),
    ].join('\n'),
});
