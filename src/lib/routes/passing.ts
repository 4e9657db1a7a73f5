import type { CloudInstanceView, CloudRoute, Instances, RouteTable } from '../core/ports.ts';
import { isTargetOf, linkOf, reachedByPropagation, type LinkTarget } from '../domain/routes.ts';
import type { Managed } from './select.ts';

/** Whether packets can go the way of a route, as far as the cloud says: `unknown` is no yes. */
export interface Passing {
  readonly pass: 'yes' | 'no' | 'unknown';
  /** null where it is `yes`. */
  readonly why: string | null;
}

/** Gateway instances by id, or why they could not be looked at. */
export type InstanceLook = ReadonlyMap<string, CloudInstanceView> | string;

/** Instance behind a route's target; undefined: the target is no instance. */
export const instanceBehind = (
  { target }: CloudRoute,
  { entry }: Managed,
  links: readonly LinkTarget[],
): string | undefined =>
  target.kind === 'vgw' ? undefined : (target.instance ?? linkOf(target, entry.links, links)?.instance);

/** Looks at the instances at once. Never rejects: what can't be looked at is said. */
export const lookAtInstances = async (
  ids: readonly string[],
  open: () => Promise<Pick<Instances, 'describe'>>,
): Promise<InstanceLook> => {
  if (ids.length === 0) return new Map();
  try {
    const views = await (await open()).describe(ids);
    return new Map(views.map((view) => [view.instance, view]));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

/** The route is there; whether what it points at forwards is another question. @param carrying undefined: no route. */
export const passing = (
  table: RouteTable,
  managed: Managed,
  carrying: CloudRoute | undefined,
  links: readonly LinkTarget[],
  instances: InstanceLook,
): Passing => {
  if (carrying === undefined) return { pass: 'no', why: 'no route' };
  const { target } = carrying;
  if (carrying.state === 'blackhole') return { pass: 'no', why: `${target.id} is a blackhole: EC2 drops the packets` };
  if (target.kind === 'vgw') {
    if (carrying.origin === 'propagated') return { pass: 'yes', why: null };
    const link = links.find((one) => isTargetOf(target, one));
    const reached = link === undefined ? undefined : reachedByPropagation(table, managed.destination, link);
    if (reached === 'no')
      return { pass: 'no', why: `${target.id} has no route for it (BGP is down), so the static route leads nowhere` };
    return reached === 'yes'
      ? { pass: 'yes', why: null }
      : {
          pass: 'unknown',
          why: `nothing is propagated into this table, so it can't be seen whether ${target.id} has a route`,
        };
  }
  const id = instanceBehind(carrying, managed, links);
  if (id === undefined) return { pass: 'unknown', why: `${target.id} is no link of the site` };
  if (typeof instances === 'string') return { pass: 'unknown', why: `could not look at ${id}: ${instances}` };
  const view = instances.get(id);
  if (view === undefined) return { pass: 'unknown', why: `${id} was not found` };
  return view.state === 'running' ? { pass: 'yes', why: null } : { pass: 'no', why: `${id} is ${view.state}` };
};
