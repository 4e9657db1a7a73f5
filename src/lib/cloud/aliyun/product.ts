import type { AliyunProduct } from '../../core/aliyun.ts';
import type { Account } from './account.ts';
import { ApiError } from './errors.ts';

/** Query and form parameters of a call, by name. */
export type Params = ReadonlyMap<string, string>;

/** What the server knows while it answers one call. */
export interface Context {
  readonly account: Account;
  /** ms since the epoch, by the account's clock. */
  readonly now: () => number;
  /** A new identifier: 32 hexadecimal digits. */
  readonly newId: () => string;
}

/** One operation of an RPC product. @returns the answer without its RequestId. @throws ApiError where it refuses. */
export type Operation = (context: Context, params: Params) => Readonly<Record<string, unknown>>;

/** A product with an RPC API. Listed in `products.ts`, it is served. */
export interface RpcProduct {
  /** The first half of its RAM actions: `ram:GetRole`. */
  readonly name: AliyunProduct;
  /** Operations by API version: the version of a request is what tells its product. */
  readonly versions: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  /** The code of the refusal where the key may not do the action. */
  readonly deniedCode: string;
}

/** Alibaba Cloud's answer to an action that the product or the version does not have. */
export const unknownAction = (): ApiError =>
  new ApiError(404, 'InvalidAction.NotFound', 'Specified api is not found, please check your url and method.');
