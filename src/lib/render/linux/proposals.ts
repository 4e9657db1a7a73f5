import { isAead, type DhGroup, type Encryption, type Hash, type Proposal } from '../../domain/crypto.ts';

const STRONGSWAN_DH: Readonly<Record<DhGroup, string>> = { 2: 'modp1024', 14: 'modp2048', 19: 'ecp256', 20: 'ecp384' };
const withDh = (parts: readonly string[], dh: string | undefined, separator: string): string =>
  dh === undefined ? parts.join('-') : `${parts.join('-')}${separator}${dh}`;

/** strongSwan's keywords, strongest first: `aes256gcm16-prfsha384-ecp384`, `aes128-sha1-modp1024`. */
export const strongswanIke = (proposals: readonly Proposal[]): string =>
  proposals
    .map(({ encryption, hash, dh }) =>
      withDh([encryption, isAead(encryption) ? `prf${hash}` : hash], dh && STRONGSWAN_DH[dh], '-'),
    )
    .join(',');

export const strongswanEsp = (proposals: readonly Proposal[]): string =>
  proposals
    .map(({ encryption, hash, dh }) =>
      withDh(isAead(encryption) ? [encryption] : [encryption, hash], dh && STRONGSWAN_DH[dh], '-'),
    )
    .join(',');

const SWAN_CIPHER: Readonly<Record<Encryption, string>> = {
  aes128: 'aes128',
  aes256: 'aes256',
  aes128gcm16: 'aes_gcm128',
  aes256gcm16: 'aes_gcm256',
};
const SWAN_HASH: Readonly<Record<Hash, string>> = {
  sha1: 'sha1',
  sha256: 'sha2_256',
  sha384: 'sha2_384',
  sha512: 'sha2_512',
};
const SWAN_DH: Readonly<Record<DhGroup, string>> = { 2: 'modp1024', 14: 'modp2048', 19: 'dh19', 20: 'dh20' };

/** Openswan's and Libreswan's keywords: `aes_gcm256-sha2_384;dh20`, `aes128-sha1;modp1024`. */
export const swanIke = (proposals: readonly Proposal[]): string =>
  proposals
    .map(({ encryption, hash, dh }) => withDh([SWAN_CIPHER[encryption], SWAN_HASH[hash]], dh && SWAN_DH[dh], ';'))
    .join(',');

/**
 * Only the proposals of the first one's group: Libreswan refuses a connection with two ESP groups ("more than one IKEv2
 * ESP DH algorithm requires unimplemented CHILD_SA INVALID_KE"). The other end offers that group first, so they meet.
 */
export const swanEsp = (proposals: readonly Proposal[]): string =>
  proposals
    .filter(({ dh }) => dh === proposals[0]?.dh)
    .map(({ encryption, hash, dh }) =>
      withDh(
        isAead(encryption) ? [SWAN_CIPHER[encryption], 'null'] : [SWAN_CIPHER[encryption], SWAN_HASH[hash]],
        dh && SWAN_DH[dh],
        ';',
      ),
    )
    .join(',');
