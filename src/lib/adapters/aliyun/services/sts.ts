import type { ProductDescriptor } from './service.ts';

export const sts: ProductDescriptor = {
  name: 'sts',
  title: 'STS',
  version: '2015-04-01',
  host: (region) => `sts.${region}.aliyuncs.com`,
  errors: {},
};
