import type { Proposal } from '../domain/crypto.ts';
import type { Algorithm } from './types.ts';

const CIPHERS = ['aes128', 'aes256', 'aes128gcm16', 'aes256gcm16'] as const;
const HASHES = ['sha1', 'sha256', 'sha384', 'sha512'] as const;

/** The proposal whose headers `espMtu` can add up; undefined for ciphers it has no numbers for. */
export const mtuProposal = ({ encryption, hash }: Pick<Algorithm, 'encryption' | 'hash'>): Proposal | undefined => {
  // 192-bit keys take the same room as 256-bit ones.
  const cipher = CIPHERS.find((name) => name === encryption?.replace('192', '256'));
  if (cipher === undefined) return undefined;
  const integrity = HASHES.find((name) => name === hash) ?? (cipher.endsWith('gcm16') ? 'sha256' : undefined);
  return integrity === undefined ? undefined : { encryption: cipher, hash: integrity, dh: undefined };
};
