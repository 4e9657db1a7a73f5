import type { Witness } from '../core/ports.ts';
import type { Journal, Policy } from '../domain/failover/types.ts';
import type { PathVerdict } from '../domain/health/types.ts';
import type { MonitorEvent } from './events.ts';
import type { Watching } from './watch.ts';

/** Between two looks whether a dead link's tunnel is down at its daemon, ms. DPD takes seconds to take one down. */
const LOOK_MS = 2_000;
/** Tries an hour and link: one that dies every few minutes is not begun for ever. */
const MOST_AN_HOUR = 6;
const HOUR_MS = 3_600_000;

export interface TunnelStarter {
  /**
   * After each decision: begins what is down of the links that are dead, once for each of their deaths, and once more
   * where the gateway was stopped and started since. It never waits and never throws.
   */
  look(verdicts: ReadonlyMap<string, PathVerdict>, journal: Pick<Journal, 'incidents' | 'heals'>): void;
  /**
   * The same for the links of a gateway, before it is stopped, and waits for it. It never rejects.
   * @returns whether a tunnel came up: true once for each death, so that a link that stays dead ends in a stop.
   */
  before(instance: string): Promise<boolean>;
}

interface Options {
  readonly gateways: Policy['gateways'];
  readonly connections: Watching['connections'];
  readonly witnesses: readonly Witness[];
  /** Monotonic, ms. */
  readonly now: () => number;
  /** Wall time, ms. */
  readonly wall: () => number;
  tell(event: MonitorEvent): void;
}

/** A link's death, as far as its tunnel is concerned. */
interface Death {
  incident: string | undefined;
  /** Its gateway is back from a stop and a start: a new daemon, which may be asked anew. */
  readonly restarted: boolean;
  tried: boolean;
  cameUp: boolean;
  lookedAt: number;
  running: Promise<void> | undefined;
}

/**
 * A peer that answered NO_PROPOSAL_CHOSEN once (a router whose daemon was up before its connections, a key that was
 * being rotated) ends a tunnel of charon's for good, and `initiate` brings it up at once. So that is tried at the
 * daemons we listen to, before a gateway is stopped for it and again when it is back.
 */
export const tunnelStarter = ({ gateways, connections, witnesses, now, wall, tell }: Options): TunnelStarter => {
  const deaths = new Map<string, Death>();
  const tries = new Map<string, number[]>();
  const daemons = witnesses.filter(({ initiate }) => initiate !== undefined);

  const isSpent = (link: string): boolean => {
    const recent = (tries.get(link) ?? []).filter((at) => now() - at < HOUR_MS);
    tries.set(link, recent);
    return recent.length >= MOST_AN_HOUR;
  };

  const begin = async (link: string, connection: string, death: Death): Promise<void> => {
    await Promise.all(
      daemons.map(async (daemon) => {
        // A daemon that can't be asked is told of by the witness itself.
        const done = await daemon.initiate!(connection).catch(() => undefined);
        if (done === undefined || done.outcome === 'idle') return;
        death.tried = true;
        const up = done.outcome === 'up';
        death.cameUp ||= up;
        tries.set(link, [...(tries.get(link) ?? []), now()]);
        tell({
          kind: 'initiate',
          at: wall(),
          link,
          connection,
          witness: daemon.name,
          up,
          because: done.outcome === 'failed' ? done.because : 'it came up',
          ...(death.incident === undefined ? {} : { incident: death.incident }),
        });
      }),
    );
    death.running = undefined;
  };

  const start = (link: string, death: Death): void => {
    const connection = connections.get(link);
    if (connection === undefined || death.tried || death.running !== undefined || isSpent(link)) return;
    death.lookedAt = now();
    death.running = begin(link, connection, death);
  };

  return {
    look(verdicts, { incidents, heals }) {
      if (daemons.length === 0) return;
      const back = Object.values(heals).flatMap(({ instance, step }) => (step === 'verify' ? [instance] : []));
      for (const { link, state, waits } of verdicts.values()) {
        if (state === 'alive') deaths.delete(link);
        if (state !== 'dead' || waits !== undefined) continue;
        const restarted = gateways.some(({ instance, links }) => back.includes(instance) && links.includes(link));
        const known = deaths.get(link);
        const death =
          known !== undefined && (known.restarted || !restarted)
            ? known
            : {
                incident: incidents[link],
                restarted,
                tried: false,
                cameUp: false,
                lookedAt: -Infinity,
                running: undefined,
              };
        deaths.set(link, death);
        death.incident ??= incidents[link];
        if (now() - death.lookedAt >= LOOK_MS) start(link, death);
      }
    },
    async before(instance) {
      const links = gateways.find((gateway) => gateway.instance === instance)?.links ?? [];
      const own = links.flatMap((link) => {
        const death = deaths.get(link);
        return death === undefined ? [] : [{ link, death }];
      });
      for (const { link, death } of own) start(link, death);
      await Promise.all(own.map(({ death }) => death.running));
      const up = own.filter(({ death }) => death.cameUp);
      for (const { death } of up) death.cameUp = false;
      return up.length > 0;
    },
  };
};
