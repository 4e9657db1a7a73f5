import { take } from './buckets.ts';
import type { HealMemory } from './state.ts';
import { announce, edit, emit, incidentOf, type Turn } from './turn.ts';
import type { Heal, HealableGateway, InstanceView } from './types.ts';

/** Where routes are and may still go, as healing must know it. */
export interface Traffic {
  /** Every route's position is known. */
  readonly settled: boolean;
  /** And from a read just now. */
  readonly fresh: boolean;
  /** Links that carry a route, or that a write on its way (or one that may yet take effect) names. */
  readonly links: ReadonlySet<string>;
}

/**
 * Move first, then heal: a gateway is stopped only when no route points at it. Level-triggered like the rest: each step
 * looks at the instance as the cloud shows it, so the next monitor continues where the last one died.
 */
export const heal = (turn: Turn, traffic: Traffic): void => {
  const { policy } = turn;
  for (const pool of new Set(policy.gateways.map((gateway) => gateway.pool))) {
    const gateways = policy.gateways.filter((gateway) => gateway.pool === pool);
    const open = turn.draft.journal.heals[pool];
    if (open === undefined) begin(turn, pool, gateways, traffic);
    else proceed(turn, pool, gateways, open, traffic);
  }
};

const begin = (turn: Turn, pool: string, gateways: readonly HealableGateway[], traffic: Traffic): void => {
  const { draft, policy } = turn;
  if (!turn.mayAct) return;
  const dead = gateways.filter(
    (gateway) =>
      isDead(turn, gateway) &&
      isSilent(turn, gateway) &&
      gateway.links.every(
        (link) => (draft.links[link]?.deadFor ?? 0) >= (gateway.healAfterMs ?? policy.timing.healAfterMs),
      ),
  );
  // Routes may point at a gateway that stands still, when no other path is left: starting it takes nothing from them.
  const ripe = dead.filter(
    (gateway) => isIdle(gateway, traffic) || viewOf(turn, gateway.instance)?.state === 'stopped',
  );
  if (ripe.length < dead.length) inspect(turn, gateways, '', 'a dead gateway has routes: does it stand still?');
  // In turns: one that can't be healed must not keep the other from it.
  const last = draft.heals[pool]?.instance;
  const others = ripe.filter(({ instance }) => instance !== policy.self);
  const ripest = others.find(({ instance }) => instance !== last) ?? others[0] ?? ripe[0];
  if (ripest === undefined) return;
  const incident = incidentOf(turn, ripest.links[0]!);
  // We can't start ourselves again: whoever watches us must do it, and needs the lease for it.
  if (ripest.instance === policy.self) return yieldToPeer(turn, gateways, ripest.instance, incident);
  enter(turn, pool, { instance: ripest.instance, incident, step: 'stop' });
};

/** Only to a peer that is there (its tunnel answers), and seldom: without a holder nobody watches. */
const yieldToPeer = (turn: Turn, gateways: readonly HealableGateway[], self: string, incident: string): void => {
  const { draft, policy, seen } = turn;
  const peer = gateways.find(
    ({ instance, links }) => instance !== self && links.some((link) => seen.verdicts.get(link)?.state === 'alive'),
  );
  if (peer === undefined || draft.steady - draft.yieldedAt < policy.timing.cooldownMs) return;
  draft.yieldedAt = draft.steady;
  emit(turn, {
    kind: 'release',
    incident,
    because: `${self} is the gateway we run on and its tunnel is dead: ${peer.instance} must heal it`,
  });
};

const enter = (turn: Turn, pool: string, next: Heal): void => {
  edit(turn, { heals: { ...turn.draft.journal.heals, [pool]: next } });
  turn.draft.heals = {
    ...turn.draft.heals,
    [pool]: { instance: next.instance, step: next.step, since: turn.draft.steady, call: undefined, retryAt: 0 },
  };
};

