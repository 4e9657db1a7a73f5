import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type OSS from 'ali-oss';
import { failure, interrupted, unlessAbsent } from '../../core/errors.ts';
import type { FpgaOptions } from '../../core/fpga.ts';
import type { ObjectStore, StoredObject, StoredPart } from '../../core/objects.ts';
import { pauseAfter } from '../../domain/backoff.ts';
import { many } from '../../domain/many.ts';
import { credentialsOf } from './credentials.ts';
import { regionOf } from './endpoints.ts';
import { asHybridError, isPassing } from './errors.ts';
import { hush } from './hush.ts';
import { ossClient, ownAnswer } from './oss-client.ts';
import { oss } from './services/oss.ts';

/** Header by which OSS tells the CRC-64 of what it has: a decimal number. */
const CRC = 'x-oss-hash-crc64ecma';
/** Most that OSS puts into one page. */
const PAGE = 1_000;
const TRIES = 4;
const BACKOFF = { firstMs: 100, mostMs: 400 };

type Headers = Readonly<Record<string, string | undefined>>;
const headersOf = ({ res }: { readonly res: { readonly headers: object } }): Headers => res.headers as Headers;
const crcOf = (headers: Headers): bigint | undefined =>
  /^\d+$/.test(headers[CRC] ?? '') ? BigInt(headers[CRC]!) : undefined;
const bare = (etag: string): string => etag.replaceAll('"', '');

/** A parameter without a value ali-oss signs in one form and sends in another. */
const within = (prefix: string) => (prefix === '' ? {} : { prefix });

interface RawPart {
  readonly PartNumber: string;
  readonly Size: string;
  readonly ETag: string;
  readonly HashCrc64ecma?: string;
}

/**
 * OSS by ali-oss. OSS takes no CRC-64 along with a body but tells that of what arrived; what differs is taken away
 * again and refused here, as S3 would refuse it. Source: "Data verification by using CRC-64" in the OSS developer
 * guide.
 */
