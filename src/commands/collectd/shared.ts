import { text, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { setNamed, SETS } from '../../lib/domain/collectd/sets.ts';
import { readWhitelist, WHITELIST_LIMIT, type Whitelist } from '../../lib/domain/collectd/whitelist.ts';
import { REGION } from '../../lib/domain/partition.ts';
import { absolute } from '../../lib/site/file.ts';

export const WHITELIST: Flag = {
  flags: '--file <file>',
  summary: 'the whitelist',
  env: 'HYBRIDCTL_WHITELIST',
  default: 'whitelist.conf',
};
export const PASS_THROUGH: Flag = {
  flags: '--pass-through',
  summary: "as with whitelist_pass_through = True in the plugin's plugin.conf",
};

export const whitelistOf = (raw: Raw): string => text(raw, 'file')!;

/** Where the plugin has its files on a host. */
export const PLUGIN_CONFIG = '/opt/collectd-plugins/cloudwatch/config';

/** @returns undefined where there is no such file. @throws usage error where it is no text. */
export const readList = async (
  { files, cwd }: Pick<Ports, 'files' | 'cwd'>,
  file: string,
): Promise<string | undefined> => {
  const content = await files.read(file === '-' ? '/dev/stdin' : absolute(cwd, file), WHITELIST_LIMIT);
  if (content?.includes('\0') === true || content?.includes('\ufffd') === true)
    throw usageError('is no text file', { field: file });
  return content;
};

export const loadWhitelist = async (
  ports: Pick<Ports, 'files' | 'cwd'>,
  file: string,
  options: { readonly passThrough?: boolean } = {},
): Promise<Whitelist> => {
  const content = await readList(ports, file);
  if (content === undefined)
    throw usageError('no such file', {
      field: file,
      next: 'make it with "collectd whitelist add memory", or name another with --file',
    });
  return readWhitelist(content, options);
};

/** Names of sets and patterns, as lines. @throws usage error naming the word. */
export const linesOf = (words: readonly string[]): readonly string[] => [
  ...new Set(words.flatMap((word) => setNamed(word)?.lines ?? [word.trim()])),
];

export const WHAT = { name: '<what...>', summary: `sets (${SETS.map(({ name }) => name).join(', ')}) and patterns` };

/** The words of a variadic argument. */
export const wordsOf = ({ args: [first] }: Raw): readonly string[] =>
  Array.isArray(first) ? (first as readonly string[]) : [];

/** `1 metric`, `2 metrics`. */
export const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

export const PRICE_REGION: Flag = {
  flags: '--region <region>',
  summary: 'for the cost: where the metrics go',
  default: 'us-east-1',
};

/** @throws usage error on what is no region. */
export const priceRegion = (raw: Raw): string => {
  const region = text(raw, 'region')!;
  if (!REGION.test(region))
    throw usageError(`${region.slice(0, 40)} is no region`, {
      field: '--region',
      next: 'give one like us-east-1 or cn-north-1',
    });
  return region;
};

export const money = (currency: 'USD' | 'CNY', amount: number): string =>
  `${currency === 'CNY' ? '¥' : '$'}${amount.toFixed(2)}`;
