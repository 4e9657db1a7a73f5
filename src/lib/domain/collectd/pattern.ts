import { CATEGORIES, charSet, single, type CharSet } from './char-set.ts';
import { width, type Node, type Place } from './pattern-node.ts';

export interface Pattern {
  readonly node: Node;
  readonly flags: ReadonlySet<string>;
}

/** Python refuses the pattern; the message is in its words. */
export class BadPattern extends Error {
  override readonly name = 'BadPattern';
}

/** Python may take it, hybridctl does not judge it; the message says what. */
export class BeyondUs extends Error {
  override readonly name = 'BeyondUs';
}

const DIGIT = /^[0-9]$/;
const OCTAL = /^[0-7]$/;
const HEX = /^[0-9A-Fa-f]$/;
const PLAIN_ESCAPES: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };
const PLACES: Readonly<Record<string, Place>> = { A: 'start', Z: 'end', b: 'boundary', B: 'inside' };
const MOST_GROUPS = 99;
/** Deeper nesting would overflow our stack; nobody writes it. */
const DEEPEST = 100;
const MOST_REPEATS = 65_535;

/**
 * Reads a pattern as module `re` of Python 2.7 does (the plugin is Python 2): unknown escapes are the letter itself,
 * `{,3}` is a repeat, `[]a]` holds a bracket, flags count for the whole pattern wherever they stand, and there are no
 * possessive repeats. Characters are bytes.
 * @throws BadPattern, BeyondUs
 */
export const parsePattern = (source: string): Pattern => {
  const first = parseOnce(source, new Set());
  return first.flags.has('x') ? parseOnce(source, first.flags) : first;
};

