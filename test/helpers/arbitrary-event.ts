import fc from 'fast-check';
import type { LoggedEvent, MonitorEvent } from '../../src/lib/monitor/events.ts';

const at = fc.integer({ min: 0, max: 4_102_444_800_000 });
/** Any text at all: newlines, quotes, lone surrogates, escape sequences. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('dx-1', 'vpn-1', 'a\nb', '\u2028', '"', '\ud800', '\u001b[31m'),
);
const ms = fc.double({ min: 0, max: 1e6, noNaN: true });
const state = fc.constantFrom('alive', 'dead', 'unknown');
const outcome = fc.constantFrom('done', 'race', 'throttled', 'refused', 'unclear', 'unsent');
const record = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }, ...optional: (keyof T)[]) =>
  fc.record(shape, {
    requiredKeys: (Object.keys(shape) as (keyof T)[]).filter((key) => !optional.includes(key)) as never,
  });
const kind = <K extends string>(name: K) => fc.constant(name);

const alert = fc.record({
  id: text,
  incident: text,
  kind: fc.constantFrom('moved', 'found', 'dark', 'healed', 'heal-failed'),
  subject: text,
  from: text,
  to: text,
  because: text,
});

export const arbitraryLogged = fc.oneof(
  record({ kind: kind('start'), at, version: text, profile: text, links: fc.array(text), routes: fc.array(text) }),
  record({ kind: kind('stop'), at, because: text }),
  record(
    {
      kind: kind('verdict'),
      at,
      link: text,
      from: state,
      to: state,
      suspicion: fc.double({ min: 0, max: 1, noNaN: true }),
      because: text,
      incident: text,
    },
    'incident',
  ),
  record({
    kind: kind('evidence'),
    at,
    link: text,
    evidence: fc.constantFrom('child-down', 'ike-down', 'bfd-down'),
    about: text,
    witness: text,
  }),
  record({ kind: kind('witness'), at, witness: text, heard: fc.boolean(), because: text }),
  record(
    {
      kind: kind('move'),
      at,
      incident: text,
      table: text,
      destination: text,
      from: text,
      to: text,
      outcome,
      because: text,
      detectMs: ms,
      apiMs: ms,
      verifyMs: ms,
    },
    'detectMs',
    'apiMs',
    'verifyMs',
  ),
  record({ kind: kind('alert'), at, alert }),
  record(
    {
      kind: kind('heal'),
      at,
      incident: text,
      instance: text,
      step: fc.constantFrom('stop', 'start', 'verify', 'rest'),
      because: text,
      outcome,
    },
    'outcome',
  ),
  record(
    {
      kind: kind('initiate'),
      at,
      link: text,
      connection: text,
      witness: text,
      up: fc.boolean(),
      because: text,
      incident: text,
    },
    'incident',
  ),
  record({ kind: kind('pin'), at, table: text, link: fc.option(text, { nil: null }) }),
  record({ kind: kind('lease'), at, held: fc.boolean(), epoch: fc.nat() }),
  record({ kind: kind('error'), at, during: text, message: text, incident: text }, 'incident'),
) as fc.Arbitrary<LoggedEvent>;

const measured = fc.oneof(
  record({ kind: kind('api'), at, action: text, outcome, ms }),
  record({
    kind: kind('health'),
    at,
    links: fc.array(record({ link: text, state, suspicion: ms, rttMs: ms }, 'rttMs'), { maxLength: 4 }),
    routes: fc.array(fc.record({ table: text, destination: text, at: fc.option(text, { nil: undefined }) }), {
      maxLength: 4,
    }),
  }),
) as fc.Arbitrary<MonitorEvent>;

export const arbitraryEvent: fc.Arbitrary<MonitorEvent> = fc.oneof(
  { arbitrary: arbitraryLogged, weight: 4 },
  { arbitrary: measured, weight: 1 },
);
