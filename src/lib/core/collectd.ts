/** What a collectd reads now: `host/plugin-instance/type-instance`, with the names of its values. */
export interface ValueList {
  readonly identifier: string;
  /** `value`, or `rx` and `tx`: as types.db has them. */
  readonly values: readonly string[];
}

/** A running collectd, by the socket of its unixsock plugin. */
export interface Collectd {
  /** Everything in its cache: what a plugin sent within twice its interval. @throws HybridError */
  valueLists(): Promise<readonly ValueList[]>;
}
