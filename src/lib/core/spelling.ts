/** Names that were changed. Site files, flags and variables with the old name are still accepted. */
const OLD: Readonly<Record<string, string>> = {
  seed: 'legacy',
  'seed-vpn': 'legacy-vpn',
  'seed-openswan': 'legacy-openswan',
};

/** For schemas, which accept it as `legacy`. */
export const OLD_SPELLING_OF_LEGACY = 'seed';

/** The name of today for a name that may be an old one; any other name as it is. */
export const spelledToday = (name: string): string => OLD[name] ?? name;
