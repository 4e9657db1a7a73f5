import { usageError } from '../core/errors.ts';
import { proposalAlgorithms } from './algorithms.ts';
import { ciscoAlgorithms, ciscoSecrets, parseCisco } from './cisco.ts';
import { ipsecConns, ipsecSecrets, swanctlConns, swanctlSecrets } from './conns.ts';
import { parseIpsecConf, parseNested, parseSysctl } from './sections.ts';
import type { Kind, Parsed, Section } from './types.ts';

/** A running-config of the largest firewalls is about 3 MiB; more is no file of this sort. */
export const MAX_BYTES = 4 * 1024 * 1024;

const SIGNS: readonly (readonly [Kind, RegExp])[] = [
  ['swanctl', /^\s*(?:connections|secrets|charon|charon-systemd|libstrongswan|pools|authorities|swanctl)\s*\{/],
  [
    'ipsec-conf',
    /^\s*(?:conn|config)\s+\S+\s*$|^[^"]{0,400}:\s*(?:PSK|RSA|ECDSA|P12|PKCS8)\s|^#?\s*include\s+\S*ipsec/,
  ],
  [
    'asa',
    /^(?:ASA Version|access-list \S+ extended |nat \(|global \(|tunnel-group |crypto map \S+ interface |object network |sysopt |crypto ikev1 |crypto ikev2 (?:policy \d|enable)|same-security-traffic|sla monitor|\s?nameif )/,
  ],
  [
    'ios',
    /^(?:crypto isakmp |crypto keyring |crypto ipsec |crypto ikev2 |crypto map |interface (?:Tunnel|GigabitEthernet|FastEthernet)|ip route |ip sla |ip access-list |router |route-map |track \d|access-list \d)/,
  ],
  ['sysctl', /^\s*net[./]ipv4[./]/],
];

/** Languages that look like IOS and are not: judged as IOS, every finding would be wrong. */
const OTHERS: readonly (readonly [string, RegExp])[] = [
  ['Cisco IOS XR', /^!! IOS XR |^ ?ipv4 address [\d.]+ [\d.]+$|^router static$/],
  ['Cisco NX-OS', /^!Command: show running-config|^feature [a-z-]+$|^vdc \S+ id \d/],
  ['Arista EOS', /^! device: .*EOS|^! boot system flash:\S*EOS|^service routing protocols model /],
  ['FRR', /^frr (?:version|defaults) /],
  ['Junos', /^set (?:security|interfaces|routing-options|system) |^\s*(?:security|routing-options) \{/],
  ['FortiOS', /^config (?:vpn ipsec|system|firewall) |^#config-version=/],
];

/** @returns the kind whose own commands the file has most of, or undefined. ASA wins a tie: its signs are the rarer. */
export const detectKind = (lines: readonly string[]): Kind | undefined => {
  const counts = SIGNS.map(
    ([kind, sign]) => [kind, lines.filter((line) => sign.test(line.slice(0, 2_000))).length] as const,
  );
  const [kind, count] = counts.reduce((best, next) => (next[1] > best[1] ? next : best));
  // The crypto commands of ASA and IOS are the same words; commands that only ASA has decide.
  if (kind === 'ios' && (counts.find(([name]) => name === 'asa')?.[1] ?? 0) > 0) return 'asa';
  return count === 0 ? undefined : kind;
};

const EMPTY: Section = { name: '', line: 1, settings: [], sections: [] };
const PARSERS: Readonly<
  Record<Kind, (lines: readonly string[]) => Pick<Parsed, 'root' | 'blocks' | 'conns' | 'algorithms' | 'secrets'>>
> = {
  swanctl: (lines) => linux(parseNested(lines), swanctlConns, swanctlSecrets),
  'ipsec-conf': (lines) => linux(parseIpsecConf(lines), (root) => ipsecConns(root, lines), ipsecSecrets),
  sysctl: (lines) => ({ root: parseSysctl(lines), blocks: [], conns: [], algorithms: [], secrets: [] }),
  ios: (lines) => cisco(lines, false),
  asa: (lines) => cisco(lines, true),
};

const linux = (root: Section, conns: typeof swanctlConns, secrets: typeof swanctlSecrets) => {
  const found = conns(root);
  const algorithms = found.flatMap(({ ike, esp }) => [
    ...(ike === undefined ? [] : proposalAlgorithms('ike', ike)),
    ...esp.flatMap((each) => proposalAlgorithms('esp', each)),
  ]);
  return { root, blocks: [], conns: found, algorithms, secrets: secrets(root) };
};

const cisco = (lines: readonly string[], asa: boolean) => {
  const blocks = parseCisco(lines, asa);
  return { root: EMPTY, blocks, conns: [], algorithms: ciscoAlgorithms(blocks, asa), secrets: ciscoSecrets(blocks) };
};

/**
 * @param name the file as the user wrote it, for messages.
 * @throws a usage error for binary files, files over 4 MiB, and files of no known kind.
 */
export const parseFile = (
  name: string,
  text: string,
  options: { readonly kind?: Kind | undefined; readonly mode?: number | undefined } = {},
): Parsed => {
  if (text.length > MAX_BYTES)
    throw usageError('is larger than 4 MiB: no configuration of this sort', {
      field: name,
      next: 'name one configuration file',
    });
  if (text.includes('\0') || text.slice(0, 4_096).split('\uFFFD').length > 16)
    throw usageError('is not text', { field: name, next: 'name a configuration file, not an archive or a program' });
  // No device writes longer lines; a cut keeps every pattern below linear in the file.
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.slice(0, 8_192));
  const other =
    options.kind === undefined ? OTHERS.find(([, sign]) => lines.some((line) => sign.test(line)))?.[0] : undefined;
  if (other !== undefined)
    throw usageError(`is a configuration of ${other}, whose rules this linter does not know`, {
      field: name,
      next: 'give --kind to read it as another kind all the same',
    });
  const kind = options.kind ?? detectKind(lines);
  if (kind === undefined)
    throw usageError("can't tell what kind of configuration this is", {
      field: name,
      next: 'give --kind ios, asa, swanctl, ipsec-conf or sysctl',
    });
  return { kind, mode: options.mode, lines, ...PARSERS[kind](lines) };
};
