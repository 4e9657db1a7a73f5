import type { ValueList } from '../../core/collectd.ts';
import { SETS } from './sets.ts';
import { readWhitelist, type Line, type Whitelist } from './whitelist.ts';

/** `cpu-0` is plugin cpu, instance 0: a name ends at its first dash (collectd, parse_identifier). */
const split = (text: string): readonly [string, string] => {
  const dash = text.indexOf('-');
  return dash === -1 ? [text, ''] : [text.slice(0, dash), text.slice(dash + 1)];
};

/**
 * The names that the plugin holds against its whitelist: `plugin-instance-type-instance`, dashes also where a part is
 * empty. A list of several values gives one for each, its name after the type's instance. (Before 2018 the plugin did
 * not take lists apart: the field document's `load--load-` is `load--load-shortterm` today.)
 * Source: awslabs/collectd-cloudwatch, modules/flusher.py.
 */
export const keysOf = ({ identifier, values }: ValueList): readonly string[] => {
  const [, plugin = '', ...rest] = identifier.split('/');
  const [name, instance] = split(plugin);
  const [type, typeInstance] = split(rest.join('/'));
  const key = (last: string): string => `${name}-${instance}-${type}-${last}`;
  return values.length === 1
    ? [key(typeInstance)]
    : values.map((value) => key(typeInstance === '' ? value : `${typeInstance}.${value}`));
};

/** Names in a blocked_metrics file, each once. Lines with `#` are the plugin's heading. */
export const parseBlocked = (text: string): readonly string[] => [
  ...new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#')),
  ),
];

export interface Preview {
  readonly published: readonly string[];
  readonly blocked: readonly string[];
  /** How many of the published each line lets through that no line before it does. */
  readonly byLine: readonly (Pick<Line, 'number' | 'text'> & { readonly metrics: number })[];
}

/**
 * Which of the names are published. @throws BeyondUs where it takes too long; call it for a whitelist that can be
 * judged.
 */
export const preview = ({ lines, judge }: Whitelist, keys: readonly string[]): Preview => {
  if ('problem' in judge) throw new RangeError(judge.problem);
  const published: string[] = [];
  const blocked: string[] = [];
  const counts = new Map<Line | null, number>();
  for (const key of keys) {
    const line = judge.line(key);
    (line === undefined ? blocked : published).push(key);
    if (line !== undefined) counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return {
    published,
    blocked,
    byLine: lines.flatMap((line) =>
      line.is === 'rule' ? [{ number: line.number, text: line.text, metrics: counts.get(line) ?? 0 }] : [],
    ),
  };
};

export interface Suggestion {
  /** A set's name, or a line for the whitelist: what `collectd whitelist add` takes. */
  readonly add: string;
  readonly what: string;
  readonly metrics: readonly string[];
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** What could be added so that the names are published: sets first, then what is left of each plugin. */
export const suggest = (keys: readonly string[]): readonly Suggestion[] => {
  let rest = keys;
  const take = (lines: readonly string[]): readonly string[] => {
    const { published, blocked } = preview(readWhitelist(lines.join('\n')), rest);
    rest = blocked;
    return published;
  };
  const sets = SETS.map(({ name, what, lines }): Suggestion => ({ add: name, what, metrics: take(lines) }));
  const plugins = [...new Set(rest.map((key) => split(key)[0]))].sort();
  const others = plugins.map((plugin): Suggestion => {
    const own = rest.filter((key) => key.startsWith(`${plugin}-`) || key === plugin);
    return own.length === 1
      ? { add: escaped(own[0]!), what: 'this metric', metrics: own }
      : { add: `${escaped(plugin)}-.*`, what: `everything of the ${plugin} plugin`, metrics: own };
  });
  return [...sets, ...others].filter(({ metrics }) => metrics.length > 0);
};
