import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type ListMultipartUploadsCommandOutput,
  type ListPartsCommandOutput,
} from '@aws-sdk/client-s3';
import type { FpgaOptions } from '../../core/fpga.ts';
import type { ObjectStore, StoredObject } from '../../core/objects.ts';
import { unreadable } from './errors.ts';
import { s3 } from './services/s3.ts';
import { clientConfig, storageConfig, type Tuning } from './config.ts';
import { ownAnswersOnly } from './s3-proof.ts';
import { asStoreError, redirectedTo, statusOf } from './objects-errors.ts';

/** S3 has CRC-32 as four bytes, the highest first, in base64. */
const toHeader = (checksum: bigint): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Number(checksum));
  return bytes.toString('base64');
};
const fromHeader = (text: string | undefined): bigint | undefined =>
  text === undefined ? undefined : BigInt(Buffer.from(text, 'base64').readUInt32BE());
const bare = (etag: string | undefined): string => (etag ?? '').replaceAll('"', '');

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/;

/**
 * Bodies are guarded by a checksum in a signed header, so hashing them once more for the signature (SHA-256, some 350
 * MB/s a core) buys nothing under TLS. In the clear over a network the signature stays over the body: CRC is no defence
 * there.
 */
const unsignedBodies = (client: S3Client): void => {
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as {
        protocol: string;
        hostname: string;
        headers: Record<string, string>;
        body?: unknown;
      };
      if (request.body instanceof Uint8Array && (request.protocol === 'https:' || LOOPBACK.test(request.hostname)))
        request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      return next(args);
    },
    { step: 'build', name: 'unsignedBodies' },
  );
};

const clientOf = (options: FpgaOptions & { readonly region: string }, tuning: Partial<Tuning>): S3Client => {
  const { requestHandler: _, ...config } = clientConfig(options, tuning);
  const client = new S3Client({
    ...config,
    // We send our own checksums, of parts and of the whole; the SDK would compute others.
    ...storageConfig({}),
    expectContinueHeader: false,
    // No limit on a whole request, since a part takes as long as the line needs, but on silence.
    requestHandler: {
      connectionTimeout: tuning.connectMs ?? 5_000,
      socketTimeout: tuning.answerMs ?? 30_000,
      httpsAgent: { keepAlive: true, maxSockets: 64 },
      httpAgent: { keepAlive: true, maxSockets: 64 },
    },
  });
  unsignedBodies(client);
  ownAnswersOnly(client, s3);
  return client;
};

