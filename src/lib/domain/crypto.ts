/**
 * Crypto levels by name. One suite serves both ends of a tunnel, so proposals and lifetimes can't drift apart.
 *
 * - `legacy`: the parameters of the field's how-to documents (IKEv1, AES-128, SHA-1, DH 2). RFC 8247 and RFC 9395 call
 *   these history; offered by name for old boxes, always with a warning.
 * - `modern`: IKEv2, AES-GCM, DH 20 first and DH 19 second.
 * - `cnsa`: CNSA 1.0 (RFC 9206): AES-256-GCM, SHA-384, DH 20 only.
 */
export const CRYPTO_LEVELS = ['legacy', 'modern', 'cnsa'] as const;
export type CryptoLevel = (typeof CRYPTO_LEVELS)[number];

export type Encryption = 'aes128' | 'aes256' | 'aes128gcm16' | 'aes256gcm16';
export type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512';
/** IANA transform type 4 numbers: 2 = modp1024, 14 = modp2048, 19 = ecp256, 20 = ecp384. */
export type DhGroup = 2 | 14 | 19 | 20;

export interface Proposal {
  readonly encryption: Encryption;
  /** Integrity for CBC ciphers; for GCM the PRF in IKE (RFC 5282) and unused in ESP. */
  readonly hash: Hash;
  /** In ESP: the group for perfect forward secrecy; undefined = none. */
  readonly dh: DhGroup | undefined;
}

export interface Suite {
  readonly level: CryptoLevel;
  readonly ikeVersion: 1 | 2;
  readonly ike: readonly Proposal[];
  readonly esp: readonly Proposal[];
  /** Seconds. `child` is always below `ike`. */
  readonly lifetime: { readonly ike: number; readonly child: number };
  /** Seconds. In IKEv2 the timeout does nothing: death is found by retransmission. */
  readonly dpd: { readonly delay: number; readonly timeout: number };
}

export const isAead = (encryption: Encryption): boolean => encryption.endsWith('gcm16');

/** The field documents differ by gateway software: "BJS VPN篇" (strongSwan) and "OpenSwan". */
export type LegacyStyle = 'strongswan' | 'openswan';

export const suiteFor = (level: CryptoLevel, legacy: LegacyStyle = 'strongswan'): Suite => {
  switch (level) {
    case 'legacy':
      return legacy === 'strongswan'
        ? {
            level,
            ikeVersion: 1,
            ike: [{ encryption: 'aes128', hash: 'sha1', dh: 2 }],
            esp: [{ encryption: 'aes128', hash: 'sha1', dh: 2 }],
            lifetime: { ike: 28_800, child: 3_600 },
            dpd: { delay: 3, timeout: 15 },
          }
        : {
            level,
            ikeVersion: 1,
            ike: [{ encryption: 'aes128', hash: 'sha1', dh: 2 }],
            esp: [{ encryption: 'aes128', hash: 'sha1', dh: undefined }],
            lifetime: { ike: 86_400, child: 3_600 },
            dpd: { delay: 10, timeout: 30 },
          };
    case 'modern':
      return {
        level,
        ikeVersion: 2,
        ike: [
          { encryption: 'aes256gcm16', hash: 'sha384', dh: 20 },
          { encryption: 'aes128gcm16', hash: 'sha256', dh: 19 },
        ],
        esp: [
          { encryption: 'aes256gcm16', hash: 'sha384', dh: 20 },
          { encryption: 'aes128gcm16', hash: 'sha256', dh: 19 },
        ],
        lifetime: { ike: 28_800, child: 3_600 },
        dpd: { delay: 10, timeout: 30 },
      };
    case 'cnsa':
      return {
        level,
        ikeVersion: 2,
        ike: [{ encryption: 'aes256gcm16', hash: 'sha384', dh: 20 }],
        esp: [{ encryption: 'aes256gcm16', hash: 'sha384', dh: 20 }],
        lifetime: { ike: 28_800, child: 3_600 },
        dpd: { delay: 10, timeout: 30 },
      };
  }
};

/** What a person should know before using a level; empty when nothing speaks against it. */
export const cryptoWarnings = (suite: Suite): readonly string[] =>
  suite.level === 'legacy'
    ? [
        'crypto level "legacy" is IKEv1, SHA-1 and DH group 2: history by RFC 8247 and RFC 9395. Use "modern" unless the other end cannot.',
      ]
    : [];
