import { FOREIGN_TARGET, staticRoute } from './topology.ts';
import type { ManagedRoute } from '../../../src/lib/domain/failover/types.ts';
import type { Running } from './monitor.ts';
import { groupOf } from './rest.ts';
import type { ApiMode, World } from './world.ts';

/** Faults fall until here (ms); then all but the lasting ones end, and the world must come to rest. */
export const FAULTS_END = 32_000;
/**
 * Room for the longest lawful chain: a stop of 18 s, a healing given up (30 s), its cooldown (12 s), a second one (12
 * s), the hold-down (16 s), and 12 s in which nothing may move any more: 100 s left none for the last two.
 */
export const EPISODE_END = 120_000;

interface Scene {
  readonly world: World;
  readonly monitors: readonly Running[];
  readonly pins: Map<string, string>;
  say(line: string): void;
}

type Fault = (scene: Scene, lasts: number) => void;

const anyLink = ({ world }: Scene) => world.random.pick([...world.links.keys()]);
const anyInstance = ({ world }: Scene) => world.random.pick([...world.instances.keys()]);
const anyRoute = ({ world }: Scene) => world.random.pick(world.topology.policy.routes);
const anyMonitor = ({ world, monitors }: Scene) => world.random.pick(monitors);

const kill = ({ world, say }: Scene, link: string, lasts: number): void => {
  if (!world.links.has(link)) return;
  say(`${link} dies under traffic for ${lasts}`);
  world.block(link, 'killed');
  world.queue.after(lasts, () => world.unblock(link, 'killed'));
};
const killCarrier = (scene: Scene, lasts: number): void => kill(scene, scene.world.at(anyRoute(scene)), lasts);

const takeOver = ({ world, say }: Scene, { table, destination, key }: ManagedRoute, lasts: number): void => {
  if (world.foreignSince.has(key)) return;
  const before = world.tables
    .get(table)!
    .routes.find((route) => route.origin === 'static' && route.destination === destination);
  say(`${key} points outside the site for ${lasts}`);
  world.setRoute(table, destination, staticRoute(destination, FOREIGN_TARGET), 'hand');
  world.queue.after(lasts, () => world.setRoute(table, destination, before, 'hand'));
};

const storeDown = ({ world, say }: Scene, lasts: number): void => {
  say(`lease store down for ${lasts}`);
  world.store.up = false;
  world.disturb();
  world.queue.after(
    lasts,
    () => void (Object.assign(world.store, { up: true, downAt: world.queue.now() }), world.disturb()),
  );
};

const cut =
  (name: string): Fault =>
  (scene, lasts) => {
    const { world, say } = scene;
    const link = anyLink(scene);
    say(`${link} ${name} for ${lasts}`);
    world.block(link, name);
    // Some never come back.
    if (!world.random.chance(0.12)) world.queue.after(lasts, () => world.unblock(link, name));
  };

const api =
  (mode: ApiMode): Fault =>
  ({ world, say }, lasts) => {
    say(`api ${mode} for ${lasts}`);
    // Calls that left in another mood may be answered late.
    Object.assign(world.api, { mode, turnedAt: world.api.mode === 'ok' ? world.api.turnedAt : world.queue.now() });
    world.disturb();
    world.queue.after(lasts, () => {
      Object.assign(world.api, { mode: 'ok', turnedAt: world.queue.now() });
      world.apiReturnedAt = world.queue.now();
      world.disturb();
    });
  };

