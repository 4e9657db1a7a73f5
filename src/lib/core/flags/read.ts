import type { Raw } from '../command.ts';
import { missingFlag, usageError } from '../errors.ts';
import { nameOf, type Arguments, type Flags, type TypedArgument, type TypedFlag } from '../flags.ts';
import { parseNamed, type ParseContext } from './kind.ts';

/** Flags and arguments that depend on each other, by their keys. */
export interface Relations<Name extends PropertyKey = string> {
  /** Of each group at most one may be given. */
  readonly conflicts?: readonly (readonly Name[])[];
  /** Who gives the first must give all the others too. */
  readonly requires?: { readonly [K in Name]?: readonly Name[] };
  /** Of each group at least one must be given. */
  readonly oneOf?: readonly (readonly Name[])[];
}

type Text = string | true;

const isYes = (text: string): boolean => /^(1|true|yes)$/i.test(text);

const parsed = ({ kind }: TypedFlag<unknown>, text: Text, context: ParseContext, field: string): unknown =>
  text === true ? true : parseNamed(kind!, text, context, field);

/** What stands on the line may be what the flag meant before; a variable never had that meaning. */
const typed = (flag: TypedFlag<unknown>, text: Text, context: ParseContext, field: string): unknown => {
  const moved = text === true ? undefined : flag.more.moved?.(text);
  if (moved !== undefined) throw usageError(moved, { field });
  return parsed(flag, text, context, field);
};

/** The option of one flag: what stands on the line wins over its variable, which wins over its default. */
const flagValue = (key: string, flag: TypedFlag<unknown>, raw: Raw, context: ParseContext): unknown => {
  const { env, many, required, default: fallback } = flag.more;
  const name = nameOf(key);
  const given = raw.given[name];
  // An empty variable counts as not set.
  const variable = given === undefined && env !== undefined ? context.env[env] || undefined : undefined;
  if (flag.kind === undefined) return given === true || (variable !== undefined && isYes(variable));
  const texts: readonly Text[] = given === undefined ? [] : typeof given === 'object' ? given : [given];
  const values =
    variable === undefined
      ? texts.map((text) => typed(flag, text, context, name))
      : [parsed(flag, variable, context, env!)];
  if (values.length === 0 && fallback !== undefined) values.push(parsed(flag, fallback, context, name));
  if (values.length === 0 && required === true)
    throw missingFlag(
      name,
      `add ${name} <${flag.more.placeholder ?? flag.kind.placeholder}>${env === undefined ? '' : `, or set ${env}`}`,
    );
  return many === true ? values : values.at(-1);
};

const argumentValue = (
  key: string,
  { kind, more }: TypedArgument<unknown>,
  given: Raw['args'][number],
  context: ParseContext,
): unknown => {
  const texts = given === undefined ? [] : typeof given === 'string' ? [given] : given;
  const values = (texts.length === 0 && more.default !== undefined ? [more.default] : texts).map((text) =>
    parseNamed(kind, text, context, key),
  );
  return more.many === true ? values : values[0];
};

const checkRelations = (
  { conflicts = [], requires = {}, oneOf = [] }: Relations,
  isGiven: (key: string) => boolean,
  onLine: (key: string) => boolean,
  name: (key: string) => string,
): void => {
  for (const group of conflicts) {
    const [first, second] = group.filter(onLine);
    if (second !== undefined)
      throw usageError(`cannot be used together with ${name(first!)}: use one of them`, { field: name(second) });
  }
  for (const [key, needed] of Object.entries(requires)) {
    const lacking = onLine(key) ? needed?.find((one) => !isGiven(one)) : undefined;
    if (lacking !== undefined) throw usageError(`works only with ${name(lacking)}: add that too`, { field: name(key) });
  }
  for (const group of oneOf) {
    if (group.some(isGiven)) continue;
    const [first, ...others] = group.map(name);
    throw usageError(`missing ${[first, ...others].join(' or ')}`, { field: first, next: 'add one of them' });
  }
};

/**
 * Reads what was typed by the kinds of the flags and arguments.
 * @returns the options by key.
 * @throws usage error that names the flag, the variable or the argument, and what to write.
 */
export const readOptions = (
  definition: { readonly args: Arguments; readonly flags: Flags } & Relations,
  raw: Raw,
  context: ParseContext,
): Readonly<Record<string, unknown>> => {
  const { args, flags } = definition;
  const options: Record<string, unknown> = {};
  for (const [index, [key, argument]] of Object.entries(args).entries())
    options[key] = argumentValue(key, argument, raw.args[index], context);
  const argumentIsGiven = (key: string): boolean => {
    const given = raw.args[Object.keys(args).indexOf(key)];
    return given !== undefined && given.length > 0;
  };
  const onLine = (key: string): boolean => (key in args ? argumentIsGiven(key) : raw.given[nameOf(key)] !== undefined);
  const fromVariable = (key: string): boolean => {
    const { env } = flags[key]?.more ?? {};
    const variable = env === undefined ? undefined : context.env[env] || undefined;
    return variable !== undefined && (flags[key]!.kind !== undefined || isYes(variable));
  };
  checkRelations(
    definition,
    (key) => onLine(key) || fromVariable(key),
    onLine,
    (key) => (key in args ? key : nameOf(key)),
  );
  for (const [key, flag] of Object.entries(flags)) options[key] = flagValue(key, flag, raw, context);
  return options;
};
