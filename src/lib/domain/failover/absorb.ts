import { drain } from './buckets.ts';
import { NEW_ROUTE, type Draft, type Pending, type RouteMemory } from './state.ts';
import { backoff, edit, type Turn } from './turn.ts';
import type { ActionResult } from './types.ts';

/** Takes in what became of earlier actions. A result nobody waits for (from before a gap) is dropped. */
export const absorb = (turn: Turn): void => {
  for (const result of turn.seen.results) absorbOne(turn, result);
  giveUpWaiting(turn);
};

const absorbOne = (turn: Turn, result: ActionResult): void => {
  const { draft } = turn;
  const { id, outcome } = result;
  if (draft.read?.id === id) return tablesRead(turn, result);
  if (draft.inspect?.id === id) {
    const { at } = draft.inspect;
    draft.inspect = undefined;
    if (outcome === 'throttled') drain(draft, 'inspect');
    if (outcome === 'done')
      draft.instances = {
        ...draft.instances,
        ...Object.fromEntries((result.instances ?? []).map((view) => [view.instance, { view, at }])),
      };
    return;
  }
  if (draft.record?.id === id) {
    draft.record = undefined;
    return;
  }
  const alert = draft.alerts.find((one) => one.id === id);
  if (alert !== undefined) {
    draft.alerts = draft.alerts.filter((one) => one !== alert);
    if (outcome === 'done') edit(turn, { outbox: draft.journal.outbox.filter((one) => one.id !== alert.alert) });
    return;
  }
  for (const [pool, memory] of Object.entries(draft.heals)) {
    if (memory.call?.id === id)
      draft.heals = {
        ...draft.heals,
        [pool]: {
          ...memory,
          call: undefined,
          retryAt: outcome === 'done' ? memory.retryAt : draft.steady + turn.policy.timing.inspectMs,
        },
      };
  }
  for (const [key, memory] of Object.entries(draft.routes)) {
    if (memory.sent?.id === id) draft.routes = { ...draft.routes, [key]: written(turn, key, memory, outcome) };
  }
};

/** Whole answers only: a table that is missing from the answer is not known any more. */
const tablesRead = (turn: Turn, { outcome, tables = [] }: ActionResult): void => {
  const { draft } = turn;
  const { at } = draft.read!;
  draft.read = undefined;
  if (outcome !== 'done') {
    if (outcome === 'throttled') drain(draft, 'read');
    draft.readFails += 1;
    draft.readRetryAt = backoff(turn, draft.readFails);
    return;
  }
  draft.readFails = 0;
  draft.tables = Object.fromEntries(tables.map((table) => [table.id, { table, at }]));
  draft.absent = [...new Set(turn.policy.routes.map(({ table }) => table))].filter(
    (id) => draft.tables[id] === undefined,
  );
};

const written = (turn: Turn, key: string, memory: RouteMemory, outcome: ActionResult['outcome']): RouteMemory => {
  const { draft } = turn;
  const { steady } = draft;
  const sent = memory.sent!;
  const fails = memory.fails + 1;
  const again: RouteMemory = { ...memory, sent: sent.earlier, fails, retryAt: backoff(turn, fails) };
  switch (outcome) {
    case 'done':
      return { ...memory, sent: { ...sent, result: 'done', resultAt: steady }, movedAt: steady, fails: 0 };
    case 'unclear':
      return { ...again, sent: { ...sent, result: 'unclear', resultAt: steady } };
    case 'race': {
      const table = turn.policy.routes.find((route) => route.key === key)!.table;
      const { [table]: _outdated, ...others } = draft.tables;
      draft.tables = others;
      return again;
    }
    case 'throttled':
      for (const kind of ['create', 'replace', 'delete'] as const) drain(draft, kind);
      return again;
    case 'refused':
      return { ...again, retryAt: steady + turn.policy.timing.backoffMostMs };
    case 'unsent':
      return { ...memory, sent: sent.earlier };
  }
};

/** An answer that never came counts as unclear; a lost read, record or alert is simply tried again. */
const giveUpWaiting = (turn: Turn): void => {
  const { draft, policy } = turn;
  const overdue = (pending: Pending | undefined) =>
    pending !== undefined && draft.steady - pending.at > policy.timing.answerMs;
  if (overdue(draft.read)) draft.read = undefined;
  if (overdue(draft.inspect)) draft.inspect = undefined;
  if (overdue(draft.record)) draft.record = undefined;
  if (draft.alerts.some(overdue)) draft.alerts = draft.alerts.filter((one) => !overdue(one));
  for (const [key, memory] of Object.entries(draft.routes)) {
    if (memory.sent?.result === undefined && overdue(memory.sent))
      draft.routes = { ...draft.routes, [key]: written(turn, key, memory, 'unclear') };
  }
  for (const [pool, memory] of Object.entries(draft.heals)) {
    if (overdue(memory.call)) draft.heals = { ...draft.heals, [pool]: { ...memory, call: undefined } };
  }
};

export const memoryOf = (draft: Draft, key: string): RouteMemory => draft.routes[key] ?? NEW_ROUTE;
