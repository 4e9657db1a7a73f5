import type { ProductDescriptor } from './service.ts';

export const ram: ProductDescriptor = {
  name: 'ram',
  title: 'RAM',
  version: '2015-05-01',
  // One for all regions.
  host: () => 'ram.aliyuncs.com',
  errors: {
    absent: ['EntityNotExist.*'],
    exists: ['EntityAlreadyExists.*'],
    conflict: ['DeleteConflict.*'],
  },
};
