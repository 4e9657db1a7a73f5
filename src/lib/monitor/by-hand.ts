import { failure } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { destinationsOf, reachedByPropagation } from '../domain/routes.ts';
import type { Site } from '../domain/site.ts';
import type { Applied } from '../routes/apply.ts';
import type { Guard, LinkCheck } from '../routes/move.ts';
import type { RouteStep } from '../routes/plan.ts';
import type { Opened } from '../routes/select.ts';
import { checkLinks } from './check-links.ts';
import { editPins, leasePath, pinPath, readPins, type Pins } from './pins.ts';
import { monitorPresence, type Presence } from './presence.ts';

export interface ByHandOptions {
  /** Absolute. */
  readonly stateDir: string;
  /** Absolute; default: the site's own in the state folder. */
  readonly leaseFile: string | undefined;
  /** The links are not looked at. */
  readonly noCheck: boolean;
}

/** A pin that has to change for a move to last. */
interface PinChange {
  readonly table: string;
  readonly name: string;
  readonly was: string | undefined;
  /** While the routes are written. */
  readonly to: string;
  /** null: unpinned, since the monitor prefers that link anyway. */
  readonly after: string | null;
}

type MovePorts = Pick<Ports, 'prober' | 'clock' | 'signal' | 'files' | 'lock' | 'leaseStore'>;

/** A monitor reads its pins every 500 ms; before it has, it would carry the routes away again. */
const PINS_READ_MS = 750;

/**
 * What a person's move has to respect: the monitor, which keeps routes where it wants them unless a pin says otherwise,
 * the pins of others, and whether the link carries.
 * @throws failure where the move would not last, or would go to a link that does not carry; nothing was changed then.
 */
export const guardByHand = async (
  { site }: Pick<Opened, 'site'>,
  options: ByHandOptions,
  ports: MovePorts,
  steps: readonly RouteStep[],
  pending: readonly RouteStep[],
): Promise<Guard> => {
  const file = pinPath(options.stateDir, site.site);
  const lease = options.leaseFile ?? leasePath(options.stateDir, site.site);
  const [presence, pins] = await Promise.all([monitorPresence(lease, ports), readPins(ports.files, file)]);
  const changes = pinChanges(site, steps, pending, pins, presence);
  const checks = options.noCheck ? skipped(pending) : await checked(site, pending, ports);
  const around = async (write: () => Promise<readonly Applied[]>): Promise<readonly Applied[]> => {
    if (changes.length === 0) return write();
    const pin = async (of: (change: PinChange) => string | null | undefined, which = changes): Promise<void> => {
      if (which.length === 0) return;
      await editPins(ports, file, (edited) => {
        for (const change of which) {
          const link = of(change) ?? undefined;
          if (link === undefined) edited.delete(change.table);
          else edited.set(change.table, link);
        }
      });
    };
    await pin(({ to }) => to).catch((error: unknown) => {
      throw failure(`the pin that would keep the monitor from moving it back can't be written; nothing was changed`, {
        field: file,
        next: `type as root: ${changes.map(({ name, to }) => pinLine(name, to)).join('; ')}`,
        cause: error,
      });
    });
    if (presence.monitor === 'running') await ports.clock.sleep(PINS_READ_MS);
    let applied: readonly Applied[] = [];
    try {
      applied = await write();
    } finally {
      const moved = ({ table }: PinChange): boolean =>
        applied.some(({ step, status }) => step.entry.id === table && (status === 'moved' || status === 'unverified'));
      await pin(
        ({ was }) => was,
        changes.filter((change) => !moved(change)),
      );
      await pin(
        ({ after }) => after,
        changes.filter((change) => moved(change) && change.after !== change.to),
      );
    }
    return applied;
  };
  return {
    checks,
    pins: changes.map(({ table, after }) => ({ table, link: after })),
    notes: [
      ...checks.flatMap(({ link, state, why }) =>
        state === 'unknown'
          ? [`${link} was not checked: ${why}`]
          : state === 'skipped'
            ? [`${link} was not checked`]
            : [],
      ),
      ...changes.map(({ name, after, was }) =>
        after === null
          ? `the pin of ${name} to ${was} is taken away`
          : `${name} is pinned to ${after}, until "hybridctl route failback" or "hybridctl route unpin --table ${name}"`,
      ),
      ...monitorNotes(site, steps, pending, pins, presence),
    ],
    around,
  };
};

const pinLine = (table: string, link: string): string => `hybridctl route pin --table ${table} --to ${link}`;
const unpinLine = (table: string): string => `hybridctl route unpin --table ${table}`;

