import { usageError } from '../errors.ts';
import { spelledToday } from '../spelling.ts';
import { nearest, show } from '../words.ts';
import { refused, type Kind } from './kind.ts';

/** Kinds that know nothing of a cloud; those that do are in lib/domain/kinds.ts. */

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
/** Longer than any name, address or path that we pass on. */
const MOST_LETTERS = 4_096;

const unlessControl = (text: string, like: string): string => {
  if (text === '') throw usageError(`is empty: write it like ${like}`);
  if (text.length > MOST_LETTERS) throw usageError(`has ${text.length} letters: at most ${MOST_LETTERS} are possible`);
  if (CONTROL.test(text))
    throw usageError(`${show(text)} has a line break or a control character: write it like ${like}`);
  return text;
};

export interface TextShape {
  readonly placeholder: string;
  /** The whole text must match. Absent: any text of one line. */
  readonly shape?: RegExp;
  /** With an article, for the refusal: `a subnet id`. */
  readonly what?: string;
  /** A value as it should be. */
  readonly like: string;
}

export const text = ({ placeholder, shape, what = `a ${placeholder}`, like }: TextShape): Kind<string> => ({
  placeholder,
  parse(given) {
    if (shape === undefined) return unlessControl(given, like);
    if (!shape.test(given) || CONTROL.test(given)) throw refused(given, what, like);
    return given;
  },
});

/** Any text at all, passed on as it is: what another program is to judge. */
export const anything = (placeholder = 'text'): Kind<string> => ({ placeholder, parse: (given) => given });

/** One of a few words. Capitals don't matter, and old spellings are accepted. */
export const choice = <const T extends string>(values: readonly T[], placeholder = 'name'): Kind<T> => ({
  placeholder,
  choices: values,
  parse(given) {
    const found =
      values.find((value) => value === given) ??
      values.find((value) => [given, spelledToday(given)].some((one) => value.toLowerCase() === one.toLowerCase()));
    if (found !== undefined) return found;
    const meant = nearest(given, values);
    throw usageError(
      `${show(given)} is not one of ${values.join(', ')}${meant === undefined ? '' : `: did you mean ${meant}?`}`,
    );
  },
});

export interface NumberRange {
  readonly from?: number;
  readonly to?: number;
  readonly placeholder?: string;
}

const rangeWords = ({ from, to }: NumberRange): string =>
  from !== undefined && to !== undefined
    ? ` from ${from} to ${to}`
    : from !== undefined
      ? ` of ${from} or more`
      : to !== undefined
        ? ` of at most ${to}`
        : '';

const within = (value: number, { from = -Infinity, to = Infinity }: NumberRange): boolean =>
  value >= from && value <= to;

/** A whole number. @param range default: 0 to the largest that a number holds exactly. */
export const count = (range: NumberRange = {}): Kind<number> => {
  const limits = { from: 0, to: Number.MAX_SAFE_INTEGER, ...range };
  const words = `a whole number${rangeWords({ from: limits.from, ...(range.to === undefined ? {} : { to: range.to }) })}`;
  return {
    placeholder: range.placeholder ?? 'number',
    words,
    parse(given) {
      const value = /^-?\d{1,16}$/.test(given) ? Number(given) : Number.NaN;
      if (!within(value, limits))
        throw usageError(given === '' ? `is empty: write ${words}` : `${show(given)} is not ${words}`);
      return value;
    },
  };
};

/** A number that may have a fraction: `0.5`, `-3`. */
export const decimal = (range: NumberRange = {}): Kind<number> => {
  const words = `a number${rangeWords(range)}`;
  return {
    placeholder: range.placeholder ?? 'number',
    words,
    parse(given) {
      const value = /^-?\d{1,15}(\.\d{1,9})?$/.test(given) ? Number(given) : Number.NaN;
      if (!within(value, range))
        throw usageError(given === '' ? `is empty: write ${words}` : `${show(given)} is not ${words}`);
      return value;
    },
  };
};

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
type Unit = keyof typeof UNIT_MS;
const DURATION = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d|w)$/;

export interface DurationRange {
  /** As a person writes it: `10ms`. */
  readonly from?: string;
  readonly to?: string;
  /** The unit that a bare number had before units were asked for: the refusal proposes it. Default: seconds. */
  readonly bare?: Unit;
}

const msOf = (given: string): number | undefined => {
  const [, amount, unit] = DURATION.exec(given) ?? [];
  return amount === undefined ? undefined : Number(amount) * UNIT_MS[unit as Unit];
};

