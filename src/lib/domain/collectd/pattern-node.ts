import type { CharSet } from './char-set.ts';

/** A parsed pattern. */
export type Node =
  | { readonly is: 'set'; readonly set: CharSet; readonly negative: boolean }
  /** `.`: what it takes hangs on flag `s`, which may come later in the pattern. */
  | { readonly is: 'any' }
  | { readonly is: 'all'; readonly of: readonly Node[] }
  | { readonly is: 'one'; readonly of: readonly Node[] }
  | { readonly is: 'repeat'; readonly of: Node; readonly least: number; readonly most: number }
  | { readonly is: 'at'; readonly at: Place }
  /** `back`: how many bytes before here it begins; undefined: it looks ahead. */
  | { readonly is: 'look'; readonly of: Node; readonly negative: boolean; readonly back: number | undefined };

/** What a place has to be for `^ $ \A \Z \b \B`; `text-end`: also before a final newline. */
export type Place = 'line-start' | 'line-end' | 'text-end' | 'start' | 'end' | 'boundary' | 'inside';

/** Bytes that a match takes, at least and at most. */
export const width = (node: Node): readonly [number, number] => {
  switch (node.is) {
    case 'set':
    case 'any':
      return [1, 1];
    case 'at':
    case 'look':
      return [0, 0];
    case 'all':
      return node.of.map(width).reduce(([a, b], [c, d]) => [a + c, b + d] as const, [0, 0] as const);
    case 'one':
      return node.of.map(width).reduce(([a, b], [c, d]) => [Math.min(a, c), Math.max(b, d)] as const);
    case 'repeat': {
      const [least, most] = width(node.of);
      return [least * node.least, most === 0 ? 0 : most * node.most];
    }
  }
};
