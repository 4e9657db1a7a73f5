/** One flag a byte, 256 of them. */
export type CharSet = Uint8Array;

/** @param parts sets, and ranges of bytes with both ends in them. */
export const charSet = (parts: readonly (CharSet | readonly [number, number])[]): CharSet => {
  const set = new Uint8Array(256);
  for (const part of parts) {
    if (part instanceof Uint8Array) part.forEach((has, code) => has === 1 && (set[code] = 1));
    else set.fill(1, part[0], part[1] + 1);
  }
  return set;
};

const SINGLES: readonly CharSet[] = Array.from({ length: 256 }, (_, code) => charSet([[code, code]]));
/** The set of one byte, the same object each time. */
export const single = (code: number): CharSet => SINGLES[code]!;

const BYTE_OF = new Map(SINGLES.map((set, code) => [set, code]));
/** The byte of a set that `single` gave; undefined for any other. */
export const onlyByteOf = (set: CharSet): number | undefined => BYTE_OF.get(set);

export const negated = (set: CharSet): CharSet => set.map((has) => 1 - has);

const DIGITS = charSet([[48, 57]]);
/** Space, \t \n \v \f \r. */
const SPACES = charSet([
  [9, 13],
  [32, 32],
]);
const WORD = charSet([
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
]);

/** `\d \D \s \S \w \W` of byte strings: ASCII alone. */
export const CATEGORIES: Readonly<Record<string, CharSet>> = {
  d: DIGITS,
  D: negated(DIGITS),
  s: SPACES,
  S: negated(SPACES),
  w: WORD,
  W: negated(WORD),
};

export const isWordByte = (code: number): boolean => WORD[code] === 1;

const other = (code: number): number =>
  code >= 65 && code <= 90 ? code + 32 : code >= 97 && code <= 122 ? code - 32 : code;

/** The set without regard to the case of ASCII letters. A negated set is one before its negation. */
export const caseless = (set: CharSet): CharSet =>
  set.map((has, code) => (has === 1 || set[other(code)] === 1 ? 1 : 0));

/** Text as the bytes that Python 2 would see, one character each. */
export const asBytes = (text: string): string =>
  /^[\u0000-\u007f]*$/.test(text)
    ? text
    : Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
