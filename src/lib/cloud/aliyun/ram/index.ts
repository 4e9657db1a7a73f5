import type { RpcProduct } from '../product.ts';
import { POLICIES } from './policies.ts';
import { ROLES } from './roles.ts';

/** RAM: roles, custom policies with their versions, and which role has which policy. */
export const ram: RpcProduct = {
  name: 'ram',
  versions: { '2015-05-01': { ...ROLES, ...POLICIES } },
  deniedCode: 'NoPermission',
};