/** A monitor leaves destinations alone that the site file does not list. */
const isManaged = (site: Site, { entry, destination }: RouteStep): boolean =>
  destinationsOf(site, entry).includes(destination);

const byTable = (steps: readonly RouteStep[]): readonly (readonly RouteStep[])[] =>
  [...new Set(steps.map(({ entry }) => entry.id))].map((id) => steps.filter(({ entry }) => entry.id === id));

const pinChanges = (
  site: Site,
  steps: readonly RouteStep[],
  pending: readonly RouteStep[],
  pins: Pins,
  { monitor }: Presence,
): readonly PinChange[] =>
  byTable(pending.filter((step) => isManaged(site, step))).flatMap((moving): readonly PinChange[] => {
    const [{ entry, to }] = moving as readonly [RouteStep];
    const { id, name, links } = entry;
    const was = pins.get(id);
    const after = to.name === links[0] ? null : to.name;
    if ((monitor !== 'running' && was === undefined) || was === to.name || (was === undefined && after === null))
      return [];
    const refuse = (why: string, next: string) => failure(`${why}; nothing was changed`, { field: name, next });
    if (was === links[0] && after !== null)
      throw refuse(`is pinned to ${was}, and somebody had a reason`, `type: ${unpinLine(name)}`);
    const all = steps.filter((step) => step.entry.id === id);
    const whole = destinationsOf(site, entry).every((one) =>
      all.some(({ destination, to: other }) => destination === one && other.name === to.name),
    );
    if (!whole)
      throw refuse(
        `${was === undefined ? 'a monitor runs and would move this back' : `is pinned to ${was}, and a monitor would move this back`}: only a whole table can be pinned to a link`,
        `type: ${after === null ? unpinLine(name) : pinLine(name, to.name)}`,
      );
    return [{ table: id, name, was, to: to.name, after }];
  });

/** What a monitor does with the routes afterwards. */
const monitorNotes = (
  site: Site,
  steps: readonly RouteStep[],
  pending: readonly RouteStep[],
  pins: Pins,
  { monitor, why }: Presence,
): readonly string[] => {
  const tables = byTable(steps.filter((step) => isManaged(site, step)));
  const notes = tables.flatMap((ones): readonly string[] => {
    const [{ entry, to }] = ones as readonly [RouteStep];
    const still = ones.every((step) => !pending.includes(step));
    const pin = pins.get(entry.id);
    if (still && pin !== undefined && pin !== to.name)
      return [`${entry.name} is pinned to ${pin}, where a monitor moves it: ${unpinLine(entry.name)}`];
    if (still && pin === undefined && monitor === 'running' && to.name !== entry.links[0])
      return [
        `a monitor runs and returns ${entry.name} to ${entry.links[0]} when that carries: to keep it, ${pinLine(entry.name, to.name)}`,
      ];
    return [];
  });
  const away = tables.filter(([step]) => pending.includes(step!) && step!.to.name !== step!.entry.links[0]);
  if (monitor === 'unknown') return [...notes, `it is not known whether a monitor runs: ${why}`];
  if (monitor === 'running' || away.length === 0) return notes;
  return [
    ...notes,
    `no monitor runs here; one on another machine would move this back: pin it there (${away.map(([step]) => pinLine(step!.entry.name, step!.to.name)).join('; ')})`,
  ];
};

const linksOf = (steps: readonly RouteStep[]): readonly string[] => [...new Set(steps.map(({ to }) => to.name))];

const skipped = (pending: readonly RouteStep[]): readonly LinkCheck[] =>
  linksOf(pending).map((link) => ({ link, state: 'skipped', why: '--no-check' }));

const checked = async (site: Site, pending: readonly RouteStep[], ports: MovePorts): Promise<readonly LinkCheck[]> => {
  if (pending.length === 0) return [];
  const withdrawn = pending.find(
    ({ before, destination, to }) => reachedByPropagation(before, destination, to) === 'no',
  );
  if (withdrawn !== undefined)
    throw failure(
      `${withdrawn.to.target?.id} propagates no route for it, so ${withdrawn.to.name} can't carry it; nothing was changed`,
      {
        field: `${withdrawn.entry.name} ${withdrawn.destination}`,
        next: 'bring BGP on the Direct Connect back first, or move it all the same with --no-check',
      },
    );
  const checks = await checkLinks(site, linksOf(pending), ports);
  const dead = checks.filter(({ state }) => state === 'dead');
  if (dead.length > 0)
    throw failure(`does not carry: ${dead[0]!.why}; nothing was changed`, {
      field: dead[0]!.link,
      next: 'repair that link, name another with --to, or move all the same with --no-check',
      more: dead.slice(1).map(({ link, why }) => `${link}: does not carry: ${why}`),
    });
  return checks;
};
