import type { CloudRoute, RouteTable, RouteTarget } from '../../../src/lib/core/ports.ts';
import { decide } from '../../../src/lib/domain/failover/decide.ts';
import { DEFAULT_TIMING } from '../../../src/lib/domain/failover/policy.ts';
import { EMPTY_JOURNAL, initialState, type State } from '../../../src/lib/domain/failover/state.ts';
import type {
  Action,
  ActionResult,
  InstanceView,
  Journal,
  Policy,
  RouteAction,
} from '../../../src/lib/domain/failover/types.ts';
import type { LinkTarget } from '../../../src/lib/domain/routes.ts';

/**
 * Scenarios to be read: what happens goes in as lines, `decide` is asked ten times a second with the defaults of
 * production, and out comes a trace of what was seen, done, told, and where routes stand. A call takes effect when it
 * is sent and is answered a tenth of a second later. Whatever goes wrong besides is the simulation's to find.
 */
export interface Scenario {
  readonly title: string;
  readonly mode: 'replace' | 'override';
  /** Links by table, best first; `dx-…` is Direct Connect, `vpn-…` a gateway of our own. */
  readonly orders: Readonly<Record<string, readonly string[]>>;
  /** The gateway whose instance the monitor runs on. */
  readonly runsOn?: string;
  /** Seconds since the start, and a line of `EVENTS`. */
  readonly story: readonly (readonly [number, string])[];
  readonly ends: number;
}

const NET = '10.10.0.0/16';
const ROUND_MS = 100;
const VGW: RouteTarget = { kind: 'vgw', id: 'vgw-078bcc55' };
/** A stop of an instance takes a while, and so does a start. */
const STOP_MS = 20_000;
const START_MS = 5_000;

const linkOf = (name: string): LinkTarget =>
  name.startsWith('dx')
    ? { name, kind: 'dx', target: VGW, lacks: undefined, instance: undefined }
    : { name, kind: 'vpn', target: { kind: 'eni', id: `eni-${name}` }, lacks: undefined, instance: `i-${name}` };

