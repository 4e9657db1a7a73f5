import { setTimeout as delay } from 'node:timers/promises';
import OpenApi, { $OpenApiUtil } from '@alicloud/openapi-core';
import type { Aliyun, AliyunAnswer, AliyunCall, AliyunOptions } from '../../core/aliyun.ts';
import { interrupted } from '../../core/errors.ts';
import { credentialsOf } from './credentials.ts';
import { endpointOf, regionOf } from './endpoints.ts';
import { asHybridError, isThrottled, unreadable } from './errors.ts';
import { sendToOss } from './oss-calls.ts';

const VERSIONS = { faas: '2017-08-24', ram: '2015-05-01', sts: '2015-04-01' } as const;

/** A call is answered within a second as a rule; creating a policy version took six. */
const [CONNECT_MS, ANSWER_MS] = [3_000, 10_000];
const TRIES = 4;

/** The package is CommonJS: Node and the bundle give its exports as the default, a test runner the class itself. */
const Client =
  (OpenApi as { readonly default?: typeof OpenApi.default }).default ?? (OpenApi as unknown as typeof OpenApi.default);

/** FaaS of 2017 documents the first signature of RPC alone (HMAC-SHA1); everything later takes ACS3-HMAC-SHA256. */
const signatureOf = ({ product, version = VERSIONS.faas }: AliyunCall): 'v2' | 'ACS3-HMAC-SHA256' =>
  product === 'faas' && version === VERSIONS.faas ? 'v2' : 'ACS3-HMAC-SHA256';

/**
 * Alibaba Cloud's API by its OpenAPI core; of OSS only what procedures make. Throttled calls are sent again, others
 * never.
 */
export const aliyunApi = async ({ region: given, profile, signal }: AliyunOptions): Promise<Aliyun> => {
  const region = regionOf(given);
  const credentials = await credentialsOf(profile);

  const send = async (call: AliyunCall): Promise<AliyunAnswer> => {
    if (call.product === 'oss') return sendToOss(call, { region, credentials });
    const { protocol, host } = endpointOf(call.product, region);
    const keys = await credentials();
    // The client signs by its own setting and with its own keys, so it is made for the call; it holds no connection.
    const client = new Client(
      new $OpenApiUtil.Config({
        ...keys,
        endpoint: host,
        protocol,
        regionId: region,
        signatureAlgorithm: signatureOf(call),
        userAgent: 'hybridctl',
        connectTimeout: CONNECT_MS,
        readTimeout: ANSWER_MS,
      }),
    );
    const params = new $OpenApiUtil.Params({
      action: call.action,
      version: call.version ?? VERSIONS[call.product],
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
    if (typeof body !== 'object' || body === null || !('RequestId' in body))
      throw unreadable(`${call.product}:${call.action}`);
    return body as AliyunAnswer;
  };

  const patiently = async (call: AliyunCall): Promise<AliyunAnswer> => {
    for (let tries = 1; ; tries += 1) {
      if (signal?.aborted === true) throw interrupted();
      try {
        return await send(call);
      } catch (error) {
        if (!isThrottled(error) || tries >= TRIES) throw asHybridError(error, `${call.product}:${call.action}`, region);
        await delay(2 ** tries * (100 + Math.random() * 100));
      }
    }
  };
  return { region, send: patiently };
};