const parseOnce = (source: string, given: ReadonlySet<string>): Pattern => {
  const flags = new Set(given);
  const names = new Set<string>();
  const open = new Set<number>();
  let groups = 0;
  let at = 0;
  const cant = (what: string): never => {
    throw new BeyondUs(what);
  };

  /** The next token: a byte, or a backslash with the byte after it; undefined at the end. */
  const peek = (): string | undefined => {
    const char = source[at];
    if (char !== '\\') return char;
    if (at + 1 >= source.length) throw new BadPattern('bogus escape (end of line)');
    return source.slice(at, at + 2);
  };
  const take = (): string | undefined => {
    const token = peek();
    at += token?.length ?? 0;
    return token;
  };
  const accept = (token: string): boolean => {
    if (peek() !== token) return false;
    at += token.length;
    return true;
  };
  const takeWhile = (shape: RegExp, most: number): string => {
    let taken = '';
    while (taken.length < most && shape.test(source[at] ?? '')) taken += source[at++]!;
    return taken;
  };

  const numeric = (letter: string, inClass: boolean, spelled: string): number => {
    if (letter === 'x') {
      const digits = takeWhile(HEX, 2);
      if (digits.length !== 2) throw new BadPattern(`bogus escape: '${spelled}${digits}'`);
      return Number.parseInt(digits, 16);
    }
    if (inClass) {
      if (!OCTAL.test(letter)) throw new BadPattern(`bogus escape: '${spelled}'`);
      return Number.parseInt(letter + takeWhile(OCTAL, 2), 8) & 0xff;
    }
    if (letter === '0') return Number.parseInt(letter + takeWhile(OCTAL, 2), 8) & 0xff;
    const second = takeWhile(DIGIT, 1);
    if (second !== '' && /^[0-7]{2}$/.test(letter + second) && OCTAL.test(source[at] ?? ''))
      return Number.parseInt(letter + second + source[at++]!, 8) & 0xff;
    const group = Number(letter + second);
    if (group > groups) throw new BadPattern(`bogus escape: '${spelled}${second}'`);
    if (open.has(group)) throw new BadPattern('cannot refer to open group');
    return cant('a back-reference, whose number counts the groups of all lines before it too');
  };

  const classEscape = (token: string): CharSet | number => {
    const letter = token[1]!;
    if (CATEGORIES[letter] !== undefined) return CATEGORIES[letter];
    if (letter === 'b') return 8;
    if (PLAIN_ESCAPES[letter] !== undefined) return PLAIN_ESCAPES[letter];
    return letter === 'x' || DIGIT.test(letter) ? numeric(letter, true, token) : letter.charCodeAt(0);
  };

  const charClass = (): Node => {
    const negative = accept('^');
    const parts: (CharSet | readonly [number, number])[] = [];
    for (let first = true; ; first = false) {
      const token = take();
      if (token === undefined) throw new BadPattern('unexpected end of regular expression');
      if (token === ']' && !first) return { is: 'set', set: charSet(parts), negative };
      const low = token.length === 2 ? classEscape(token) : token.charCodeAt(0);
      const lone = typeof low === 'number' ? ([low, low] as const) : low;
      if (!accept('-')) {
        parts.push(lone);
        continue;
      }
      const end = take();
      if (end === undefined) throw new BadPattern('unexpected end of regular expression');
      if (end === ']') {
        parts.push(lone, [45, 45]);
        return { is: 'set', set: charSet(parts), negative };
      }
      const high = end.length === 2 ? classEscape(end) : end.charCodeAt(0);
      if (typeof low !== 'number' || typeof high !== 'number' || high < low)
        throw new BadPattern('bad character range');
      parts.push([low, high]);
    }
  };

  const literal = (code: number): Node => ({ is: 'set', set: single(code), negative: false });

  const escaped = (token: string): Node => {
    const letter = token[1]!;
    if (PLACES[letter] !== undefined) return { is: 'at', at: PLACES[letter] };
    if (CATEGORIES[letter] !== undefined) return { is: 'set', set: CATEGORIES[letter], negative: false };
    if (PLAIN_ESCAPES[letter] !== undefined) return literal(PLAIN_ESCAPES[letter]);
    return literal(letter === 'x' || DIGIT.test(letter) ? numeric(letter, false, token) : letter.charCodeAt(0));
  };

  /** @returns least and most, or undefined where the brace is a plain character. */
  const braces = (): readonly [number, number] | undefined => {
    const here = at;
    if (source[at] === '}') return undefined;
    const low = takeWhile(DIGIT, 20);
    const high = accept(',') ? takeWhile(DIGIT, 20) : low;
    if (!accept('}')) {
      at = here;
      return undefined;
    }
    const [least, most] = [low === '' ? 0 : Number(low), high === '' ? Infinity : Number(high)];
    if (least >= MOST_REPEATS || (most >= MOST_REPEATS && most !== Infinity)) cant('a repeat of 65535 or more');
    if (most < least) throw new BadPattern('bad repeat interval');
    return [least, most];
  };

  const repeat = (items: Node[], [least, most]: readonly [number, number]): void => {
    const last = items.pop();
    if (last === undefined || last.is === 'at') throw new BadPattern('nothing to repeat');
    if (last.is === 'repeat') throw new BadPattern('multiple repeat');
    accept('?');
    items.push({ is: 'repeat', of: last, least, most });
  };

  const close = (): void => {
    if (!accept(')')) throw new BadPattern('unbalanced parenthesis');
  };

  const captured = (depth: number): Node => {
    groups += 1;
    if (groups > MOST_GROUPS) throw new BadPattern('sorry, but this version only supports 100 named groups');
    const mine = groups;
    open.add(mine);
    const inner = alternatives(depth + 1);
    close();
    open.delete(mine);
    return { is: 'all', of: [inner] };
  };

  const python = (depth: number): Node => {
    const kind = take();
    const end = kind === '<' ? '>' : ')';
    if (kind !== '<' && kind !== '=') throw new BadPattern(`unknown specifier: ?P${kind ?? ''}`);
    const until = source.indexOf(end, at);
    if (until === -1) throw new BadPattern('unterminated name');
    const name = source.slice(at, until);
    at = until + 1;
    if (name === '') throw new BadPattern('missing group name');
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new BadPattern(`bad character in group name '${name}'`);
    if (kind === '<') {
      if (names.has(name)) throw new BadPattern(`redefinition of group name '${name}'`);
      names.add(name);
      return captured(depth);
    }
    if (!names.has(name)) throw new BadPattern(`unknown group name: '${name}'`);
    return cant('a back-reference');
  };

  const looking = (depth: number): Node => {
    let kind = take();
    const back = kind === '<';
    if (back) kind = take();
    if (kind !== '=' && kind !== '!') throw new BadPattern('syntax error');
    const of = alternatives(depth + 1);
    close();
    const [least, most] = back ? width(of) : [0, 0];
    if (least !== most) throw new BadPattern('look-behind requires fixed-width pattern');
    return { is: 'look', of, negative: kind === '!', back: back ? least : undefined };
  };

  /** By tokens: an escaped bracket does not end a comment. */
  const skipTo = (end: string): void => {
    while (![end, undefined].includes(peek())) take();
  };

  /** After `(`. @returns undefined for what takes part in no match: a comment, flags. */
  const group = (depth: number): Node | undefined => {
    if (depth > DEEPEST) cant(`groups in groups, more than ${DEEPEST} deep`);
    if (!accept('?')) return captured(depth);
    if (accept('P')) return python(depth);
    if (accept(':')) {
      const of = alternatives(depth + 1);
      close();
      return { is: 'all', of: [of] };
    }
    if (accept('#')) {
      skipTo(')');
      close();
      return undefined;
    }
    if (['=', '!', '<'].includes(peek() ?? '')) return looking(depth);
    if (accept('(')) cant('a conditional group');
    const letters = takeWhile(/^[iLmsuxt]$/, 20);
    if (letters === '') throw new BadPattern('unexpected end of pattern');
    for (const letter of letters) flags.add(letter);
    if (/[Lut]/.test(letters)) cant(`flag (?${letters.replace(/[^Lut]/g, '')})`);
    if (!accept(')')) throw new BadPattern(peek() === undefined ? 'unexpected end of pattern' : 'unknown extension');
    return undefined;
  };

  const sequence = (depth: number): Node => {
    const items: Node[] = [];
    for (let token = peek(); token !== undefined && token !== '|' && token !== ')'; token = peek()) {
      take();
      if (flags.has('x') && /^[ \t\n\r\v\f]$/.test(token)) continue;
      if (flags.has('x') && token === '#') skipTo('\n');
      else if (token.length === 2) items.push(escaped(token));
      else if (token === '[') items.push(charClass());
      else if (token === '.') items.push({ is: 'any' });
      else if (token === '^') items.push({ is: 'at', at: 'line-start' });
      else if (token === '$') items.push({ is: 'at', at: 'line-end' });
      else if (token === '*') repeat(items, [0, Infinity]);
      else if (token === '+') repeat(items, [1, Infinity]);
      else if (token === '?') repeat(items, [0, 1]);
      else if (token === '{') {
        const bounds = braces();
        if (bounds === undefined) items.push(literal(123));
        else repeat(items, bounds);
      } else if (token === '(') items.push(...[group(depth)].filter((one) => one !== undefined));
      else items.push(literal(token.charCodeAt(0)));
    }
    return { is: 'all', of: items };
  };

  const alternatives = (depth: number): Node => {
    const of = [sequence(depth)];
    while (accept('|')) of.push(sequence(depth));
    return of.length === 1 ? of[0]! : { is: 'one', of };
  };

  const node = alternatives(0);
  if (at < source.length) throw new BadPattern('unbalanced parenthesis');
  return { node, flags };
};
