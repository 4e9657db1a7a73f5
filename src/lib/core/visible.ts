/**
 * What a terminal obeys instead of showing it: control characters (C0 but for line feed and tab, DEL, C1), marks that
 * turn the direction of text around, and those that end a line. Sources: ECMA-48 (control functions), Unicode UAX #9,
 * 2 (directional formatting characters), CVE-2021-42574 (text that reads otherwise than it is).
 */
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const named = (char: string): string => {
  const code = char.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
};

/** Text from anywhere, as a terminal may have it: `\x1b[2J` in place of a cleared screen. */
export const visible = (text: string): string => text.replace(OBEYED, named);

/** All texts of plain data, keys too. */
export const visibleIn = <T>(value: T): T => {
  if (typeof value === 'string') return visible(value) as T;
  if (Array.isArray(value)) return value.map(visibleIn) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [visible(key), visibleIn(item)])) as T;
};

/** The same JSON, with what a terminal obeys in JSON's own escapes. */
export const visibleJson = (json: string): string =>
  json.replace(OBEYED, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