export const play = ({ title, mode, orders, runsOn, story, ends }: Scenario): string => {
  const links = [...new Set(Object.values(orders).flat())].map(linkOf);
  const gateways = links.flatMap(({ name, instance }) =>
    instance === undefined ? [] : [{ instance, pool: 'site', links: [name] }],
  );
  const routes = Object.entries(orders).map(([table, order]) => ({
    key: `${table}|${NET}`,
    table,
    destination: NET,
    mode,
    order,
  }));
  const policy: Policy = {
    links,
    routes,
    gateways,
    self: runsOn === undefined ? undefined : `i-${runsOn}`,
    timing: DEFAULT_TIMING,
  };
  const propagated: CloudRoute = { destination: NET, target: VGW, origin: 'propagated', state: 'active' };
  const staticTo = (target: RouteTarget): CloudRoute => ({
    destination: NET,
    target,
    origin: 'static',
    state: 'active',
  });

  const tables = new Map(
    routes.map(({ table, order }): [string, RouteTable] => [
      table,
      {
        id: table,
        name: undefined,
        propagatingVgws: [],
        routes: [mode === 'override' ? propagated : staticTo(linkOf(order[0]!).target!)],
      },
    ]),
  );
  const instances = new Map(
    gateways.map(({ instance }): [string, InstanceView] => [
      instance,
      { instance, state: 'running', address: true, sourceDestCheck: false },
    ]),
  );
  const due: { readonly at: number; readonly instance: string; readonly state: InstanceView['state'] }[] = [];
  const repliedAt = new Map<string, number>();
  const silent = new Set<string>();
  const pins = new Map<string, string>();
  const trace: string[] = [
    title,
    `${mode}; ${Object.entries(orders)
      .map(([table, order]) => `${table}: ${order.join(', ')}`)
      .join('; ')}${runsOn === undefined ? '' : `; the monitor runs on i-${runsOn}`}`,
    '',
  ];
  let throttled = false;
  let canary = true;
  let stored = true;
  let up = true;
  let epoch = 1;
  let journal: Journal = EMPTY_JOURNAL;
  let state: State = initialState();
  let results: ActionResult[] = [];
  let stood = new Map<string, string>();
  let now = 0;
  const say = (kind: string, text: string): void =>
    void trace.push(`${(now / 1000).toFixed(1).padStart(6)} s  ${kind.padEnd(6)} ${text}`);

  const change = (table: string, origin: CloudRoute['origin'], route: CloudRoute | undefined): void => {
    const old = tables.get(table)!;
    tables.set(table, {
      ...old,
      routes: [...old.routes.filter((one) => one.origin !== origin), ...(route === undefined ? [] : [route])],
    });
  };
  const everyTable = (route: CloudRoute | undefined) =>
    routes.forEach(({ table }) => change(table, 'propagated', route));
  const EVENTS: readonly (readonly [RegExp, (...words: string[]) => unknown])[] = [
    [/^(\S+) is dead$/, (link) => silent.add(link!)],
    [/^(\S+) answers$/, (link) => silent.delete(link!)],
    [/^the canary is silent$/, () => (canary = false)],
    [/^everything answers again$/, () => (silent.clear(), (canary = true))],
    [/^BGP withdraws$/, () => everyTable(undefined)],
    [/^BGP announces$/, () => everyTable(propagated)],
    [/^pin (\S+) to (\S+)$/, (table, link) => pins.set(table!, link!)],
    [/^unpin (\S+)$/, (table) => pins.delete(table!)],
    [/^EC2 throttles writes$/, () => (throttled = true)],
    [/^EC2 takes writes again$/, () => (throttled = false)],
    [/^the lease's store can't be reached$/, () => (stored = false)],
    [/^the lease's store is back$/, () => (stored = true)],
    [/^the monitor is killed$/, () => (up = false)],
    [/^the monitor starts again$/, () => ((up = true), (epoch += 1), (state = initialState()), (results = []))],
  ];
  const happen = (line: string): void => {
    const found = EVENTS.map(([form, run]) => [form.exec(line), run] as const).find(([match]) => match !== null);
    if (found === undefined) throw new Error(`no such event: ${line}`);
    say('seen', line);
    found[1](...found[0]!.slice(1));
  };

  const become = (instance: string, next: InstanceView['state']): void =>
    void instances.set(instance, { ...instances.get(instance)!, state: next });
  const perform = (action: Action): Omit<ActionResult, 'id'> => {
    switch (action.kind) {
      case 'read':
        return { outcome: 'done', tables: action.tables.map((id) => tables.get(id)!) };
      case 'inspect':
        return { outcome: 'done', instances: action.instances.map((id) => instances.get(id)!) };
      case 'record':
        if (!stored) return { outcome: 'unclear' };
        journal = action.journal;
        return { outcome: 'done' };
      case 'stop':
        become(action.instance, 'stopping');
        due.push({ at: now + STOP_MS, instance: action.instance, state: 'stopped' });
        return { outcome: 'done' };
      case 'start':
        become(action.instance, 'pending');
        due.push({ at: now + START_MS, instance: action.instance, state: 'running' });
        return { outcome: 'done' };
      case 'create':
      case 'replace':
      case 'delete':
        if (throttled) return { outcome: 'throttled' };
        change(action.table, 'static', action.target === undefined ? undefined : staticTo(action.target));
        return { outcome: 'done' };
      default:
        return { outcome: 'done' };
    }
  };
  const told = (action: Action): readonly [string, string] | undefined => {
    if (action.kind === 'alert')
      return [
        'tells',
        `${action.alert.kind} ${action.alert.subject}: ${[action.alert.from, action.alert.to].filter((place) => place !== '').join(' -> ')} [${action.incident}] ${action.because}`,
      ];
    if (action.kind === 'create' || action.kind === 'replace' || action.kind === 'delete')
      return ['does', routeLine(action)];
    if (action.kind === 'stop' || action.kind === 'start')
      return ['does', `${action.kind} ${action.instance} [${action.incident}] ${action.because}`];
    return undefined;
  };
  const routeLine = (action: RouteAction) =>
    `${action.kind} ${action.key}${action.target === undefined ? '' : ` ${action.target.id}`}: ${action.from} -> ${action.to} [${action.incident}] ${action.because}${throttled ? ' (throttled)' : ''}`;

  for (now = 0; now <= ends * 1000; now += ROUND_MS) {
    for (const [at, line] of story) if (Math.round(at * 1000) === now) happen(line);
    for (const { at, instance, state: next } of due)
      if (at === now) become(instance, next), say('seen', `${instance} is ${next}`);
    if (!up) continue;
    for (const { name } of links) if (!silent.has(name)) repliedAt.set(name, now - 20);
    const verdicts = new Map(
      links.map(({ name }) => {
        const dead = silent.has(name);
        return [
          name,
          {
            link: name,
            state: dead ? 'dead' : 'alive',
            suspicion: dead ? 1 : 0,
            lastReplyAt: repliedAt.get(name),
            why: dead ? 'no reply' : 'replies',
          } as const,
        ];
      }),
    );
    const decision = decide(policy, now, state, {
      verdicts,
      canary,
      lease: { epoch, renewal: now, until: now + 1_000 },
      journal,
      pins,
      results,
    });
    state = decision.state;
    results = decision.actions.map((action) => ({ id: action.id, ...perform(action) }));
    for (const line of decision.actions.map(told)) if (line !== undefined) say(...line);
    const stand = new Map(
      decision.standings.map(({ key, at, why }) => [
        key,
        `${key} ${at === undefined ? 'is not settled' : `at ${at}`}: ${why}`,
      ]),
    );
    for (const [key, line] of stand) if (stood.get(key) !== line) say('stands', line);
    stood = stand;
  }
  return `${trace.join('\n')}\n`;
};
