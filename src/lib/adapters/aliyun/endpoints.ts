import { usageError } from '../../core/errors.ts';
import type { ProductDescriptor } from './services/service.ts';

export interface Endpoint {
  readonly protocol: 'http' | 'https';
  /** With its port, where it has one. */
  readonly host: string;
}

const OVERRIDE = 'ALIBABA_CLOUD_ENDPOINT_URL';

/**
 * `ALIBABA_CLOUD_ENDPOINT_URL` points every product elsewhere, as AWS_ENDPOINT_URL does. @throws usage where it is no
 * URL.
 */
export const endpointOf = (product: ProductDescriptor, region: string): Endpoint => {
  const given = process.env[OVERRIDE];
  if (!given) return { protocol: 'https', host: product.host(region) };
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw usageError('is no http or https URL', { field: OVERRIDE });
  return { protocol: url.protocol === 'https:' ? 'https' : 'http', host: url.host };
};

const REGION = /^[a-z]{2}-[a-z0-9-]{2,40}$/;

/** @throws usage where there is none, or it could not be part of a host name. */
export const regionOf = (given: string | undefined): string => {
  const region = given ?? process.env['ALIBABA_CLOUD_REGION_ID'] ?? '';
  if (region === '')
    throw usageError('names no region', {
      field: '--region',
      next: 'use --region cn-hangzhou, or set ALIBABA_CLOUD_REGION_ID',
    });
  if (!REGION.test(region))
    throw usageError(`"${region.slice(0, 60)}" is no region of Alibaba Cloud`, { field: '--region' });
  return region;
};
