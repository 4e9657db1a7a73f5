import type { AliyunProduct } from '../../../core/aliyun.ts';
import { faas } from './faas.ts';
import { oss } from './oss.ts';
import { ram } from './ram.ts';
import type { ProductDescriptor } from './service.ts';
import { sts } from './sts.ts';

export const PRODUCTS: Readonly<Record<AliyunProduct, ProductDescriptor>> = { faas, oss, ram, sts };