export const aliyunObjects = async (
  bucket: string,
  { region: given, profile, signal: ended }: FpgaOptions,
): Promise<ObjectStore> => {
  const region = regionOf(given);
  const agents = {
    agent: new Agent({ keepAlive: true, maxSockets: 64 }),
    httpsAgent: new SecureAgent({ keepAlive: true, maxSockets: 64 }),
  };
  const client = await ossClient(bucket, { region, credentials: await credentialsOf(profile) }, agents);
  // The library hears no signals: closing the connections is what ends its calls.
  ended?.addEventListener('abort', () => (hush(), agents.agent.destroy(), agents.httpsAgent.destroy()), { once: true });

  /**
   * Sends again what passes by itself; each of our calls may be sent twice, but for `complete`. @param always after
   * Ctrl-C too: it tidies up.
   */
  const calling = async <Answer>(
    action: string,
    send: () => Promise<Answer>,
    {
      signal,
      tries = TRIES,
      always = false,
    }: { readonly signal?: AbortSignal | undefined; readonly tries?: number; readonly always?: boolean } = {},
  ): Promise<Answer> => {
    const stopped = (): boolean => !always && (ended?.aborted === true || signal?.aborted === true);
    for (let attempt = 1; ; attempt += 1) {
      if (stopped()) throw interrupted();
      try {
        return ownAnswer(await send(), action);
      } catch (error) {
        if (stopped()) throw interrupted();
        if (!isPassing(error) || attempt >= tries) throw asHybridError(error, oss, action, region);
        await delay(pauseAfter(attempt, BACKOFF) * (1 + Math.random()));
      }
    }
  };
  const badDigest = (what: string) =>
    failure(`OSS has another ${what} than was sent: its CRC-64 differs`, {
      code: 'BadDigest',
      call: 'refused',
      next: 'run it again; if it stays so, see to the network and to proxies in between',
    });
  const bodyOf = (body: Uint8Array): Buffer => Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const remove = async (key: string): Promise<void> => void (await calling('DeleteObject', () => client.delete(key)));
  const differs = (headers: Headers, checksum: bigint | undefined): boolean =>
    checksum !== undefined && crcOf(headers) !== undefined && crcOf(headers) !== checksum;

  return {
    scheme: 'oss',
    bucket,
    checksum: 'crc64xz',

    async region() {
      const info = await unlessAbsent(
        calling('GetBucketInfo', () => client.getBucketInfo(bucket) as Promise<{ bucket: { Location?: string } }>),
      );
      return info === undefined ? undefined : (info.bucket.Location ?? `oss-${region}`).replace(/^oss-/, '');
    },

    async list(prefix) {
      const found: StoredObject[] = [];
      for (let token: string | undefined; ; ) {
        const page = await calling('ListObjects', () =>
          client.listV2({
            ...within(prefix),
            'max-keys': PAGE,
            ...(token === undefined ? {} : { 'continuation-token': token }),
          }),
        );
        found.push(
          ...(page.objects ?? []).map(({ name, size, lastModified }) => ({
            key: name,
            size: Number(size),
            modifiedAt: Date.parse(lastModified),
          })),
        );
        if (!page.isTruncated || !page.nextContinuationToken || page.nextContinuationToken === token) return found;
        token = page.nextContinuationToken;
      }
    },

    async head(key) {
      const answer = await unlessAbsent(calling('GetObject', () => client.head(key)));
      if (answer === undefined) return undefined;
      const headers = headersOf(answer);
      return {
        key,
        size: Number(headers['content-length'] ?? 0),
        modifiedAt: Date.parse(headers['last-modified'] ?? ''),
        checksum: crcOf(headers),
      };
    },

    get: async (key) => (await calling('GetObject', () => client.getStream(key))).stream as AsyncIterable<Uint8Array>,

    async put(key, body, { checksum, signal } = {}) {
      const answer = await calling('PutObject', () => client.put(key, bodyOf(body)), { signal });
      if (!differs(headersOf(answer), checksum)) return;
      await remove(key);
      throw badDigest(`object at ${key}`);
    },

    remove,

    async uploads(prefix) {
      const found: { key: string; id: string; startedAt: number }[] = [];
      for (let markers: readonly [key: string, id: string] | undefined; ; ) {
        const page = await calling('ListMultipartUploads', () =>
          client.listUploads({
            ...within(prefix),
            'max-uploads': PAGE,
            ...(markers === undefined ? {} : { 'key-marker': markers[0], 'upload-id-marker': markers[1] }),
          }),
        );
        found.push(
          ...page.uploads.map(({ name, uploadId, initiated }) => ({
            key: name,
            id: uploadId,
            startedAt: Date.parse(String(initiated)),
          })),
        );
        const next = [String(page.nextKeyMarker ?? ''), String(page.nextUploadIdMarker ?? '')] as const;
        if (!page.isTruncated || next[0] === '' || (next[0] === markers?.[0] && next[1] === markers[1]))
          return found.sort((a, b) => a.startedAt - b.startedAt);
        markers = next;
      }
    },

    begin: async (key) => (await calling('PutObject', () => client.initMultipartUpload(key))).uploadId,

    async parts({ key, id }) {
      const found: StoredPart[] = [];
      for (let marker: string | undefined; ; ) {
        const page = await calling('ListParts', () =>
          client.listParts(key, id, { 'max-parts': PAGE, 'part-number-marker': Number(marker ?? 0) } as Parameters<
            OSS['listParts']
          >[2]),
        );
        const parts = many(page.parts as unknown as RawPart | readonly RawPart[] | undefined);
        found.push(
          ...parts.map(({ PartNumber, Size, ETag, HashCrc64ecma }) => ({
            number: Number(PartNumber),
            size: Number(Size),
            etag: bare(ETag),
            checksum: HashCrc64ecma === undefined ? undefined : BigInt(HashCrc64ecma),
          })),
        );
        const next = String(page.nextPartNumberMarker);
        // ali-oss passes on the document's text.
        if (String(page.isTruncated) !== 'true' || next === marker) return found;
        marker = next;
      }
    },

    async putPart({ key, id }, number, body, { checksum, signal } = {}) {
      const answer = (await calling(
        'PutObject',
        () => client.uploadPart(key, id, number, bodyOf(body), 0, body.byteLength),
        { signal },
      )) as unknown as { readonly etag: string; readonly res: { readonly headers: object } };
      if (differs(headersOf(answer), checksum)) throw badDigest(`part ${number} of ${key}`);
      return bare(answer.etag);
    },

    async complete({ key, id }, parts, whole) {
      const answer = await calling(
        'PutObject',
        () =>
          client.completeMultipartUpload(
            key,
            id,
            parts.map(({ number, etag }) => ({ number, etag: `"${etag}"` })),
          ),
        { tries: 1 },
      );
      if (!differs(headersOf(answer), whole.checksum)) return;
      await remove(key);
      throw badDigest(`object at ${key}`);
    },

    abort: async ({ key, id }) =>
      void (await unlessAbsent(
        calling('AbortMultipartUpload', () => client.abortMultipartUpload(key, id), { always: true }),
      )),
  };
};
