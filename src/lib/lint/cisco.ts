import { ciscoCipher, ciscoGroup, ciscoHash } from './algorithms.ts';
import type { Algorithm, Block, Secret } from './types.ts';

/** Which commands stand inside which: text pasted from a web page has lost its indentation. */
const INSIDE: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^crypto (?:isakmp|ikev1|ikev2) (?:policy|proposal)\b/,
    /^(?:encr|encryption|hash|authentication|group|lifetime|integrity|prf|proposal|match address)\b/,
  ],
  [/^crypto ipsec (?:ikev1 )?transform-set\b/, /^mode\b/],
  [/^crypto ipsec ikev2 ipsec-proposal\b/, /^protocol\b/],
  [/^crypto map \S+ \d+ ipsec-isakmp/, /^(?:set|match|description|reverse-route)\b/],
  [/^crypto ipsec profile\b/, /^set\b/],
  [/^crypto (?:ikev2 )?keyring\b/, /^(?:local-address|pre-shared-key|peer|address)\b/],
  [/^crypto (?:isakmp|ikev2) profile\b/, /^(?:keyring|match|local-address|authentication|identity|lifetime|dpd|vrf)\b/],
  [
    /^interface\b/,
    /^(?:ip (?:address|mtu|tcp|nat (?:inside|outside)$|ospf|access-group|virtual-reassembly)|tunnel|crypto map \S+(?: redundancy \S+)?$|description|nameif|security-level|no shutdown|vrf forwarding|standby)\b/,
  ],
  [/^object network\b/, /^(?:subnet|host|range|nat \(\S+\) (?:static|dynamic))\b/],
  [/^router\b/, /^(?:redistribute|network|router-id|neighbor|default-information)\b/],
  [
    /^(?:ip sla (?:monitor )?\d+|rtr \d+|sla monitor \d+)$/,
    /^(?:icmp-echo|frequency|timeout|threshold|type echo|num-packets)\b/,
  ],
  [/^crypto isakmp peer\b/, /^set aggressive-mode\b/],
  [/^route-map\b/, /^(?:match|set)\b/],
  [/^ip access-list\b/, /^(?:permit|deny|remark|\d+ (?:permit|deny))\b/],
  [/^tunnel-group \S+ \S+-attributes/, /^(?:ikev1|ikev2|pre-shared-key|isakmp)\b/],
];

/** `interface Tunnel 1` and `ip route … Tunnel 1` are `Tunnel1` to IOS. */
const SPACED = /\b(Tunnel|Vlan|Loopback|Dialer|Port-channel|(?:Fast|(?:Ten)?Gigabit)?Ethernet) (?=\d)/gi;

/**
 * Index of the first line after an IOS banner that begins here: its text is anybody's, up to the delimiter, which a
 * running-config shows as `^C` (Cisco "banner motd"). One whose end is missing is taken for a single line.
 */
const afterBanner = (lines: readonly string[], at: number): number => {
  const opens = /^banner (?:motd|login|exec|incoming|slip-ppp|prompt-timeout|config-save) (\^C|\S)(.*)$/.exec(
    lines[at]!,
  );
  if (opens === null || opens[2]!.includes(opens[1]!)) return at + 1;
  const end = lines.findIndex((line, index) => index > at && line.includes(opens[1]!));
  return end < 0 ? at + 1 : end + 1;
};

/**
 * IOS and ASA configuration by indentation. Longer lines than any device writes are cut at 2,000 characters.
 * @param asa its banners are a command for each line, without a delimiter.
 */
