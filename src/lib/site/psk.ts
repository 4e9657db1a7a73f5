import type { CryptoLevel } from '../domain/crypto.ts';
import type { Ports } from '../core/ports.ts';

/** AWS's rule for tunnels, and safe in every dialect's file: nothing here needs a quote or an escape. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._';
/** 40 characters of 64 are 240 bits: beyond the 192 that CNSA's AES-256 with DH 20 can profit from. */
const LENGTH = 40;

/** A new key: 40 characters, each evenly likely, the first not `0`. */
export const generatePsk = (random: Ports['random']): string => {
  for (;;) {
    // 64 divides 256, so a byte's low six bits favour no character.
    const key = Array.from(random(LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
    if (!key.startsWith('0')) return key;
  }
};

/** The key in a file's text: one newline at the end is the editor's, not the key's. */
export const keyIn = (text: string): string => text.replace(/\r?\n$/, '');

/**
 * What is wrong with a key, or undefined. The sentence never shows the key. 8 to 64 of [A-Za-z0-9._], not beginning
 * with 0 (AWS); the field documents' keys are shorter, so level `legacy` takes any length.
 */
export const pskProblem = (key: string, level: CryptoLevel): string | undefined => {
  if (key === '') return 'the key is empty: put 8 to 64 letters, digits, "." or "_" in it';
  if (/[\r\n]/.test(key)) return 'the key has a line break: put it on one line';
  if (/[^A-Za-z0-9._]/.test(key))
    return 'the key has a character that not every box takes: use letters, digits, "." and "_"';
  if (key.startsWith('0')) return 'the key begins with 0, which AWS refuses: begin it with another character';
  if (key.length > 64) return `the key has ${key.length} characters: 64 is the most`;
  if (key.length < 8 && level !== 'legacy')
    return `the key has ${key.length} characters: 8 is the least, 32 are better`;
  return undefined;
};

/** A key that is allowed and yet weak; undefined when it is not. */
export const pskWarning = (key: string): string | undefined =>
  key.length < 20
    ? `the key has only ${key.length} characters: an IKEv1 or offline guess may find it, 32 are better`
    : undefined;

/** A BGP password (RFC 2385): printed into router files as it is. @returns what is wrong, never the password. */
export const bgpPasswordProblem = (password: string): string | undefined =>
  /^[A-Za-z0-9._-]{6,80}$/.test(password)
    ? undefined
    : 'the password is not 6 to 80 letters, digits, ".", "_" or "-": choose another';
