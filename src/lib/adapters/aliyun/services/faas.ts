import type { ProductDescriptor } from './service.ts';

/** Source of the codes: Alibaba Cloud ECS best practices §8.1.4, "common error codes". */
export const faas: ProductDescriptor = {
  name: 'faas',
  title: 'FaaS',
  version: '2017-08-24',
  host: (region) => `faas.${region}.aliyuncs.com`,
  firstSignature: ['2017-08-24'],
  errors: {
    absent: ['IMAGE NOT FOUND', 'FPGA NOT FOUND', 'OSS OBJECT NOT FOUND'],
    // One image in half an hour.
    notYet: ['FREQUENCY ERROR'],
    conflict: ['ANOTHER TASK RUNNING'],
  },
  lacking: ['RoleAccessError', 'EntityNotExist.RoleError', 'AccessDeniedError', 'CALLER TYPE NOT SUPPORT'],
};
