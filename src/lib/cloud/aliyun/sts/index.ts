import type { RpcProduct } from '../product.ts';

/** STS: who signs the calls. */
export const sts: RpcProduct = {
  name: 'sts',
  versions: {
    '2015-04-01': {
      GetCallerIdentity: ({ account: { id } }) => ({
        AccountId: id,
        Arn: `acs:ram::${id}:user/fpga`,
        IdentityType: 'RAMUser',
      }),
    },
  },
  deniedCode: 'NoPermission',
};
