/**
 * The core, broken in one line: what each line of defence is for. A mutant that lives means that a rule is not tested;
 * one whose text is gone must be given its new place.
 */
export interface KnownMutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
  /** A second line of defence, to be broken with the first. */
  readonly also?: { readonly file: string; readonly find: string; readonly put: string };
}

export const MUTANTS: readonly KnownMutant[] = [
  {
    name: 'does not ask whether the standby answers',
    file: 'choose',
    find: 'age >= 0 && age <= 2 * timing.probeMs && ',
    put: '',
  },
  { name: 'flees to a suspected standby', file: 'choose', find: 'verdict.suspicion < SUSPECT && ', put: '' },
  {
    name: 'takes unknown for dead',
    file: 'choose',
    find: "alive ? 'alive' : dead ? 'dead' : 'unknown'",
    put: "alive ? 'alive' : 'dead'",
  },
  { name: 'returns without a hold-down', file: 'hold', find: 'holds[link] ?? holdFirstMs', put: '0' },
  { name: 'never returns', file: 'choose', find: 'if (better >= 0) return', put: 'if (better >= 99) return' },
  {
    name: 'writes without a lease',
    file: 'lease',
    find: 'if (lease === undefined || now >= lease.until) return undefined;',
    put: 'if (lease === undefined) return undefined; lease = { ...lease, until: Infinity };',
  },
  {
    name: 'trusts the lease after a jump of the clock',
    file: 'lease',
    find: 'return doubted === undefined || lease.epoch',
    put: 'return true || lease.epoch',
  },
  {
    name: 'takes a lease without waiting for it to run out',
    file: 'lease',
    find: 'next.unchangedFor >= ttlMs',
    put: 'next.unchangedFor >= ttlMs / 4',
  },
  { name: 'lets epochs go back', file: 'lease', find: '(record?.epoch ?? 0) + 1', put: '5 - (record?.epoch ?? 0)' },
  { name: 'believes every read', file: 'position', find: 'view.at - since >= staleMs', put: 'view.at - since >= 0' },
  {
    name: 'believes the first read after a write',
    file: 'position',
    find: 'shown.position !== sent.to && view.at < sent.resultAt + staleMs',
    put: 'false',
  },
  {
    name: 'touches routes that point outside the site',
    file: 'position',
    find: 'linkOf(own.target, order, links) === undefined',
    put: 'false',
    also: {
      file: 'routes',
      find: 'if (own !== undefined && linkOf(own.target, order, links) === undefined) {',
      put: 'if (false) {',
    },
  },
  {
    name: 'stops the gateway that carries traffic',
    file: 'heal',
    find: 'traffic.settled && !links.some((link) => traffic.links.has(link))',
    put: 'true',
  },
  {
    name: 'stops both gateways',
    file: 'heal',
    find: "if (!others.every((other) => viewOf(turn, other.instance)?.state === 'running')) return;",
    put: '',
    also: { file: 'heal', find: 'if (still !== undefined) return', put: 'if (still !== undefined && false) return' },
  },
  {
    name: 'stops itself',
    file: 'heal',
    find: 'if (ripest.instance === policy.self) return',
    put: 'if (ripest.instance === policy.self && false) return',
    also: {
      file: 'heal',
      find: 'if (instance === turn.policy.self) return',
      put: 'if (instance === turn.policy.self && false) return',
    },
  },
  {
    name: 'forgets to start what it stopped',
    file: 'heal',
    find: "if (view.state === 'stopped') call(turn, pool, 'start'",
    put: "if (view.state === 'pending') call(turn, pool, 'start'",
  },
  {
    name: 'takes a running instance for a healed gateway',
    file: 'heal',
    find: 'if (!view.address) return',
    put: 'if (!view.address && false) return',
  },
  {
    name: 'tells a move twice',
    file: 'turn',
    find: 'outbox: [...journal.outbox, { id: `${epoch}-${serial}`, ...alert }]',
    put: 'outbox: [...journal.outbox, { id: `${epoch}-${serial}`, ...alert }, { id: `${epoch}-${serial}b`, ...alert }]',
  },
  {
    name: 'drops an alert that the sink refused',
    file: 'absorb',
    find: "if (outcome === 'done') edit(turn, { outbox",
    put: 'edit(turn, { outbox',
  },
  {
    name: 'tells a darkness again and again',
    file: 'decide',
    find: 'draft.noPathFor >= noPathMs && draft.journal.dark === null',
    put: 'draft.noPathFor >= noPathMs',
  },
  { name: 'does not count its calls', file: 'buckets', find: 'if (level < 1) return false;', put: '' },
  {
    name: 'starts with a full bucket',
    file: 'buckets',
    find: '?? { tokens: 0, at',
    put: '?? { tokens: limit.size, at',
  },
  {
    name: 'ignores its own silent way out',
    file: 'decide',
    find: 'holder !== undefined && seen.canary',
    put: 'holder !== undefined',
  },
  {
    name: 'gives up after a failed call',
    file: 'turn',
    find: 'draft.steady + Math.min(policy',
    put: 'Infinity + Math.min(policy',
  },
  { name: 'never reads again by itself', file: 'decide', find: 'amiss ? watchMs : readMs', put: 'Infinity' },
  { name: 'writes on an old read', file: 'decide', find: 'draft.steady - view.at > freshMs || ', put: '' },
  {
    name: 'moves again before the last move is told',
    file: 'decide',
    find: 'if (seen.journal?.at[route.key] !== from) return;',
    put: '',
  },
  {
    name: 'waits for reads to agree on what BGP withdrew',
    file: 'choose',
    find: 'position, choice, groups)) ? wanted : doubt;',
    put: 'position, choice, groups)) ? doubt : doubt;',
  },
  {
    name: 'does not let a start or a gap settle',
    file: 'decide',
    find: 'settledAt: draft.steady + 5 * probeMs',
    put: 'settledAt: draft.steady',
  },
  {
    name: 'leaves the order of preference',
    file: 'choose',
    find: '(index < current || !groups[current]!.listed) && ',
    put: '',
  },
];
