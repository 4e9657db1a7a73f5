import { faas } from './faas/index.ts';
import type { RpcProduct } from './product.ts';
import { ram } from './ram/index.ts';
import { sts } from './sts/index.ts';

/** Every product with an RPC API. A new one is a folder of its own and a line here. OSS has a protocol of its own. */
export const RPC_PRODUCTS: readonly RpcProduct[] = [ram, sts, faas];
