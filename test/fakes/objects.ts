import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { failure, HybridError, missing, type ErrorKind } from '../../src/lib/core/errors.ts';
import type { ChecksumName, ObjectStore, StoredPart } from '../../src/lib/core/objects.ts';
import { crc64xz } from '../../src/lib/domain/crc.ts';

export interface FakeObjects extends ObjectStore {
  readonly objects: Map<string, Uint8Array>;
  /** Calls so far: `putPart 3`, `complete`. */
  readonly calls: string[];
  /** Called before a part is kept; what it throws is the answer. */
  onPart: (number: number) => Promise<void> | void;
  /** Keeps what it is told to join, and loses its answer. */
  losesAnswer: boolean;
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
const LEAST_PART = 5 * 2 ** 20;

export interface FakeObjectOptions {
  readonly bucket?: string;
  /** undefined: the bucket is not there. */
  readonly region?: string | undefined;
  readonly checksum?: ChecksumName;
  /** Parts and objects carry no checksum, as at servers that do not know them. */
  readonly plain?: boolean;
  readonly now?: () => number;
  readonly forbidden?: boolean;
  /** Bytes. */
  readonly leastPart?: number;
}

/** An object store with a memory. It checks what S3 checks: sums, ETags, order and size of parts. */
export const fakeObjects = ({
  bucket = 'bucket',
  checksum = 'crc32',
  plain = false,
  now = () => 0,
  forbidden = false,
  leastPart = LEAST_PART,
  ...rest
}: FakeObjectOptions = {}): FakeObjects => {
  const region = 'region' in rest ? rest.region : 'us-east-1';
  const sum = (bytes: Uint8Array): bigint => (checksum === 'crc32' ? BigInt(crc32(bytes)) : crc64xz(bytes));
  const kept = (bytes: Uint8Array): bigint | undefined => (plain ? undefined : sum(bytes));
  const uploads = new Map<string, { key: string; startedAt: number; parts: Map<number, Uint8Array> }>();
  const objects = new Map<string, Uint8Array>();
  const refuse = (code: string, kind?: ErrorKind): never => {
    throw failure(code, { code, kind, call: 'refused' });
  };
  const check = (bytes: Uint8Array, given: bigint | undefined): void => {
    if (!plain && given !== undefined && given !== sum(bytes)) refuse('BadDigest');
  };
  const open = (id: string) => uploads.get(id) ?? refuse('NoSuchUpload', 'absent');
  const store: FakeObjects = {
    scheme: checksum === 'crc32' ? 's3' : 'oss',
    bucket,
    checksum,
    objects,
    calls: [],
    onPart: () => undefined,
    losesAnswer: false,
    async region() {
      if (forbidden)
        throw missing(`not allowed to s3:ListBucket in the bucket ${bucket}`, { code: 'AccessDenied', kind: 'denied' });
      return region;
    },
    list: async (prefix) =>
      [...objects]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { length }]) => ({ key, size: length, modifiedAt: now() })),
    async head(key) {
      const found = objects.get(key);
      return found === undefined ? undefined : { key, size: found.length, modifiedAt: now(), checksum: kept(found) };
    },
    async get(key) {
      const found = objects.get(key) ?? refuse('NoSuchKey', 'absent');
      return (async function* () {
        for (let at = 0; at < found.length; at += 65_536) yield found.subarray(at, at + 65_536);
      })();
    },
    async put(key, body, { checksum: given } = {}) {
      check(body, given);
      objects.set(key, body.slice());
    },
    remove: async (key) => void objects.delete(key),
    uploads: async (prefix) =>
      [...uploads]
        .filter(([, { key }]) => key.startsWith(prefix))
        .map(([id, { key, startedAt }]) => ({ id, key, startedAt }))
        .sort((a, b) => a.startedAt - b.startedAt),
    async begin(key) {
      const id = `upload-${uploads.size + 1}-${store.calls.length}`;
      uploads.set(id, { key, startedAt: now(), parts: new Map() });
      store.calls.push('begin');
      return id;
    },
    parts: async ({ id }) =>
      [...open(id).parts]
        .sort(([a], [b]) => a - b)
        .map(
          ([number, bytes]): StoredPart => ({ number, size: bytes.length, etag: md5(bytes), checksum: kept(bytes) }),
        ),
    async putPart({ id }, number, body, { checksum: given, signal } = {}) {
      await store.onPart(number);
      if (signal?.aborted === true) throw new HybridError(130, 'interrupted');
      check(body, given);
      open(id).parts.set(number, body.slice());
      store.calls.push(`putPart ${number}`);
      return md5(body);
    },
    async complete({ key, id }, parts, whole) {
      const upload = open(id);
      const bodies = parts.map(({ number, etag }, at) => {
        const body = upload.parts.get(number);
        if (body === undefined || md5(body) !== etag) return refuse('InvalidPart');
        if (at > 0 && number <= parts[at - 1]!.number) return refuse('InvalidPartOrder');
        if (at < parts.length - 1 && body.length < leastPart) return refuse('EntityTooSmall');
        return body;
      });
      const joined = Buffer.concat(bodies);
      if (joined.length !== whole.size) refuse('InvalidRequest');
      check(joined, whole.checksum);
      objects.set(key, joined);
      uploads.delete(id);
      store.calls.push('complete');
      if (store.losesAnswer) throw failure('no answer', { call: 'unclear' });
    },
    async abort({ id }) {
      uploads.delete(id);
      store.calls.push('abort');
    },
  };
  return store;
};