const leave = (turn: Turn, pool: string): void => {
  const { [pool]: _done, ...heals } = turn.draft.journal.heals;
  edit(turn, { heals });
};

/**
 * A link stays dead for a while after it answers again, to earn its way back: that is no reason to stop the gateway.
 */
const isSilent = ({ seen, now, policy }: Turn, { links }: HealableGateway) =>
  links.every((link) => now - (seen.verdicts.get(link)?.lastReplyAt ?? -Infinity) >= policy.timing.healAfterMs);
const isDead = ({ seen }: Turn, { links }: HealableGateway) =>
  links.every((link) => {
    const verdict = seen.verdicts.get(link);
    return verdict?.state === 'dead' && verdict.waits === undefined;
  });
const isIdle = ({ links }: HealableGateway, traffic: Traffic) =>
  traffic.settled && !links.some((link) => traffic.links.has(link));

const proceed = (
  turn: Turn,
  pool: string,
  gateways: readonly HealableGateway[],
  open: Heal,
  traffic: Traffic,
): void => {
  const { draft, policy, seen } = turn;
  const { timing } = policy;
  const memory = memoryOf(turn, pool, open);
  const waited = draft.steady - memory.since;
  if (open.step === 'rest') {
    if (waited >= timing.cooldownMs) leave(turn, pool);
    return;
  }
  inspect(turn, gateways, open.incident, `${open.instance} is being healed (${open.step})`);
  const gateway = gateways.find(({ instance }) => instance === open.instance);
  const view = viewOf(turn, open.instance);
  // Nothing is done before the journal holds this very step: who comes after us must know of it.
  const kept = seen.journal?.heals[pool];
  const recorded = kept?.instance === open.instance && kept.step === open.step;
  if (gateway === undefined) return leave(turn, pool);
  if (!turn.mayAct || !recorded || view === undefined || memory.call !== undefined || draft.steady < memory.retryAt)
    return;
  if (view.state === 'terminated' || view.state === 'shutting-down')
    return fail(turn, pool, open, `${open.instance} is ${view.state}`);
  if (waited > timing.giveUpMs)
    return fail(
      turn,
      pool,
      open,
      `${open.instance} is ${view.state} and its tunnel dead after ${Math.round(waited / 1000)} s of "${open.step}"`,
    );
  if (open.step === 'stop') return stop(turn, pool, gateways, gateway, open, memory, view, traffic);
  if (open.step === 'start') return start(turn, pool, open, view);
  verify(turn, pool, gateway, open, view);
};

const stop = (
  turn: Turn,
  pool: string,
  gateways: readonly HealableGateway[],
  gateway: HealableGateway,
  open: Heal,
  memory: HealMemory,
  view: InstanceView,
  traffic: Traffic,
): void => {
  const { instance, incident } = open;
  const force = turn.draft.steady - memory.since > turn.policy.timing.forceMs;
  if (view.state === 'stopped') return enter(turn, pool, { ...open, step: 'start' });
  if (view.state === 'stopping' && !force) return;
  // Its tunnel came back by itself before we touched it, or traffic is there: no reason or no right to stop it.
  if (!isDead(turn, gateway)) return view.state === 'running' ? leave(turn, pool) : undefined;
  // Begun by the peer, who then lost the lease to us.
  if (instance === turn.policy.self) return yieldToPeer(turn, gateways, instance, incident);
  if (!isIdle(gateway, traffic) || !traffic.fresh) return;
  // Never both: the others of the pool must be running as the cloud shows it now. One that stands still goes first.
  const others = gateways.filter((other) => other !== gateway);
  const still = others.find((other) => viewOf(turn, other.instance)?.state === 'stopped' && isDead(turn, other));
  if (still !== undefined) return enter(turn, pool, { ...open, instance: still.instance });
  if (!others.every((other) => viewOf(turn, other.instance)?.state === 'running')) return;
  call(turn, pool, 'stop', () =>
    emit(turn, {
      kind: 'stop',
      instance,
      force,
      incident,
      because: force
        ? `${instance} did not stop in time`
        : `${instance}: its tunnel is dead, and no route points at it`,
    }),
  );
};

