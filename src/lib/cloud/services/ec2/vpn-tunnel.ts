import { addressNumber, addressText, cidr, overlaps, parseCidr } from '../../../domain/cidr.ts';
import { invalidValue } from '../../error.ts';

/**
 * A tunnel's options as CreateVpnConnection takes them; what was not given is not there, and AWS then offers all it
 * has.
 * Source: "Tunnel options for your Site-to-Site VPN connection".
 */
export interface TunnelOptions {
  readonly insideCidr?: string;
  readonly psk?: string;
  /** s */
  readonly phase1Lifetime?: number;
  readonly phase2Lifetime?: number;
  readonly rekeyMargin?: number;
  /** % */
  readonly rekeyFuzz?: number;
  readonly replayWindow?: number;
  readonly dpdTimeout?: number;
  readonly dpdAction?: string;
  readonly startup?: string;
  readonly lifecycleControl?: boolean;
  readonly phase1Encryption?: readonly string[];
  readonly phase2Encryption?: readonly string[];
  readonly phase1Integrity?: readonly string[];
  readonly phase2Integrity?: readonly string[];
  readonly phase1Groups?: readonly string[];
  readonly phase2Groups?: readonly string[];
  readonly ikeVersions?: readonly string[];
}

const ENCRYPTION = ['AES128', 'AES256', 'AES128-GCM-16', 'AES256-GCM-16'];
const INTEGRITY = ['SHA1', 'SHA2-256', 'SHA2-384', 'SHA2-512'];
const GROUPS = ['2', '14', '15', '16', '17', '18', '19', '20', '21', '22', '23', '24'];

/** The numbers in the list of what is allowed, first the weakest: AWS takes the first that the peer has too. */
export const CHOICES = {
  phase1Encryption: { values: ENCRYPTION, parameter: 'Phase1EncryptionAlgorithm' },
  phase2Encryption: { values: ENCRYPTION, parameter: 'Phase2EncryptionAlgorithm' },
  phase1Integrity: { values: INTEGRITY, parameter: 'Phase1IntegrityAlgorithm' },
  phase2Integrity: { values: INTEGRITY, parameter: 'Phase2IntegrityAlgorithm' },
  phase1Groups: { values: GROUPS, parameter: 'Phase1DHGroupNumber' },
  phase2Groups: { values: ['2', '5', ...GROUPS.slice(1)], parameter: 'Phase2DHGroupNumber' },
  ikeVersions: { values: ['ikev1', 'ikev2'], parameter: 'IKEVersion' },
} as const satisfies Partial<
  Record<keyof TunnelOptions, { readonly values: readonly string[]; readonly parameter: string }>
>;
export type Choice = keyof typeof CHOICES;

/** Inside networks that AWS keeps for itself. */
const RESERVED = [...[0, 1, 2, 3, 4, 5].map((at) => `169.254.${at}.0/30`), '169.254.169.252/30'].map(cidr);
const LINK_LOCAL = cidr('169.254.0.0/16');

export const DEFAULT_PHASE1_S = 28_800;
export const DEFAULT_PHASE2_S = 3_600;
const DEFAULT_MARGIN_S = 270;

/**
 * @param taken inside networks of the other tunnels on the gateway. @throws ApiError at the first option that AWS would
 * refuse.
 */
export const checkTunnel = (options: TunnelOptions, taken: readonly string[]): void => {
  const {
    insideCidr,
    psk,
    phase1Lifetime = DEFAULT_PHASE1_S,
    phase2Lifetime = DEFAULT_PHASE2_S,
    rekeyMargin,
    rekeyFuzz,
    replayWindow,
    dpdTimeout,
    dpdAction,
    startup,
  } = options;
  if (insideCidr !== undefined) refuseInside(insideCidr, taken);
  if (psk !== undefined && !/^(?!0)[A-Za-z0-9._]{8,64}$/.test(psk)) {
    throw invalidValue(
      'Invalid pre-shared key. It must be between 8 and 64 characters of letters, digits, periods (.) and underscores (_), and cannot start with zero (0).',
    );
  }
  within('Phase1LifetimeSeconds', phase1Lifetime, 900, 28_800);
  within('Phase2LifetimeSeconds', phase2Lifetime, 900, 3_600);
  if (phase2Lifetime >= phase1Lifetime)
    throw invalidValue('Phase2LifetimeSeconds must be less than Phase1LifetimeSeconds.');
  within(
    'RekeyMarginTimeSeconds',
    rekeyMargin ?? Math.min(DEFAULT_MARGIN_S, phase2Lifetime / 2),
    60,
    phase2Lifetime / 2,
  );
  within('RekeyFuzzPercentage', rekeyFuzz ?? 100, 0, 100);
  within('ReplayWindowSize', replayWindow ?? 1_024, 64, 2_048);
  within('DPDTimeoutSeconds', dpdTimeout ?? 30, 30, Number.MAX_SAFE_INTEGER);
  among('DPDTimeoutAction', dpdAction ?? 'clear', ['clear', 'none', 'restart']);
  among('StartupAction', startup ?? 'add', ['add', 'start']);
  for (const [choice, { values, parameter }] of Object.entries(CHOICES))
    for (const value of options[choice as Choice] ?? []) among(parameter, value, values);
};

const refuseInside = (text: string, taken: readonly string[]): void => {
  const parsed = parseCidr(text);
  if (typeof parsed === 'string' || parsed.prefix !== 30 || !overlaps(parsed, LINK_LOCAL))
    throw invalidValue(`The TunnelInsideCidr ${text} is not a size /30 CIDR block from the 169.254.0.0/16 range.`);
  if (RESERVED.some((network) => overlaps(network, parsed)))
    throw invalidValue(`The TunnelInsideCidr ${text} is reserved.`);
  if (taken.some((other) => overlaps(cidr(other), parsed)))
    throw invalidValue(`The TunnelInsideCidr ${text} is already in use by another VPN connection on this gateway.`);
};

const within = (parameter: string, value: number, least: number, most: number): void => {
  if (!Number.isFinite(value) || value < least || value > most)
    throw invalidValue(`Invalid value '${value}' for ${parameter}. The value must be between ${least} and ${most}.`);
};

const among = (parameter: string, value: string, values: readonly string[]): void => {
  if (!values.includes(value))
    throw invalidValue(`Invalid value '${value}' for ${parameter}. Valid values: ${values.join(', ')}.`);
};

/** An inside network that no other tunnel of the gateway has. @param salt spreads the choice. */
export const chosenInside = (taken: readonly string[], salt: string): string => {
  const spread = Number.parseInt(salt.slice(-6), 16);
  const inUse = [...RESERVED, ...taken.map(cidr)];
  for (let at = 0; ; at += 1) {
    const candidate = cidr(`${addressText(LINK_LOCAL.first + ((spread + at) % 16_384) * 4)}/30`);
    if (!inUse.some((other) => overlaps(other, candidate))) return candidate.text;
  }
};

/** AWS has the first address of the inside network, the customer the second. */
export const insideAddresses = (insideCidr: string): { readonly aws: string; readonly customer: string } => {
  const network = addressNumber(insideCidr.split('/')[0]!)!;
  return { aws: addressText(network + 1), customer: addressText(network + 2) };
};
