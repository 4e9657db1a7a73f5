import { addressNumber } from '../domain/cidr.ts';
import { starting } from './cisco.ts';
import type { Block } from './types.ts';

/** A network as written, with its mask turned into a netmask. Numbers are unsigned 32-bit. */
export interface Net {
  readonly address: number;
  readonly mask: number;
}

export interface Ace {
  readonly line: number;
  readonly permit: boolean;
  readonly source: Net;
  readonly destination: Net;
  /** The masks are written the other dialect's way: a wildcard on ASA, a netmask on IOS. */
  readonly wrongMask: boolean;
}

const ALL_ONES = 2 ** 32 - 1;
const ANY: Net = { address: 0, mask: 0 };
const isPrefix = (mask: number): boolean => mask === 0 || Number.isInteger(Math.log2(2 ** 32 - mask));

interface Read {
  readonly net: Net;
  readonly wrongMask: boolean;
  readonly rest: readonly string[];
}

/** `any`, `host A`, `A MASK`, or (ASA) `object NAME`; undefined for anything this linter does not follow. */
const readNet = (words: readonly string[], asa: boolean, objects: ReadonlyMap<string, Net>): Read | undefined => {
  const [first = '', second = ''] = words;
  if (/^any4?$/.test(first)) return { net: ANY, wrongMask: false, rest: words.slice(1) };
  if (first === 'host' && addressNumber(second) !== undefined)
    return { net: { address: addressNumber(second)!, mask: ALL_ONES }, wrongMask: false, rest: words.slice(2) };
  if (first === 'object' && objects.has(second))
    return { net: objects.get(second)!, wrongMask: false, rest: words.slice(2) };
  const [address, written] = [addressNumber(first), addressNumber(second)];
  if (address === undefined || written === undefined) return undefined;
  const inverted = ALL_ONES - written;
  const wanted = asa ? written : inverted;
  const other = asa ? inverted : written;
  const wrongMask = !isPrefix(wanted) && isPrefix(other);
  return { net: { address, mask: wrongMask ? other : wanted }, wrongMask, rest: words.slice(2) };
};

/** ASA `object network NAME` with a subnet or host line. */
export const objectsOf = (blocks: readonly Block[]): ReadonlyMap<string, Net> =>
  new Map(
    starting(blocks, /^object network \S+$/).flatMap((block): readonly (readonly [string, Net])[] =>
      block.children.flatMap(({ words }) => {
        const [address, mask] = [addressNumber(words[1] ?? ''), addressNumber(words[2] ?? '')];
        if (words[0] === 'subnet' && address !== undefined && mask !== undefined)
          return [[block.words[2]!, { address, mask }] as const];
        return words[0] === 'host' && address !== undefined
          ? [[block.words[2]!, { address, mask: ALL_ONES }] as const]
          : [];
      }),
    ),
  );

const readAce = (
  words: readonly string[],
  line: number,
  asa: boolean,
  objects: ReadonlyMap<string, Net>,
): readonly Ace[] => {
  const at = words.findIndex((word) => word === 'permit' || word === 'deny');
  if (at < 0) return [];
  const source = readNet(words.slice(at + 2), asa, objects);
  const destination = source === undefined ? undefined : readNet(source.rest, asa, objects);
  if (source === undefined || destination === undefined) return [];
  return [
    {
      line,
      permit: words[at] === 'permit',
      source: source.net,
      destination: destination.net,
      wrongMask: source.wrongMask || destination.wrongMask,
    },
  ];
};

/** Access lists by name or number, entries in order. Entries with ports or groups are left out. */
export const accessLists = (blocks: readonly Block[], asa: boolean): ReadonlyMap<string, readonly Ace[]> => {
  const objects = objectsOf(blocks);
  const lists = new Map<string, Ace[]>();
  const add = (name: string, aces: readonly Ace[]): void => {
    const list = lists.get(name) ?? [];
    list.push(...aces);
    lists.set(name, list);
  };
  for (const block of blocks) {
    if (/^access-list \S+ /.test(block.text))
      add(block.words[1]!, readAce(block.words.slice(2), block.line, asa, objects));
    if (/^ip access-list extended \S+$/.test(block.text)) {
      add(block.words[3]!, []);
      for (const entry of block.children) add(block.words[3]!, readAce(entry.words, entry.line, asa, objects));
    }
  }
  return lists;
};

const inside = (outer: Net, inner: Net): boolean =>
  outer.mask <= inner.mask && (inner.address & outer.mask) >>> 0 === (outer.address & outer.mask) >>> 0;
export const covers = (
  outer: Pick<Ace, 'source' | 'destination'>,
  inner: Pick<Ace, 'source' | 'destination'>,
): boolean => inside(outer.source, inner.source) && inside(outer.destination, inner.destination);

export interface CryptoMapEntry {
  readonly map: string;
  readonly line: number;
  readonly name: string;
  /** Sub-commands with the line each stands in: `match address`, `set peer`, `set transform-set`. */
  readonly commands: readonly { readonly line: number; readonly text: string }[];
}

/** Crypto map entries of both dialects: IOS nests the commands, ASA repeats the name and number. */
export const cryptoMaps = (blocks: readonly Block[]): readonly CryptoMapEntry[] => {
  const entries = new Map<
    string,
    { map: string; line: number; name: string; commands: { line: number; text: string }[] }
  >();
  for (const { text, words, line, children } of starting(blocks, /^crypto map \S+ \d+ (?!gdoi)/)) {
    const name = `${words[2]} ${words[3]}`;
    const entry = entries.get(name) ?? { map: words[2]!, line, name, commands: [] };
    if (/ ipsec-isakmp(?: profile \S+)?$/.test(text)) entry.commands.push(...children);
    else entry.commands.push({ line, text: words.slice(4).join(' ') });
    entries.set(name, entry);
  }
  return [...entries.values()].filter(
    ({ commands }) => !commands.some(({ text }) => /ipsec-isakmp dynamic/.test(text)),
  );
};