export const parseCisco = (lines: readonly string[], asa: boolean): readonly Block[] => {
  const blocks: Block[] = [];
  let next = 0;
  lines.forEach((raw, index) => {
    if (index < next) return;
    if (raw.startsWith('banner ')) {
      next = asa ? index + 1 : afterBanner(lines, index);
      return;
    }
    const text = raw.slice(0, 2_000).trim().replaceAll(/\s+/g, ' ').replaceAll(SPACED, '$1');
    if (text === '' || text.startsWith('!') || text.startsWith(':')) return;
    const block: Block = { line: index + 1, text, words: text.split(' '), children: [] };
    const parent = blocks.at(-1);
    const inside =
      parent !== undefined &&
      (/^\s/.test(raw) || INSIDE.some(([outer, inner]) => outer.test(parent.text) && inner.test(text)));
    if (inside) parent.children.push(block);
    else blocks.push(block);
  });
  return blocks;
};

export const starting = (blocks: readonly Block[], pattern: RegExp): readonly Block[] =>
  blocks.filter(({ text }) => pattern.test(text));
export const child = (block: Block | undefined, pattern: RegExp): Block | undefined =>
  block?.children.find(({ text }) => pattern.test(text));

/** `encryption aes 256`, `encryption aes-256 3des`: each cipher named. */
const ciphers = (words: readonly string[]): readonly string[] =>
  words.flatMap((word, index) => ciscoCipher(word, words[index + 1]) ?? []);

/** The ISAKMP defaults of IOS and ASA: a policy that doesn't say runs on these (Cisco, "crypto isakmp policy"). */
const policyAlgorithms = (policy: Block, asa: boolean): readonly Algorithm[] => {
  const lines = policy.children;
  const says = (pattern: RegExp): Block | undefined => lines.find(({ text }) => pattern.test(text));
  const v1 = /^crypto (?:isakmp|ikev1) policy/.test(policy.text);
  const found: Algorithm[] = lines.flatMap(({ words, line }): readonly Algorithm[] => {
    if (/^encr/.test(words[0]!)) return ciphers(words.slice(1)).map((encryption) => ({ line, use: 'ike', encryption }));
    if (/^(hash|integrity|prf)$/.test(words[0]!))
      return words
        .slice(1)
        .flatMap((word) =>
          ciscoHash(word) === undefined ? [] : [{ line, use: 'ike' as const, hash: ciscoHash(word) }],
        );
    if (words[0] === 'group')
      return words
        .slice(1)
        .flatMap((word) =>
          ciscoGroup(word) === undefined ? [] : [{ line, use: 'ike' as const, dh: ciscoGroup(word) }],
        );
    return [];
  });
  if (!v1 || lines.length === 0) return found;
  const { line } = policy;
  if (says(/^encr/) === undefined) found.push({ line, use: 'ike', encryption: asa ? '3des' : 'des', byDefault: true });
  if (says(/^hash/) === undefined) found.push({ line, use: 'ike', hash: 'sha1', byDefault: true });
  if (says(/^group/) === undefined) found.push({ line, use: 'ike', dh: asa ? 2 : 1, byDefault: true });
  return found;
};

export interface TransformSet {
  readonly name: string;
  readonly line: number;
  readonly encryption: string | undefined;
  readonly hash: string | undefined;
}

/** What many rules and each tunnel ask of one file is worked out once. */
const once = <T>(make: (blocks: readonly Block[]) => T): ((blocks: readonly Block[]) => T) => {
  const known = new WeakMap<readonly Block[], { readonly value: T }>();
  return (blocks) => {
    const there = known.get(blocks) ?? { value: make(blocks) };
    known.set(blocks, there);
    return there.value;
  };
};

/** The first block that begins with a pattern's words, by its name, which is the word at `at`. */
const named = (pattern: RegExp, at: number) =>
  once((blocks) => new Map([...starting(blocks, pattern)].reverse().map((block) => [block.words[at]!, block])));

/** `crypto ipsec profile NAME`, by name. */
export const ipsecProfiles = named(/^crypto ipsec profile \S+$/, 3);

