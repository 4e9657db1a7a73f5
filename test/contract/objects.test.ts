import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { aliyunObjects } from '../../src/lib/adapters/aliyun/objects.ts';
import { awsObjects } from '../../src/lib/adapters/aws/objects.ts';
import type { ChecksumName, ObjectStore } from '../../src/lib/core/objects.ts';
import { fakeObjects } from '../fakes/objects.ts';
import { crc64 } from '../../src/lib/cloud/aliyun/oss/crc64.ts';
import { testAliyun } from '../helpers/aliyun.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';

interface Side {
  readonly region: string;
  /** @param bucket there unless it is `absent`. @param signal of the whole run: Ctrl-C. */
  open(bucket?: string, signal?: AbortSignal): ObjectStore | Promise<ObjectStore>;
}

const sdk = (bucket: string, signal?: AbortSignal): ObjectStore =>
  awsObjects(bucket, { cloud: 'aws', region: 'us-east-1', signal }, { attempts: 2, connectMs: 400, answerMs: 5_000 });
const make = async (url: string, bucket: string): Promise<void> => {
  const { S3Client, CreateBucketCommand } = await import('@aws-sdk/client-s3');
  await new S3Client({ region: 'us-east-1', endpoint: url, forcePathStyle: true }).send(
    new CreateBucketCommand({ Bucket: bucket }),
  );
};

const SIDES: Readonly<Record<string, () => Promise<Side>>> = {
  async 'the AWS SDK against the endpoint'() {
    const { url } = await testCloud(fixture('lab'));
    await make(url, 'bucket');
    return { region: 'us-east-1', open: (bucket = 'bucket', signal) => sdk(bucket, signal) };
  },
  async 'ali-oss against the account on loopback'() {
    (await testAliyun()).bucket('bucket', undefined, { logs: false });
    return {
      region: 'cn-hangzhou',
      open: (bucket = 'bucket', signal) => aliyunObjects(bucket, { cloud: 'aliyun', region: 'cn-hangzhou', signal }),
    };
  },
  async 'the fake'() {
    const store = fakeObjects();
    return {
      region: 'us-east-1',
      open: (bucket) => (bucket === undefined ? store : fakeObjects({ bucket, region: undefined })),
    };
  },
};

const MiB = 2 ** 20;
const bytes = (size: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, at) => (at * 31 + seed) & 255);
const SUMS: Readonly<Record<ChecksumName, (body: Uint8Array) => bigint>> = {
  crc32: (body) => BigInt(crc32(body)),
  crc64xz: (body) => BigInt(crc64(body)),
};
const read = async (content: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
};

describe.each(Object.entries(SIDES))('objects: %s', (_, start) => {
  it('knows where the bucket is, or that there is none', async () => {
    const { open, region } = await start();
    expect(await (await open()).region()).toBe(region);
    expect(await (await open('absent')).region()).toBeUndefined();
  });

  it('puts, heads, lists, gets and removes', async () => {
    const { open } = await start();
    const store = await open();
    const sum = SUMS[store.checksum];
    const body = bytes(100_000, 1);
    await store.put('a/one file', body, { checksum: sum(body) });
    await store.put('a/two', bytes(1, 0));
    await store.put('b/', new Uint8Array());
    expect((await store.list('a/')).map(({ key, size }) => [key, size])).toEqual([
      ['a/one file', 100_000],
      ['a/two', 1],
    ]);
    expect((await store.list('')).length).toBe(3);
    expect(await store.head('a/one file')).toMatchObject({ key: 'a/one file', size: 100_000, checksum: sum(body) });
    expect(Buffer.compare(await read(await store.get('a/one file')), body)).toBe(0);
    await store.remove('a/two');
    await store.remove('a/two');
    expect(await store.head('a/two')).toBeUndefined();
    await expect((async () => read(await store.get('a/two')))()).rejects.toMatchObject({
      code: 'NoSuchKey',
      kind: 'absent',
    });
  });

  it('joins parts, and shows what it holds before', async () => {
    const { open } = await start();
    const store = await open();
    const sum = SUMS[store.checksum];
    const [first, last] = [bytes(5 * MiB, 2), bytes(1_000, 3)];
    const id = await store.begin('big');
    const upload = { key: 'big', id };
    expect(await store.uploads('big')).toMatchObject([upload]);
    expect(await store.uploads('other')).toEqual([]);
    expect(await store.parts(upload)).toEqual([]);
    const etags = [
      await store.putPart(upload, 2, last, { checksum: sum(last) }),
      await store.putPart(upload, 1, first, { checksum: sum(first) }),
    ];
    const parts = await store.parts(upload);
    expect(parts.map(({ number, size, etag }) => [number, size, etag])).toEqual([
      [1, 5 * MiB, etags[1]],
      [2, 1_000, etags[0]],
    ]);
    expect(parts.map(({ checksum }) => checksum)).toEqual([sum(first), sum(last)]);
    const whole = Buffer.concat([first, last]);
    await store.complete(
      upload,
      parts.map(({ number, etag }, at) => ({ number, etag, checksum: sum([first, last][at]!) })),
      { size: whole.length, checksum: sum(whole) },
    );
    expect(await store.uploads('')).toEqual([]);
    expect(await store.head('big')).toMatchObject({ size: whole.length, checksum: sum(whole) });
    expect(Buffer.compare(await read(await store.get('big')), whole)).toBe(0);
    await expect(store.parts(upload)).rejects.toMatchObject({ code: 'NoSuchUpload', kind: 'absent' });
    await store.abort(upload);
  });

  it('takes an upload back', async () => {
    const { open } = await start();
    const store = await open();
    const sum = SUMS[store.checksum];
    const upload = { key: 'gone', id: await store.begin('gone') };
    await store.putPart(upload, 1, bytes(10, 1), { checksum: sum(bytes(10, 1)) });
    await store.abort(upload);
    await store.abort(upload);
    expect([await store.uploads(''), await store.head('gone')]).toEqual([[], undefined]);
  });

  it('takes an upload back after Ctrl-C too', async () => {
    const { open } = await start();
    const stop = new AbortController();
    const store = await open(undefined, stop.signal);
    const upload = { key: 'gone', id: await store.begin('gone') };
    stop.abort();
    await store.abort(upload);
    expect(await (await open()).uploads('')).toEqual([]);
  });

  it('refuses what is not what its checksum says', async () => {
    const { open } = await start();
    const store = await open();
    const sum = SUMS[store.checksum];
    const upload = { key: 'bad', id: await store.begin('bad') };
    await expect(store.putPart(upload, 1, bytes(10, 1), { checksum: 1n })).rejects.toMatchObject({ code: 'BadDigest' });
    await expect(store.put('bad', bytes(10, 1), { checksum: 1n })).rejects.toMatchObject({ code: 'BadDigest' });
    const etag = await store.putPart(upload, 1, bytes(10, 1), { checksum: sum(bytes(10, 1)) });
    await expect(
      store.complete(upload, [{ number: 1, etag: '0'.repeat(32), checksum: sum(bytes(10, 1)) }], {
        size: 10,
        checksum: sum(bytes(10, 1)),
      }),
    ).rejects.toMatchObject({ code: 'InvalidPart' });
    await expect(
      store.complete(upload, [{ number: 1, etag, checksum: sum(bytes(10, 1)) }], { size: 10, checksum: 1n }),
    ).rejects.toMatchObject({ code: 'BadDigest' });
    expect(await store.head('bad')).toBeUndefined();
  });
});
