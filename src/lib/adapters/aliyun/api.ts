import { setTimeout as delay } from 'node:timers/promises';
import OpenApi, { $OpenApiUtil } from '@alicloud/openapi-core';
import type { Aliyun, AliyunAnswer, AliyunCall, AliyunOptions } from '../../core/aliyun.ts';
import { interrupted } from '../../core/errors.ts';
import { unlessInterrupted } from '../../core/interrupt.ts';
import { pauseAfter } from '../../domain/backoff.ts';
import { credentialsOf } from './credentials.ts';
import { endpointOf, regionOf } from './endpoints.ts';
import { asHybridError, isThrottled, unreadable } from './errors.ts';
import { sendToOss } from './oss-calls.ts';
import { PRODUCTS } from './services/index.ts';

/** A call is answered within a second as a rule; creating a policy version took six. */
const [CONNECT_MS, ANSWER_MS] = [3_000, 10_000];
const TRIES = 4;
const BACKOFF = { firstMs: 200, mostMs: 800 };

/** The package is CommonJS: Node and the bundle give its exports as the default, a test runner the class itself. */
const Client =
  (OpenApi as { readonly default?: typeof OpenApi.default }).default ?? (OpenApi as unknown as typeof OpenApi.default);

/**
 * Alibaba Cloud's API by its OpenAPI core; of OSS only what procedures make. Throttled calls are sent again, others
 * never.
 */
export const aliyunApi = async ({ region: given, profile, signal }: AliyunOptions): Promise<Aliyun> => {
  const region = regionOf(given);
  const credentials = await credentialsOf(profile);

  const send = async (call: AliyunCall): Promise<AliyunAnswer> => {
    if (call.product === 'oss') return sendToOss(call, { region, credentials });
    const product = PRODUCTS[call.product];
    const version = call.version ?? product.version!;
    const { protocol, host } = endpointOf(product, region);
    const keys = await credentials();
    // The client signs by its own setting and with its own keys, so it is made for the call; it holds no connection.
    const client = new Client(
      new $OpenApiUtil.Config({
        ...keys,
        endpoint: host,
        protocol,
        regionId: region,
        signatureAlgorithm: product.firstSignature?.includes(version) === true ? 'v2' : 'ACS3-HMAC-SHA256',
        userAgent: 'hybridctl',
        connectTimeout: CONNECT_MS,
        readTimeout: ANSWER_MS,
      }),
    );
    const params = new $OpenApiUtil.Params({
      action: call.action,
      version,
      protocol,
      method: 'POST',
      authType: 'AK',
      style: 'RPC',
      pathname: '/',
      reqBodyType: 'formData',
      bodyType: 'json',
    });
    const { body } = (await client.callApi(
      params,
      new $OpenApiUtil.OpenApiRequest({ query: { RegionId: region, ...call.params } }),
      {} as Parameters<typeof client.callApi>[2],
    )) as { body?: unknown };
    if (typeof body !== 'object' || body === null || !('RequestId' in body)) throw unreadable(product, call.action);
    return body as AliyunAnswer;
  };

  const patiently = async (call: AliyunCall): Promise<AliyunAnswer> => {
    const stopped = (): boolean => signal?.aborted === true;
    for (let tries = 1; ; tries += 1) {
      if (stopped()) throw interrupted();
      try {
        // The library hears no signal.
        return await (signal === undefined ? send(call) : unlessInterrupted(signal, send(call)));
      } catch (error) {
        if (stopped()) throw interrupted();
        if (!isThrottled(error) || tries >= TRIES)
          throw asHybridError(error, PRODUCTS[call.product], call.action, region);
        await delay(pauseAfter(tries, BACKOFF) * (1 + Math.random()));
      }
    }
  };
  return { region, send: patiently };
};
