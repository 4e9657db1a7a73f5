import { defineCommand } from '../../lib/core/define.ts';
import { EXIT } from '../../lib/core/errors.ts';
import { flag } from '../../lib/core/flags.ts';
import { moment } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { healthStatus } from '../../lib/procedures/events/status.ts';
import { FLAG } from '../flags.ts';
import { NAMES_FLAG, PLACE } from './shared.ts';

export const status = defineCommand({
  path: 'events status',
  summary: 'show the rules, their targets, and how many events matched',
  details:
    'Counts are CloudWatch metrics, which show up a minute or two after the events, and the messages that lie in the queue now. "refused" are events that a target did not let in: its policy is wrong. ' +
    'Exit code 1 where a rule, a target or a policy is missing (so that events were refused), or the function threw.',
  flags: {
    name: PLACE.name,
    since: flag(moment(), 'count from then on: 90m, 7d, 2026-01-31', { default: '24h' }),
    ...NAMES_FLAG,
    region: PLACE.region,
    profile: FLAG.profile,
  },
  examples: [
    {
      line: 'hybridctl events status --name shop --region cn-north-1 --since 1h',
      why: 'after a test of the last hour',
    },
  ],
  async run({ region, profile, ...wanted }, ports) {
    const result = await healthStatus(await ports.aws({ region, profile, signal: ports.signal }), {
      ...wanted,
      now: ports.clock.now(),
    });
    const whole = result.rules.every(
      ({ state, failed, level, targets }) =>
        state === 'ENABLED' && failed === 0 && (level === 'Green' || targets.length > 0),
    );
    const there =
      result.queue !== null && result.topic !== null && result.function !== null && result.function.errors === 0;
    return { result, exit: whole && there ? EXIT.ok : EXIT.failed };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).eventsStatus),
  data: (result) => result,
  human: ({ rules, queue, topic, function: fn, since }, style) => {
    const state = (word: string | null): string =>
      word === null
        ? style.bad('not there')
        : word === 'ENABLED' || word === 'Active'
          ? style.good(word)
          : style.warn(word);
    const failures = (count: number): string => (count === 0 ? '0' : style.bad(String(count)));
    return [
      style.table(
        ['report', 'rule', 'state', 'targets', 'matched', 'delivered', 'refused'],
        rules.map(({ level, rule, state: now, targets, matched, invocations, failed }) => [
          level,
          rule,
          state(now),
          targets.join(', ') || '-',
          String(matched),
          String(invocations - failed),
          failures(failed),
        ]),
      ),
      '',
      queue === null
        ? style.bad('no queue: hybridctl events init')
        : `queue     ${queue.name}: ${queue.messages} messages lie in it, ${queue.sent} were sent`,
      topic === null
        ? style.bad('no topic: hybridctl events init')
        : `topic     ${topic.name}: ${topic.published} published; ${topic.confirmed} subscribed, ${topic.pending} have yet to say yes`,
      fn === null
        ? style.bad('no function: hybridctl events init')
        : `function  ${fn.name}: ${state(fn.state)}, ${fn.invocations} calls, ${failures(fn.errors)} of them failed`,
      style.dim(`counted since ${since}`),
    ].join('\n');
  },
});
