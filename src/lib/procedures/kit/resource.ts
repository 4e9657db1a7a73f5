import { failure, type HybridError } from '../../core/errors.ts';
import type { Call, Difference, Existing, ReadContext, ReadResult, Step, Values } from '../../core/procedure.ts';
import { isOurs } from '../../domain/tags.ts';
import { inWords } from './words.ts';

type Common = Pick<Step, 'key' | 'title' | 'needs' | 'cost' | 'idPath' | 'after' | 'timeoutMs'>;

/** What a resource and a part of one have in common. @typeParam T what a read of it gives */
interface Described<T> extends Common {
  id(is: T, values: Values): string;
  outputs?(is: T): Readonly<Record<string, string>>;
  /** Ids of others that a run that broke off made, where the read tells of them. */
  surplus?(is: T): readonly string[];
  /** Why it can't be used yet; undefined when it can. */
  pending?(is: T): string | undefined;
  /** What is not as it should be. @param owned it is ours */
  diff?(is: T, values: Values, owned: boolean): readonly Difference[] | Promise<readonly Difference[]>;
  /** Worth saying of it; nothing follows from it. */
  notes?(is: T): readonly string[];
  create(values: Values): readonly Call[];
  update?(values: Values, is: T, differences: readonly Difference[], found: Existing): readonly Call[];
  delete?(values: Values, id: string): readonly Call[];
}

export interface Resource<T> extends Described<T> {
  /** What it is called: `security group`. */
  readonly kind: string;
  /** By which the user can name it with --adopt. Default: its id. */
  readonly name?: string;
  /** What a refusal calls it, where name and id both help to find it. Default: the name, else the id. */
  label?(is: T): string;
  /** Named by the site file: used, and ours only if its tags say so. */
  readonly known?: string | undefined;
  /** The one with an id or name that the user gave. Absent: it can't be adopted. */
  byId?(context: ReadContext, id: string): Promise<T | undefined>;
  /** All with our tags. The first is kept; a run that broke off may have made more. */
  byTags?(context: ReadContext): Promise<readonly T[]>;
  /** The one that has its name, or what else it can't share with another; whosever it is. */
  byName?(context: ReadContext): Promise<T | undefined>;
  tags(is: T): Parameters<typeof isOurs>[0];
  /** In place of tags, where the service keeps none. */
  owned?(is: T, values: Values): boolean;
  /**
   * What becomes of somebody else's of that name. `use`: it is used as it is. `change`: it is brought to what it should
   * be, for that is what the procedure is for, and never removed. Default: it is refused.
   */
  readonly foreign?: 'use' | 'change';
  /** It is gone, though the service still shows it. */
  gone?(is: T): boolean;
  /** It is on its way out: no duplicate that would have to be removed. */
  leaving?(is: T): boolean;
  /** What a creation has to know of those that are gone. */
  outputsOfGone?(gone: readonly T[]): Readonly<Record<string, string>>;
  /** The error where the one that the site file names is not there. */
  missing?(id: string): HybridError;
}

const commonOf = ({ key, title, needs, cost, idPath, after, timeoutMs }: Common): Common => ({
  key,
  title,
  ...(needs === undefined ? {} : { needs }),
  ...(cost === undefined ? {} : { cost }),
  ...(idPath === undefined ? {} : { idPath }),
  ...(after === undefined ? {} : { after }),
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
});

const existing = <T>(
  spec: Described<T>,
  is: T,
  values: Values,
  owned: boolean,
  others: readonly string[],
): Existing => {
  const surplus = [...(spec.surplus?.(is) ?? []), ...others];
  const notes = spec.notes?.(is) ?? [];
  return {
    id: spec.id(is, values),
    owned,
    properties: is,
    ...(spec.outputs === undefined ? {} : { outputs: spec.outputs(is) }),
    ...(surplus.length === 0 ? {} : { surplus }),
    ...(notes.length === 0 ? {} : { notes }),
  };
};

/** A step's `update` and `delete`, which take what the read gave. */
const changesOf = <T>({ update, delete: remove }: Described<T>): Pick<Step, 'update' | 'delete'> => ({
  ...(update === undefined
    ? {}
    : { update: (values, found, differences) => update(values, found.properties as T, differences, found) }),
  ...(remove === undefined ? {} : { delete: remove }),
});

const withArticle = (noun: string): string => `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`;

/** @param locked not ours to change: what would be changed is only told. What nobody can change is an error all the same. */
const resultOf = (found: Existing, differences: readonly Difference[], locked: boolean): ReadResult => {
  const errors = locked ? differences.filter(({ fixable }) => fixable === false) : differences;
  if (errors.length > 0) return { state: 'differs', found, differences: errors };
  const told = differences.map((one) => `${inWords(one)}; it is not changed, for it is not ours`);
  return { state: 'ready', found: told.length === 0 ? found : { ...found, notes: [...(found.notes ?? []), ...told] } };
};

