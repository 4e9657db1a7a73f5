import type { CryptoLevel } from '../domain/crypto.ts';
import type { Auth, Dialect } from '../domain/site.ts';

/** What a choice means, for who has not seen the word before. */
export const CRYPTO_WORDS: Readonly<Record<CryptoLevel, string>> = {
  modern: 'IKEv2, AES-GCM, DH groups 20 and 19: for every box of the last ten years',
  cnsa: 'AES-256-GCM, SHA-384, DH group 20 only: where a policy asks for it',
  legacy: 'IKEv1, SHA-1, DH group 2: weak, for old boxes that can do nothing else',
};

export const AUTH_WORDS: Readonly<Record<Auth, string>> = {
  psk: 'a pre-shared key for each tunnel, made here: nothing else is needed',
  cert: 'certificates of a CA of this site (vpn pki init): expire and can be revoked; not for Openswan',
};

export const DIALECT_WORDS: Readonly<Record<Dialect, string>> = {
  swanctl: 'Linux with strongSwan 5.7 or newer (swanctl.conf)',
  'ipsec-conf': 'Linux with an older strongSwan (ipsec.conf)',
  libreswan: 'Linux with Libreswan, as Red Hat and Amazon Linux have it',
  openswan: 'Linux with Openswan, of old',
  'ios-vti': 'Cisco IOS or IOS XE, a tunnel interface: routes decide what goes in',
  'ios-cryptomap': 'Cisco IOS with a crypto map: an access list decides what goes in',
  'asa-8.2': 'Cisco ASA up to 8.2, crypto map',
  'asa-8.3': 'Cisco ASA from 8.3, crypto map',
  'asa-9.7-vti': 'Cisco ASA from 9.7, a tunnel interface',
};