/** S3 by the SDK. Source of limits and of full-object checksums: "Checking object integrity" in the S3 user guide. */
export const awsObjects = (
  bucket: string,
  options: FpgaOptions & { readonly region: string },
  tuning: Partial<Tuning> = {},
): ObjectStore => {
  const { region, signal: given } = options;
  const client = clientOf(options, tuning);
  const Bucket = bucket;
  const calling = async <Answer>(
    operation: string,
    send: (abort: { abortSignal?: AbortSignal }) => Promise<Answer>,
    signal?: AbortSignal,
  ): Promise<Answer> => {
    try {
      const both = [given, signal].filter((one) => one !== undefined);
      return await send(both.length === 0 ? {} : { abortSignal: both.length === 1 ? both[0]! : AbortSignal.any(both) });
    } catch (error) {
      throw asStoreError(error, operation, { bucket, region });
    }
  };

  return {
    scheme: 's3',
    bucket,
    checksum: 'crc32',

    region: () =>
      calling('ListBucket', async (abort) => {
        try {
          return (await client.send(new HeadBucketCommand({ Bucket }), abort)).BucketRegion ?? region;
        } catch (error) {
          if (statusOf(error) === 404) return undefined;
          const elsewhere = redirectedTo(error);
          if (elsewhere !== undefined) return elsewhere;
          throw error;
        }
      }),

    async list(prefix) {
      const objects: StoredObject[] = [];
      for (let token: string | undefined; ; ) {
        const page = await calling('ListBucket', (abort) =>
          client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken: token }), abort),
        );
        objects.push(
          ...(page.Contents ?? []).map(({ Key = '', Size = 0, LastModified }) => ({
            key: Key,
            size: Size,
            modifiedAt: LastModified?.getTime() ?? 0,
          })),
        );
        if (page.IsTruncated !== true || page.NextContinuationToken === undefined) return objects;
        token = page.NextContinuationToken;
      }
    },

    head: (key) =>
      calling('GetObject', async (abort) => {
        try {
          const {
            ContentLength = 0,
            LastModified,
            ChecksumCRC32,
            ChecksumType,
          } = await client.send(new HeadObjectCommand({ Bucket, Key: key, ChecksumMode: 'ENABLED' }), abort);
          // That of parts ("COMPOSITE") is a checksum of checksums and says nothing without them.
          return {
            key,
            size: ContentLength,
            modifiedAt: LastModified?.getTime() ?? 0,
            checksum:
              ChecksumType === 'COMPOSITE' || ChecksumCRC32?.includes('-') === true
                ? undefined
                : fromHeader(ChecksumCRC32),
          };
        } catch (error) {
          if (statusOf(error) === 404) return undefined;
          throw error;
        }
      }),

    async get(key) {
      const { Body } = await calling('GetObject', (abort) =>
        client.send(new GetObjectCommand({ Bucket, Key: key }), abort),
      );
      return Body as unknown as AsyncIterable<Uint8Array>;
    },

    put: async (key, body, { checksum, signal } = {}) =>
      void (await calling(
        'PutObject',
        (abort) =>
          client.send(
            new PutObjectCommand({
              Bucket,
              Key: key,
              Body: body,
              ...(checksum === undefined ? {} : { ChecksumCRC32: toHeader(checksum) }),
            }),
            abort,
          ),
        signal,
      )),

    remove: async (key) =>
      void (await calling('DeleteObject', (abort) =>
        client.send(new DeleteObjectCommand({ Bucket, Key: key }), abort),
      )),

    async uploads(prefix) {
      const found: { key: string; id: string; startedAt: number }[] = [];
      for (let page: ListMultipartUploadsCommandOutput | undefined; page === undefined || page.IsTruncated === true; ) {
        const last = page;
        page = await calling('ListBucketMultipartUploads', (abort) =>
          client.send(
            new ListMultipartUploadsCommand({
              Bucket,
              Prefix: prefix,
              KeyMarker: last?.NextKeyMarker,
              UploadIdMarker: last?.NextUploadIdMarker,
            }),
            abort,
          ),
        );
        found.push(
          ...(page.Uploads ?? []).map(({ Key = '', UploadId = '', Initiated }) => ({
            key: Key,
            id: UploadId,
            startedAt: Initiated?.getTime() ?? 0,
          })),
        );
        if (
          page.NextKeyMarker === undefined ||
          (page.NextKeyMarker === last?.NextKeyMarker && page.NextUploadIdMarker === last?.NextUploadIdMarker)
        )
          break;
      }
      return found.sort((a, b) => a.startedAt - b.startedAt);
    },

    async begin(key) {
      const { UploadId } = await calling('PutObject', (abort) =>
        client.send(
          new CreateMultipartUploadCommand({
            Bucket,
            Key: key,
            ChecksumAlgorithm: 'CRC32',
            ChecksumType: 'FULL_OBJECT',
          }),
          abort,
        ),
      );
      if (UploadId === undefined) throw unreadable(s3, 'CreateMultipartUpload');
      return UploadId;
    },

    async parts({ key, id }) {
      const found: { number: number; size: number; etag: string; checksum: bigint | undefined }[] = [];
      for (let page: ListPartsCommandOutput | undefined; page === undefined || page.IsTruncated === true; ) {
        const marker = page?.NextPartNumberMarker;
        page = await calling('ListMultipartUploadParts', (abort) =>
          client.send(new ListPartsCommand({ Bucket, Key: key, UploadId: id, PartNumberMarker: marker }), abort),
        );
        found.push(
          ...(page.Parts ?? []).map(({ PartNumber = 0, Size = 0, ETag, ChecksumCRC32 }) => ({
            number: PartNumber,
            size: Size,
            etag: bare(ETag),
            checksum: fromHeader(ChecksumCRC32),
          })),
        );
        if (page.NextPartNumberMarker === undefined || page.NextPartNumberMarker === marker) break;
      }
      return found;
    },

    async putPart({ key, id }, number, body, { checksum, signal } = {}) {
      const send = (abort: { abortSignal?: AbortSignal }) =>
        client.send(
          new UploadPartCommand({
            Bucket,
            Key: key,
            UploadId: id,
            PartNumber: number,
            Body: body,
            ...(checksum === undefined ? {} : { ChecksumCRC32: toHeader(checksum) }),
          }),
          abort,
        );
      const { ETag } = await calling('PutObject', send, signal);
      if (ETag === undefined) throw unreadable(s3, 'UploadPart');
      return bare(ETag);
    },

    complete: async ({ key, id }, parts, whole) =>
      void (await calling('PutObject', (abort) =>
        client.send(
          new CompleteMultipartUploadCommand({
            Bucket,
            Key: key,
            UploadId: id,
            MultipartUpload: {
              Parts: parts.map(({ number, etag, checksum }) => ({
                PartNumber: number,
                ETag: `"${etag}"`,
                ChecksumCRC32: toHeader(checksum),
              })),
            },
            ChecksumCRC32: toHeader(whole.checksum),
            ChecksumType: 'FULL_OBJECT',
            MpuObjectSize: whole.size,
          }),
          abort,
        ),
      )),

    abort: ({ key, id }) =>
      // After Ctrl-C too: it tidies up.
      calling('AbortMultipartUpload', async () => {
        try {
          await client.send(new AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: id }));
        } catch (error) {
          if (statusOf(error) !== 404) throw error;
        }
      }),
  };
};