/**
 * A thing that stands by itself. It is looked for in this order: the one that --adopt or the site file names; ours by
 * its tags; the one that has its name. One that was adopted, or that is somebody else's, is used as it is: never
 * changed, never removed.
 */
export const resource = <T>(site: string, spec: Resource<T>): Step => {
  const { key, kind } = spec;
  const isOwn = (is: T, values: Values): boolean => spec.owned?.(is, values) ?? isOurs(spec.tags(is), site, key);
  const judged = async (
    is: T,
    { values }: ReadContext,
    how: 'adopted' | 'known' | 'found',
    more: readonly T[] = [],
  ) => {
    const owned = how !== 'adopted' && isOwn(is, values);
    const surplus = more.filter((one) => spec.leaving?.(one) !== true).map((one) => spec.id(one, values));
    const found = existing(spec, is, values, owned, surplus);
    const why = spec.pending?.(is);
    if (why !== undefined) return { state: 'pending', found, why } as const;
    const locked = how === 'adopted' || (how === 'found' && !owned && spec.foreign !== 'change');
    return resultOf(found, (await spec.diff?.(is, values, owned)) ?? [], locked);
  };
  return {
    ...commonOf(spec),
    adoptable: spec.byId !== undefined,
    async read(context) {
      const adopted = context.adopted.get(key);
      const given = adopted ?? spec.known;
      if (given !== undefined) {
        const is = await spec.byId?.(context, given);
        if (is !== undefined && spec.gone?.(is) !== true)
          return judged(is, context, adopted === undefined ? 'known' : 'adopted');
        if (adopted === undefined && spec.missing !== undefined) throw spec.missing(given);
        throw failure(`there is no ${kind} ${given}`, {
          field: '--adopt',
          next: `correct --adopt ${key}=…, or leave it out`,
        });
      }
      const tagged = (await spec.byTags?.(context)) ?? [];
      const [own, ...more] = tagged.filter((one) => spec.gone?.(one) !== true);
      if (own !== undefined) return judged(own, context, 'found', more);
      const named = await spec.byName?.(context);
      if (named === undefined || spec.gone?.(named) === true)
        return {
          state: 'absent',
          ...(spec.outputsOfGone === undefined ? {} : { outputs: spec.outputsOfGone(tagged) }),
        };
      const ours = spec.owned?.(named, context.values) ?? isOurs(spec.tags(named), site);
      if (!ours && spec.foreign === undefined && !context.removing) {
        const id = spec.name ?? spec.id(named, context.values);
        throw failure(`${withArticle(kind)} ${spec.label?.(named) ?? id} is there and is not hybridctl's`, {
          field: key,
          next: `rename or remove it, or give --adopt ${key}=${id} to use it as it is`,
        });
      }
      return judged(named, context, 'found');
    },
    create: spec.create,
    ...changesOf(spec),
  };
};

export interface Part<T> extends Described<T> {
  /** Key of the thing that it belongs to. While that is not there, neither is this. */
  readonly parent: string;
  read(context: ReadContext): Promise<T | undefined>;
  /** Whether it is ours, given that its parent was not adopted. Default: where its parent is ours. */
  owned?(is: T, values: Values): boolean;
  /**
   * What is said of an adopted parent that lacks it. `refuse`: the procedure would not work without; `tell`: nobody can
   * say whether the parent has the same in another form. Default `refuse`.
   */
  readonly lacking?: 'refuse' | 'tell';
}

/**
 * A thing that is nothing without another: a policy, rules, an attachment. It follows its parent: of one that was
 * adopted it is neither created nor changed nor removed.
 */
export const part = <T>(spec: Part<T>): Step => {
  const { title, parent, lacking = 'refuse' } = spec;
  const next = `see to it yourself, or leave out --adopt ${parent}`;
  return {
    ...commonOf(spec),
    needs: [parent, ...(spec.needs ?? []).filter((slot) => slot !== parent)],
    async read(context) {
      const { values, adopted } = context;
      const locked = adopted.has(parent);
      const is = await spec.read(context);
      if (is === undefined) {
        if (!locked) return { state: 'absent' };
        const found: Existing = { id: values(parent), owned: false };
        return resultOf(found, [{ field: values(parent), wanted: title, fixable: lacking === 'tell', next }], true);
      }
      const owned = !locked && (spec.owned?.(is, values) ?? values.owned(parent));
      const found = existing(spec, is, values, owned, []);
      const why = spec.pending?.(is);
      if (why !== undefined) return { state: 'pending', found, why };
      const differences = (await spec.diff?.(is, values, owned)) ?? [];
      const refused = lacking === 'tell' ? differences : differences.map((one) => ({ ...one, fixable: false, next }));
      return resultOf(found, locked ? refused : differences, locked);
    },
    create: spec.create,
    ...changesOf(spec),
  };
};
