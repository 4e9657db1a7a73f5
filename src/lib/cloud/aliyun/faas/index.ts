import type { RpcProduct } from '../product.ts';
import { BOARDS_2017, loadOperations } from './boards.ts';
import { imageOperations } from './images.ts';
import { V2017, V2020, type Version } from './version.ts';

const common = (version: Version) => ({ ...imageOperations(version), ...loadOperations(version) });

/**
 * FaaS, FPGA as a service, in both versions of its API: the same service with other names. Its refusals are those of
 * the document (Alibaba Cloud ECS best practices §8.1.4), word by word.
 */
export const faas: RpcProduct = {
  name: 'faas',
  versions: { [V2017.date]: { ...common(V2017), ...BOARDS_2017 }, [V2020.date]: common(V2020) },
  // The service spells it so.
  deniedCode: 'NoPermisson',
};
