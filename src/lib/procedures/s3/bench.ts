import type { Aws } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { FileLoad } from '../../core/file-load.ts';
import { inParallel } from '../../core/parallel.ts';
import type { Clock } from '../../core/ports.ts';
import type { MountSpec } from '../../domain/s3/spec.ts';

export interface BenchOptions {
  /** Of the large file, bytes. */
  readonly size: number;
  /** How many small files. */
  readonly files: number;
  /** At once. */
  readonly parallel: number;
  /** A name nobody has. */
  readonly nonce: string;
}

export interface BenchRow {
  readonly what: 'write' | 'read' | 'create' | 'stat' | 'remove';
  /** Bytes a second for write and read; operations a second for the others. */
  readonly mount: number;
  readonly raw: number;
}

export interface BenchPorts {
  readonly aws: Aws;
  readonly load: FileLoad;
  readonly clock: Pick<Clock, 'now'>;
  readonly signal: AbortSignal;
  progress(line: string): void;
}

/** As large as the parts of s3fs and its kin. */
const PART = 8 * 2 ** 20;
const SMALL = 4_096;

/**
 * The same load through the mount and by bare requests to the same bucket, one after the other. All of it is removed at
 * the end, also after a failure or a Ctrl-C.
 */
export const benchMount = async (
  { bucket, directory, readOnly }: Pick<MountSpec, 'bucket' | 'directory' | 'readOnly'>,
  { size, files, parallel, nonce }: BenchOptions,
  { aws, load, clock, signal, progress }: BenchPorts,
): Promise<readonly BenchRow[]> => {
  if (readOnly)
    throw failure(`${directory} can only be read`, { field: 'directory', next: 'mount it without --read-only' });
  const folder = `.hybridctl-bench-${nonce}`;
  const [through, bare] = [`${directory}/${folder}/mount`, `${folder}/raw`];
  const parts = Array.from({ length: Math.ceil(size / PART) }, (_, index) => ({
    key: `${bare}/part-${index}`,
    size: Math.min(PART, size - index * PART),
  }));
  const names = Array.from({ length: files }, (_, index) => `small-${index}`);
  const body = (length: number): Uint8Array =>
    Uint8Array.from({ length: Math.min(length, SMALL) }, (_, index) => index % 251);
  const block = new Uint8Array(PART).map((_, index) => index % 251);
  const put = (Key: string, Body: Uint8Array) =>
    aws.ask('s3', 'PutObject', { Bucket: bucket, Key, Body }).then(() => undefined);
  const timed = async (amount: number, work: () => Promise<void>): Promise<number> => {
    const since = clock.now();
    await work();
    return (amount * 1_000) / Math.max(1, clock.now() - since);
  };
  const each = (list: readonly string[], work: (name: string) => Promise<void>) =>
    timed(list.length, () => inParallel(list, parallel, signal, work));
  const raw = new Set<string>();
  try {
    progress(`writing and reading ${Math.round(size / 2 ** 20)} MiB`);
    const write = await timed(size, () =>
      inParallel(['large'], 1, signal, (name) => load.write(`${through}/${name}`, size)),
    );
    const read = await timed(size, () =>
      inParallel(['large'], 1, signal, async (name) => {
        const got = await load.read(`${through}/${name}`);
        if (got !== size) throw failure(`${through}/${name} came back with ${got} of ${size} bytes`);
      }),
    );
    const rawWrite = await timed(size, () =>
      inParallel(parts, parallel, signal, async (part) => {
        raw.add(part.key);
        await put(part.key, block.subarray(0, part.size));
      }),
    );
    const rawRead = await timed(size, () =>
      inParallel(
        parts,
        parallel,
        signal,
        async ({ key }) =>
          void (await (await aws.ask('s3', 'GetObject', { Bucket: bucket, Key: key })).Body!.transformToByteArray()),
      ),
    );
    progress(`${files} files of ${SMALL / 1_024} KiB, ${parallel} at once`);
    const create = await each(names, (name) => load.write(`${through}/${name}`, SMALL));
    const stat = await each(names, (name) => load.stat(`${through}/${name}`));
    const remove = await each(names, (name) => load.remove(`${through}/${name}`));
    const rawCreate = await each(names, async (name) => {
      raw.add(`${bare}/${name}`);
      await put(`${bare}/${name}`, body(SMALL));
    });
    const rawStat = await each(
      names,
      async (name) => void (await aws.ask('s3', 'HeadObject', { Bucket: bucket, Key: `${bare}/${name}` })),
    );
    const rawRemove = await each(names, async (name) => {
      await aws.ask('s3', 'DeleteObject', { Bucket: bucket, Key: `${bare}/${name}` });
      raw.delete(`${bare}/${name}`);
    });
    return [
      { what: 'write', mount: write, raw: rawWrite },
      { what: 'read', mount: read, raw: rawRead },
      { what: 'create', mount: create, raw: rawCreate },
      { what: 'stat', mount: stat, raw: rawStat },
      { what: 'remove', mount: remove, raw: rawRemove },
    ];
  } finally {
    const calm = new AbortController().signal;
    await inParallel(
      [...raw],
      parallel,
      calm,
      async (Key) => void (await aws.ask('s3', 'DeleteObject', { Bucket: bucket, Key })),
    ).catch((error: Error) => progress(`warning: objects under ${folder} are left in ${bucket}: ${error.message}`));
    await load
      .remove(`${directory}/${folder}`)
      .catch((error: Error) => progress(`warning: ${directory}/${folder} is left: ${error.message}`));
  }
};