export const transformSets = once((blocks): readonly TransformSet[] => [
  ...starting(blocks, /^crypto ipsec (?:ikev1 )?transform-set \S+ esp-/).map(({ words, line }) => {
    const at = words.indexOf('transform-set');
    const rest = words.slice(at + 2);
    return {
      name: words[at + 1]!,
      line,
      encryption: ciphers(rest)[0],
      hash: rest.map((word) => (/hmac$/.test(word) ? ciscoHash(word) : undefined)).find((hash) => hash !== undefined),
    };
  }),
  ...starting(blocks, /^crypto ipsec ikev2 ipsec-proposal \S+$/).map((block) => ({
    name: block.words[4]!,
    line: block.line,
    encryption: ciphers(child(block, /^protocol esp encryption/)?.words.slice(3) ?? [])[0],
    hash: ciscoHash(child(block, /^protocol esp integrity/)?.words[3] ?? ''),
  })),
]);

/** The first of each name. */
export const transformSetsByName = once(
  (blocks) => new Map([...transformSets(blocks)].reverse().map((set) => [set.name, set])),
);

/**
 * Transform sets that a crypto map or an IPsec profile names: ASDM writes a dozen that nothing uses. All of them in a
 * piece of a configuration that has neither.
 */
export const usedTransformSets = once((blocks): readonly TransformSet[] => {
  const used = new Set(
    [...blocks, ...blocks.flatMap(({ children }) => children)].flatMap(({ text }) => {
      const names =
        /^(?:crypto (?:dynamic-)?map \S+ \d+ )?set (?:ikev1 )?(?:transform-set|ikev2 ipsec-proposal) (.+)$/.exec(text);
      return names === null ? [] : names[1]!.split(' ');
    }),
  );
  return transformSets(blocks).filter(({ name }) => used.size === 0 || used.has(name));
});

export const ciscoAlgorithms = (blocks: readonly Block[], asa: boolean): readonly Algorithm[] => [
  ...starting(blocks, /^crypto (?:isakmp|ikev1) policy \d+|^crypto ikev2 (?:proposal|policy) \S+/).flatMap((policy) => {
    // The one-line form of old PIX and ASA: crypto isakmp policy 10 encryption 3des
    const inline = policy.words.slice(4);
    const line: Block | undefined =
      inline.length > 1 ? { ...policy, words: inline, text: inline.join(' '), children: [] } : undefined;
    return line === undefined
      ? policyAlgorithms(policy, asa)
      : policyAlgorithms({ ...policy, text: 'inline', children: [line] }, asa);
  }),
  ...usedTransformSets(blocks).map(({ line, encryption, hash }): Algorithm => ({ line, use: 'esp', encryption, hash })),
  ...[...blocks, ...blocks.flatMap(({ children }) => children)].flatMap(({ text, line }): readonly Algorithm[] => {
    const pfs = /^(?:crypto map \S+ \d+ )?set pfs (group\d+)/.exec(text);
    return pfs === null ? [] : [{ line, use: 'esp', dh: ciscoGroup(pfs[1]) }];
  }),
];

/** Keys that stand in clear: type 6 and 7 and asterisks are not the key itself. */
export const ciscoSecrets = (blocks: readonly Block[]): readonly Secret[] =>
  [...blocks, ...blocks.flatMap(({ children }) => children)].flatMap(({ text, line }) => {
    const match =
      /^crypto isakmp key (?:(\d) )?(\S+) (?:address|hostname)\b/.exec(text) ??
      /^pre-shared-key (?:address \S+ (?:[\d.]+ )?)?(?:key )?(?:local |remote )?(?:(\d) )?(\S+)$/.exec(text) ??
      /^set aggressive-mode password (?:(\d) )?(\S+)$/.exec(text) ??
      /^(?:ikev1 pre-shared-key|ikev2 (?:local|remote)-authentication pre-shared-key) (?:(\d) )?(\S+)$/.exec(text);
    if (match === null || (match[1] !== undefined && match[1] !== '0') || /^\*+$/.test(match[2]!)) return [];
    return [{ line, value: match[2]!, ids: undefined }];
  });
