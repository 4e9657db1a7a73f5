import { newFaas, type FaasState, type FaasTimes } from './faas/state.ts';
import { newOss, type OssState } from './oss/state.ts';
import { newRam, type RamState } from './ram/state.ts';

export interface AccessKey {
  readonly secret: string;
  /** Of a temporary key: the security token that has to come along. */
  readonly token?: string;
  /** Actions that this key may not do: `oss:PutObject`. */
  readonly denied: Set<string>;
}

/** One account in one region (a bucket may lie in another): its access keys, and the state of each product. */
export interface Account {
  readonly id: string;
  readonly region: string;
  /** By access key id. */
  readonly keys: Map<string, AccessKey>;
  readonly ram: RamState;
  readonly oss: OssState;
  readonly faas: FaasState;
}

export interface AccountOptions {
  readonly region: string;
  /** The one key that the account starts with. */
  readonly key: { readonly id: string; readonly secret: string };
  /** How long FaaS takes, ms. Default: as the real service. */
  readonly times: Partial<FaasTimes>;
}

export const ACCOUNT_ID = '1234567890123456';

/** A new account: its key and its instances, and nothing else. */
export const newAccount = ({ region, key, times }: AccountOptions): Account => ({
  id: ACCOUNT_ID,
  region,
  keys: new Map([[key.id, { secret: key.secret, denied: new Set<string>() }]]),
  ram: newRam(),
  oss: newOss(),
  faas: newFaas(ACCOUNT_ID, times),
});
