import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import { flag } from '../../lib/core/flags.ts';
import type { Kind } from '../../lib/core/flags/kind.ts';
import { choice, count, text } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { DETAIL_TYPE, LEVELS, sourceOf, type Level } from '../../lib/domain/health-events.ts';
import { emitAll, type Emitted, type Entry } from '../../lib/procedures/events/emit.ts';
import { FLAG } from '../flags.ts';
import { PLACE } from './shared.ts';

interface Result extends Emitted {
  readonly source: string;
  readonly levels: readonly Level[];
  readonly sent: number;
}

/** Ten of them fit into one call (256 KiB). */
const MOST_DETAIL = 24_000;

const detail: Kind<Readonly<Record<string, unknown>>> = {
  placeholder: 'json',
  parse(given) {
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
    throw usageError(
      `is not a JSON object of at most ${MOST_DETAIL} bytes: write it like '{"check":"GET /healthz","error":"timed out"}'`,
    );
  },
};

interface Report {
  readonly name: string;
  readonly level: readonly Level[];
  readonly count: number;
  readonly instance: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

const entriesOf = ({ name, level, count: times, instance, detail: more }: Report, now: number): readonly Entry[] =>
  level.flatMap((status) =>
    Array.from(
      { length: times },
      (_, index): Entry => ({
        Source: sourceOf(name),
        DetailType: DETAIL_TYPE,
        Time: new Date(now),
        Detail: JSON.stringify({ application: name, instance, ...more, status, sequence: index + 1, of: times }),
      }),
    ),
  );

export const emit = defineCommand({
  path: 'events emit',
  summary: 'send health reports to EventBridge: to try the rules, or from a health check',
  details:
    'In calls of ten. Of a call only the entries that EventBridge refuses for now are sent again, up to five times; what it refuses for good is named at the end: exit 5 where others were taken, 1 where none was. ' +
    'The detail of an event has application, instance, status, sequence and of, and what --detail adds. "events status" counts what arrived.',
  flags: {
    name: PLACE.name,
    level: flag(choice(LEVELS, 'colour'), 'Green, Yellow or Red; several are sent in turn', {
      many: true,
      required: true,
    }),
    count: flag(count({ from: 1, to: 100_000 }), 'events of each colour', { default: '1' }),
    instance: flag(
      text({
        placeholder: 'id',
        shape: /^[A-Za-z0-9._:/-]{1,100}$/,
        what: 'an id of letters, digits and "._:/-"',
        like: 'i-0123456789abcdef0',
      }),
      'server that the report is about',
      { default: 'i-0123456789abcdef0' },
    ),
    detail: flag(detail, 'more fields of the detail, as a JSON object', { default: '{}' }),
    region: PLACE.region,
    profile: FLAG.profile,
  },
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
  async run(options, ports): Promise<Outcome<Result>> {
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
    const result = { source: sourceOf(options.name), levels: options.level, sent: emitted.ids.length, ...emitted };
    return {
      result,
      exit: emitted.failed.length === 0 ? EXIT.ok : emitted.ids.length === 0 ? EXIT.failed : EXIT.partly,
    };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).eventsEmit),
  data: (result) => result,
  human: ({ sent, failed, calls, retried, levels, source }, style) =>
    [
      `${sent} ${levels.join(' and ')} ${sent === 1 ? 'event' : 'events'} of ${source} in ${calls} ${calls === 1 ? 'call' : 'calls'}${retried === 0 ? '' : `, ${retried} of them sent again`}`,
      ...(failed.length === 0
        ? []
        : [style.bad(`${failed.length} not taken: ${failed[0]!.code}: ${failed[0]!.message}`)]),
    ].join('\n'),
});
