import { failure, HybridError, interrupted, unlessKind } from '../core/errors.ts';
import type { ObjectStore, SentPart, StoredObject, SourceFile, UploadId, Whole } from '../core/objects.ts';
import { inParallel } from '../core/parallel.ts';
import { CHECKSUMS, checksumOf, type Checksum } from './checksum.ts';
import type { Progress } from './meter.ts';
import { planOf, type Part, type Plan } from './plan.ts';
import { resumable } from './resume.ts';

export interface UploadOptions {
  readonly store: ObjectStore;
  readonly source: SourceFile;
  readonly key: string;
  readonly signal: AbortSignal;
  onProgress(progress: Progress): void;
  /** A sentence for a person: what is taken up, what changed. */
  say(line: string): void;
  /** Bytes a part; for tests and benches. */
  readonly partSize?: number;
}

export interface Uploaded {
  readonly key: string;
  readonly size: number;
  /** Of the whole object, in hex. */
  readonly checksum: string;
  readonly algorithm: string;
  readonly parts: number;
  /** Bytes sent by this run; the rest was there. */
  readonly sent: number;
}

interface Job extends UploadOptions {
  readonly plan: Plan;
  readonly sums: Checksum;
}

/**
 * Sends a file as one object: parts side by side, each with its checksum, the whole proven by the checksum that follows
 * from them. What a run that died has sent is found again at the service and not sent twice. On an error the parts
 * stay, for the next run; without any, the upload is taken back.
 */
export const upload = async (options: UploadOptions): Promise<Uploaded> => {
  const { source, store } = options;
  if (source.size === 0) throw failure(`${source.path} is empty`, { next: 'build the file first' });
  const job: Job = { ...options, plan: planOf(source.size, options.partSize), sums: CHECKSUMS[store.checksum] };
  return (await alreadyThere(job)) ?? (job.plan.parts.length === 1 ? await inOne(job) : await inParts(job));
};

const outcome = ({ key, source, store, plan }: Job, checksum: bigint, sent: number): Uploaded => ({
  key,
  size: source.size,
  checksum: checksum.toString(16).padStart(store.checksum === 'crc32' ? 8 : 16, '0'),
  algorithm: store.checksum,
  parts: plan.parts.length,
  sent,
});

/** An earlier run may have died between the service's yes and its own end. */
const alreadyThere = async (job: Job): Promise<Uploaded | undefined> => {
  const { store, key, source, plan, sums, onProgress } = job;
  const there = await unlessKind(store.head(key), 'denied');
  if (there?.checksum === undefined || there.size !== source.size) return undefined;
  const checksum = await checksumOf(source, plan, sums);
  if (checksum !== there.checksum) return undefined;
  onProgress({ total: source.size, kept: source.size, sent: 0 });
  return outcome(job, checksum, 0);
};

const inOne = async (job: Job): Promise<Uploaded> => {
  const { store, key, source, sums, signal, onProgress } = job;
  const bytes = new Uint8Array(source.size);
  await source.read(0, bytes);
  await source.unchanged();
  const checksum = sums.of(bytes);
  await store.put(key, bytes, { checksum, signal });
  await proven(job, { size: source.size, checksum });
  onProgress({ total: source.size, kept: 0, sent: source.size });
  return outcome(job, checksum, source.size);
};

const inParts = async (job: Job): Promise<Uploaded> => {
  const { store, key, source, plan, sums, say, onProgress } = job;
  const resumed = await resumable(store, key, source, plan, sums, say);
  const target = resumed?.upload ?? { key, id: await store.begin(key) };
  const done = new Map<number, SentPart>(resumed?.kept);
  const keptBytes = plan.parts.reduce((sum, { number, size }) => (done.has(number) ? sum + size : sum), 0);
  if (resumed !== undefined) say(`taking up an earlier upload: ${done.size} of ${plan.parts.length} parts are there`);
  if (resumed !== undefined && resumed.differing > 0)
    say(`the file changed since: ${resumed.differing} parts that were sent are sent again`);
  let sent = 0;
  const onSent = (part: Part): void => onProgress({ total: source.size, kept: keptBytes, sent: (sent += part.size) });
  if (keptBytes > 0) onProgress({ total: source.size, kept: keptBytes, sent });
  try {
    await sendAll(job, target, done, onSent);
    await source.unchanged();
    const parts = plan.parts.map(({ number, size }) => ({ ...done.get(number)!, size }));
    const whole: Whole = { size: source.size, checksum: sums.joined(parts) };
    await join(job, target, parts, whole);
    return outcome(job, whole.checksum, sent);
  } catch (error) {
    const changed = await source.unchanged().then(
      () => false,
      () => true,
    );
    if (done.size === 0 || changed) await store.abort(target).catch(() => undefined);
    else
      say(
        `${done.size} of ${plan.parts.length} parts are kept: run it again to go on, or take them back with "hybridctl fpga uploads --abort"`,
      );
    if (job.signal.aborted) throw interrupted();
    throw error;
  }
};

/** Each lane has one buffer, and so memory is bounded by how many there are. */
const sendAll = async (
  { store, source, plan, sums, signal }: Job,
  target: UploadId,
  done: Map<number, SentPart>,
  onSent: (part: Part) => void,
): Promise<void> => {
  const missing = plan.parts.filter(({ number }) => !done.has(number));
  const buffers = Array.from({ length: plan.parallel }, () => new Uint8Array(plan.partSize));
  await inParallel(missing, plan.parallel, signal, async (part, lane) => {
    const bytes = buffers[lane.index]!.subarray(0, part.size);
    await source.read(part.offset, bytes);
    const checksum = sums.of(bytes);
    const etag = await store.putPart(target, part.number, bytes, { checksum, signal: lane.signal });
    done.set(part.number, { number: part.number, etag, checksum });
    onSent(part);
  });
};

const isWhole = (there: StoredObject | undefined, whole: Whole): boolean =>
  there?.size === whole.size && (there.checksum === undefined || there.checksum === whole.checksum);

/**
 * Looks at what is there now: the service's yes alone stores nothing. Into a bucket that may only be written it is not
 * looked at, and that is said; the service has held what arrived against the checksum that was sent.
 */
const proven = async ({ store, key, say }: Job, whole: Whole): Promise<void> => {
  const where = `${store.scheme}://${store.bucket}/${key}`;
  const seen = await unlessKind(
    store.head(key).then((there) => ({ there })),
    'denied',
  );
  if (seen === undefined) say(`${where} was not read back: what is in this bucket may not be read`);
  else if (!isWhole(seen.there, whole))
    throw failure(`what is at ${where} now is not the file`, {
      next: 'somebody else writes to the same key: choose another with --key',
    });
};

/** A yes that was lost on its way is found by looking. */
const join = async (job: Job, target: UploadId, parts: readonly SentPart[], whole: Whole): Promise<void> => {
  const { store, key } = job;
  try {
    await store.complete(target, parts, whole);
  } catch (error) {
    if (!(error instanceof HybridError && (error.kind === 'absent' || error.call === 'unclear'))) throw error;
    if (!isWhole(await store.head(key), whole)) throw error;
    return;
  }
  await proven(job, whole);
};