const FAULTS: Readonly<Record<string, Fault>> = {
  blackhole: cut('cut'),
  'blackhole too': cut('dug up'),
  'dies while calls are throttled': (scene, lasts) => {
    killCarrier(scene, lasts);
    scene.world.queue.after(scene.world.random.between(0, 600), () => api('throttle')(scene, Math.min(lasts, 4_000)));
  },
  'dies while calls are unclear': (scene, lasts) => {
    killCarrier(scene, lasts);
    scene.world.queue.after(scene.world.random.between(0, 600), () => api('unclear')(scene, Math.min(lasts, 4_000)));
  },
  'dies while the monitor does': (scene, lasts) => {
    const { world } = scene;
    killCarrier(scene, lasts);
    world.queue.after(world.random.between(0, 2_500), () => {
      const { monitor, crash } = anyMonitor(scene);
      scene.say(`${monitor.name} dies`);
      crash(world.random.between(300, 3_000));
    });
  },
  'bgp withdrawn': (scene, lasts) => {
    const { world, say } = scene;
    const links = world.topology.propagated?.links ?? [];
    say(`bgp down on ${links.join(' ')} for ${lasts}`);
    for (const link of links) {
      world.block(link, 'bgp');
      world.queue.after(lasts, () => world.unblock(link, 'bgp'));
    }
  },
  gray: (scene, lasts) => {
    const truth = scene.world.links.get(anyLink(scene))!;
    truth.gray = true;
    scene.world.disturb();
    scene.world.queue.after(
      lasts,
      () => void (Object.assign(truth, { gray: false, grayAt: scene.world.queue.now() }), scene.world.disturb()),
    );
  },
  flap: (scene) => {
    const { world, say } = scene;
    const link = anyLink(scene);
    say(`${link} flaps`);
    for (let at = 0, times = world.random.between(2, 6); times > 0; times -= 1) {
      world.queue.after(at, () => world.block(link, 'flap'));
      at += world.random.between(300, 2_500);
      world.queue.after(at, () => world.unblock(link, 'flap'));
      at += world.random.between(300, 4_000);
    }
  },
  'everything down': ({ world, say }, lasts) => {
    say(`everything down for ${lasts}`);
    for (const link of world.links.keys()) {
      world.block(link, 'all');
      world.queue.after(lasts, () => world.unblock(link, 'all'));
    }
  },
  'gateway hangs': (scene) => {
    const { world, say } = scene;
    const id = anyInstance(scene);
    const truth = world.instances.get(id)!;
    truth.stuck = world.random.chance(0.3);
    truth.forgetful = world.random.chance(0.3);
    say(`${id} hangs${truth.stuck ? ', and will not stop' : ''}${truth.forgetful ? ', and comes back forgetful' : ''}`);
    for (const link of world.topology.policy.links.filter(({ instance }) => instance === id))
      world.block(link.name, 'hung');
  },
  'gateway stopped by hand': (scene) => {
    const { world, say } = scene;
    const id = anyInstance(scene);
    say(`${id} is stopped by somebody`);
    world.disturb();
    world.setInstance(id, { state: 'stopped' });
  },
  'api down': api('down'),
  'api unclear': api('unclear'),
  'api throttled': api('throttle'),
  'api slow': api('slow'),
  'api stale': ({ world, say }, lasts) => {
    say(`reads stale for ${3 * lasts}`);
    world.api.stale = true;
    world.disturb();
    world.queue.after(
      3 * lasts,
      () => void (Object.assign(world.api, { stale: false, staleAt: world.queue.now() }), world.disturb()),
    );
  },
  'sink down': ({ world }, lasts) => {
    world.sink.up = false;
    world.queue.after(lasts, () => void (world.sink.up = true));
  },
  'store down': (scene, lasts) => storeDown(scene, lasts),
  crash: (scene) => {
    const { monitor, crash } = anyMonitor(scene);
    scene.say(`${monitor.name} dies`);
    crash(scene.world.random.between(300, 5_000));
  },
  'crash at a step': (scene) => {
    const { monitor } = anyMonitor(scene);
    monitor.diesAt = scene.world.random.between(1, 12);
    scene.say(`${monitor.name} will die before its ${monitor.diesAt}. next action`);
  },
  stopped: (scene, lasts) => {
    const { monitor, freeze } = anyMonitor(scene);
    scene.say(`${monitor.name} is stopped (SIGSTOP) for ${2 * lasts}`);
    freeze(2 * lasts);
  },
  jump: (scene) => {
    const { monitor, jump } = anyMonitor(scene);
    // A short one back looks like a slow round, and makes the lease seem that much younger: no core can see it, and the
    // tenth that `granted` leaves is what bears it (300 ms here, 600 in production, whose clock is monotonic).
    const ms = scene.world.random.pick([-3_600_000, -20_000, -2_000, -250, 2_000, 20_000, 3_600_000]);
    scene.say(`${monitor.name}: the clock jumps by ${ms}`);
    jump(ms);
  },
  'canary silent': (scene, lasts) => {
    const { monitor } = anyMonitor(scene);
    scene.say(`${monitor.name} is cut off for ${lasts}: it holds all links dead`);
    Object.assign(monitor, { canary: false });
    for (const link of scene.world.links.keys()) if (scene.world.random.chance(0.7)) monitor.wolves.add(link);
    scene.world.queue.after(lasts, () => {
      monitor.wolves.clear();
      // The way out answers again only after the paths do.
      scene.world.queue.after(
        2_500,
        () => void (Object.assign(monitor, { canary: true, canaryAt: scene.world.queue.now() }), scene.world.disturb()),
      );
    });
  },
  'loop late': (scene, lasts) => {
    const { monitor } = anyMonitor(scene);
    scene.say(`${monitor.name} can't keep up for ${lasts}`);
    monitor.unknownUntil = scene.world.queue.now() + lasts;
    monitor.seesStill = scene.world.random.chance(0.5) ? anyLink(scene) : undefined;
    scene.world.queue.after(lasts, () => scene.world.disturb());
  },
  wolf: (scene, lasts) => {
    const { monitor } = anyMonitor(scene);
    const link = anyLink(scene);
    scene.say(`${monitor.name} wrongly holds ${link} dead for ${lasts}`);
    monitor.wolves.add(link);
    scene.world.disturb();
    scene.world.queue.after(lasts, () => void (monitor.wolves.delete(link), scene.world.disturb()));
  },
  pin: (scene, lasts) => {
    const { table, order } = anyRoute(scene);
    const link = scene.world.random.pick(order);
    scene.say(`${table} pinned to ${link} for ${lasts}`);
    scene.pins.set(table, link);
    const changed = () => void ((scene.world.pinnedAt = scene.world.queue.now()), scene.world.disturb());
    changed();
    scene.world.queue.after(lasts, () => void (scene.pins.delete(table), changed()));
  },
  'moved by hand': (scene) => {
    const { world, say } = scene;
    const { table, destination, mode, order, key } = anyRoute(scene);
    const to = world.random.pick(order);
    const link = world.topology.policy.links.find(({ name }) => name === to)!;
    say(`${key} moved by hand to ${link.name}`);
    if (mode === 'replace' || link.kind === 'vpn')
      world.setRoute(table, destination, staticRoute(destination, link.target!), 'hand');
  },
  'taken over by somebody': (scene, lasts) => takeOver(scene, anyRoute(scene), lasts),
  // Only a read right before the write can tell.
  'taken over just before it dies': (scene, lasts) => {
    const { world } = scene;
    const route = anyRoute(scene);
    const link = world.at(route);
    takeOver(scene, route, lasts);
    world.queue.after(world.random.between(500, 3_000), () => kill(scene, link, lasts));
  },
  // The second move must wait until the first is safe in the journal, or a crash leaves one alert for both.
  'dies, and its refuge, and the monitor': (scene, lasts) => {
    const { world, say } = scene;
    const { random, queue } = world;
    const { monitor, crash } = anyMonitor(scene);
    const route = anyRoute(scene);
    const first = world.at(route);
    kill(scene, first, lasts);
    queue.after(random.between(300, 700), () => storeDown(scene, random.between(1_500, 2_500)));
    queue.after(random.between(800, 1_000), () =>
      kill(scene, world.at(route) === first ? random.pick(route.order) : world.at(route), lasts),
    );
    queue.after(random.between(1_700, 2_500), () => {
      say(`${monitor.name} dies`);
      crash(random.between(300, 3_000));
    });
  },
  // The successor finds a move that was never told, and a reason for the next one: told in one, the first would be
  // lost.
  'dies again when traffic is just back, its refuge too, and the monitor': (scene, lasts) => {
    const { world, monitors, say } = scene;
    const { random, queue } = world;
    const route = anyRoute(scene);
    const first = world.at(route);
    let back = false;
    kill(scene, first, 1_000);
    world.onRoute.push(({ key, from, to, by }) => {
      if (back || key !== route.key || to !== first || by !== 'us' || queue.now() > FAULTS_END - 4_000) return;
      back = true;
      storeDown(scene, random.between(1_000, 2_000));
      queue.after(random.between(50, 300), () => {
        say('the holder dies');
        monitors.find(({ monitor }) => world.store.record?.holder === monitor.me)?.crash(random.between(300, 1_500));
      });
      for (const link of [from, first])
        queue.after(random.between(300, 2_000), () => kill(scene, link, Math.min(lasts, FAULTS_END - queue.now())));
    });
  },
  // Whoever sleeps while the holder dies may find the lease free the moment it wakes, and its sockets full of the past.
  'the holder dies while the other is stopped': (scene) => {
    const { world, monitors, say } = scene;
    const holder = monitors.find(({ monitor }) => world.store.record?.holder === monitor.me);
    const other = monitors.find((one) => one !== holder);
    if (holder === undefined || other === undefined) return;
    const route = anyRoute(scene);
    const sleeps = world.random.between(1_500, 6_000);
    say(`${holder.monitor.name} dies, and ${other.monitor.name} will be stopped for ${sleeps} before it takes over`);
    holder.crash(world.random.between(6_000, 9_000));
    world.queue.after(world.random.between(1_600, 2_900), () => {
      other.freeze(sleeps);
      // No lease in hand, so none to doubt: only the first moments' calm stands between such a past and a move.
      const { rubbish, wokeAt } = other.monitor;
      rubbish.clear();
      for (const name of groupOf(world, route, world.at(route))) rubbish.set(name, wokeAt + 450);
    });
  },
};

const NAMES = Object.keys(FAULTS);

/** A few faults at random times, most episodes mixed, some of one kind only. */
export const plant = (scene: Scene): void => {
  const { random, queue } = scene.world;
  for (let count = random.between(1, 6); count > 0; count -= 1) {
    const name = random.chance(0.35) ? 'blackhole' : random.pick(NAMES);
    const at = random.between(4_000, FAULTS_END - 6_000);
    const lasts = Math.min(random.pick([500, 1_500, 4_000, 9_000, 15_000]), FAULTS_END - at);
    queue.after(at, () => FAULTS[name]!(scene, lasts));
  }
};
