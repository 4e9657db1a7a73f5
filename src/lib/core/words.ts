/** Shown in messages: a value as typed, never long and never able to move a terminal's cursor. */
const LONGEST = 40;

/** @returns a value for a one-line message: `169.254.5.0/30`, `"two words"`, `"xxxx…" (204800 characters)`. */
export const show = (value: unknown): string => {
  if (typeof value !== 'string')
    return typeof value === 'object' && value !== null
      ? Array.isArray(value)
        ? 'a list'
        : 'a map'
      : String(value).slice(0, LONGEST);
  if (/^[\w.:/@+-]+$/.test(value) && value.length <= LONGEST) return value;
  const printable = value.slice(0, LONGEST).replace(/[^\p{L}\p{N} -~]/gu, '?');
  return value.length > LONGEST
    ? `${JSON.stringify(`${printable}…`)} (${value.length} characters)`
    : JSON.stringify(printable);
};

/** Edit distance with swaps of neighbours counted as one (optimal string alignment), for short words. */
const distance = (a: string, b: string): number => {
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swap =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same, swap));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
};

/** The known word that a slip of the finger would turn into `word`, or undefined when none is near. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  if (word.length > LONGEST) return undefined;
  const plain = (text: string): string => text.toLowerCase().replaceAll('-', '_');
  const [best] = known
    .map((candidate) => ({ candidate, far: distance(plain(word), plain(candidate)) }))
    .sort((a, b) => a.far - b.far);
  return best !== undefined && best.far <= Math.max(1, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
};