const start = (turn: Turn, pool: string, open: Heal, view: InstanceView): void => {
  const { instance, incident } = open;
  if (view.state === 'running') return enter(turn, pool, { ...open, step: 'verify' });
  if (view.state === 'stopped')
    call(turn, pool, 'start', () =>
      emit(turn, { kind: 'start', instance, incident, because: `${instance} is stopped: it starts on other hardware` }),
    );
};

/** Instance recovered is not tunnel recovered: only the tunnel's own probe ends the healing. */
const verify = (turn: Turn, pool: string, { links }: HealableGateway, open: Heal, view: InstanceView): void => {
  const { instance, incident } = open;
  if (view.state === 'stopped') return enter(turn, pool, { ...open, step: 'start' });
  if (view.state !== 'running') return;
  if (!view.address)
    return call(turn, pool, 'attach-address', () =>
      emit(turn, {
        kind: 'attach-address',
        instance,
        incident,
        because: `${instance} came back without its Elastic IP`,
      }),
    );
  if (view.sourceDestCheck)
    return call(turn, pool, 'clear-source-dest-check', () =>
      emit(turn, {
        kind: 'clear-source-dest-check',
        instance,
        incident,
        because: `${instance} would drop what is not addressed to it`,
      }),
    );
  const back = links.find((link) => turn.seen.verdicts.get(link)?.state === 'alive');
  if (back === undefined) return;
  announce(turn, {
    incident,
    kind: 'healed',
    subject: instance,
    from: '',
    to: back,
    because: `${back} answers its own probe again`,
  });
  enter(turn, pool, { ...open, step: 'rest' });
};

const fail = (turn: Turn, pool: string, open: Heal, because: string): void => {
  announce(turn, { incident: open.incident, kind: 'heal-failed', subject: open.instance, from: '', to: '', because });
  enter(turn, pool, { ...open, step: 'rest' });
};

/** One call at a time a pool, then a look at what it did. */
const call = (
  turn: Turn,
  pool: string,
  kind: 'stop' | 'start' | 'attach-address' | 'clear-source-dest-check',
  send: () => number,
): void => {
  const { draft, policy } = turn;
  if (!take(draft, kind)) return;
  const memory = draft.heals[pool]!;
  draft.heals = {
    ...draft.heals,
    [pool]: { ...memory, call: { id: send(), at: draft.steady }, retryAt: draft.steady + 2 * policy.timing.inspectMs },
  };
};

/** A step entered by a monitor before us counts from when we first saw it. */
const memoryOf = ({ draft }: Turn, pool: string, { instance, step }: Heal): HealMemory => {
  const known = draft.heals[pool];
  if (known?.instance === instance && known.step === step) return known;
  const fresh: HealMemory = { instance, step, since: draft.steady, call: undefined, retryAt: 0 };
  draft.heals = { ...draft.heals, [pool]: fresh };
  return fresh;
};

const inspect = (turn: Turn, gateways: readonly HealableGateway[], incident: string, because: string): void => {
  const { draft, policy } = turn;
  if (
    draft.inspect !== undefined ||
    draft.steady - draft.inspectedAt < policy.timing.inspectMs ||
    !take(draft, 'inspect')
  )
    return;
  const id = emit(turn, { kind: 'inspect', instances: gateways.map(({ instance }) => instance), incident, because });
  draft.inspect = { id, at: draft.steady };
  draft.inspectedAt = draft.steady;
};

/** Only a view from the last two looks counts. */
const viewOf = ({ draft, policy }: Turn, instance: string): InstanceView | undefined => {
  const known = draft.instances[instance];
  return known === undefined || draft.steady - known.at > 2 * policy.timing.inspectMs ? undefined : known.view;
};