/** A time with its unit. @returns ms */
export const duration = ({ from = '0s', to = '520w', bare = 's' }: DurationRange = {}): Kind<number> => ({
  placeholder: 'duration',
  words: 'a number with its unit: `10ms`, `60s`, `5m`, `24h`, `7d`, `2w`',
  parse(given) {
    if (/^\d{1,9}(\.\d{1,3})?$/.test(given)) throw usageError(`${given} has no unit: write ${given}${bare}`);
    const value = msOf(given);
    if (value === undefined) throw refused(given, 'a duration', '10ms, 60s, 5m, 24h or 7d');
    if (value < msOf(from)! || value > msOf(to)!) throw usageError(`${given} is not between ${from} and ${to}`);
    return value;
  },
});

/** An age counted back from now, or a date. @returns wall time, ms */
export const moment = (): Kind<number> => ({
  placeholder: 'age|date',
  words: 'an age or a date: `90m`, `24h`, `7d`, `2026-01-31`, `2026-01-31T08:00Z`',
  parse(given, { now }) {
    const ago = /^\d{1,6}[smhdw]$/.test(given) ? msOf(given) : undefined;
    if (ago !== undefined) return now - ago;
    const date = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?$/.test(given) ? Date.parse(given) : Number.NaN;
    if (Number.isNaN(date)) throw refused(given, 'an age or a date', '90m, 24h, 7d or 2026-01-31T08:00Z');
    return date;
  },
});

/** The name of a file or of a folder; whether it is there is seen when it is read. */
export const path = (placeholder: 'file' | 'dir' = 'file'): Kind<string> => ({
  placeholder,
  completion: 'files',
  parse: (given) => unlessControl(given, placeholder === 'dir' ? './folder' : './file'),
});

/** A file that holds a secret: the secret itself never goes on the command line, and an error never repeats it. */
export const secretFile = (): Kind<string> => ({
  placeholder: 'file',
  words: 'where it holds a key or a secret: a file of mode 0600; the secret itself never goes on the command line',
  completion: 'files',
  parse(given) {
    if (given === '' || given.length > MOST_LETTERS || CONTROL.test(given))
      throw usageError('is not the name of a file: write the secret into a file of mode 0600 and name that');
    return given;
  },
});

/** A word, or a pair of words with `=` between them, the first of which has a kind of its own. */
export const pair = <K, V>(first: Kind<K>, second: Kind<V>): Kind<readonly [K, V]> => ({
  placeholder: `${first.placeholder}=${second.placeholder}`,
  parse(given, context) {
    const at = given.indexOf('=');
    if (at < 1 || at === given.length - 1)
      throw usageError(
        `${show(given)} is not a pair: write ${first.placeholder.toUpperCase()}=${second.placeholder.toUpperCase()}`,
      );
    return [first.parse(given.slice(0, at), context), second.parse(given.slice(at + 1), context)];
  },
});

/** `user@host`, `user@host:port`, `user@[2001:db8::1]:port`; a word that begins with `-` would be an option of ssh. */
const HOST = /^[a-z_][a-z0-9_.-]{0,31}@(?:[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/i;

/** A machine that is reached by ssh. */
export const host = (): Kind<string> => ({
  placeholder: 'user@host',
  words: '`user@host` or `user@host:port`, reached by ssh',
  parse(given) {
    const match = HOST.exec(given);
    const port = Number(match?.[1] ?? 22);
    if (match === null || port < 1 || port > 65_535)
      throw refused(given, 'user@host or user@host:port', 'admin@203.0.113.11 or root@gw-1:2222');
    return given;
  },
});

/** RFC 5321's usual form: no quotes, no comments, a domain with a dot. */
const MAIL =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;

export const mail = (): Kind<string> =>
  text({ placeholder: 'address', shape: MAIL, what: 'a mail address', like: 'ops@example.com' });

/** `http://` or `https://`, without a login inside. */
export const url = (like = 'https://example.com'): Kind<string> => ({
  placeholder: 'url',
  parse(given) {
    const parsed = /^https?:\/\/[^\s]+$/.test(given) && URL.canParse(given) ? new URL(given) : undefined;
    if (parsed === undefined || given.length > 2_048)
      throw refused(given, 'an address that begins with http:// or https://', like);
    if (parsed.username !== '' || parsed.password !== '')
      throw usageError(`has a login in it: write only the address, like ${like}`);
    return given;
  },
});
