import { isKind, unlessAbsent } from '../core/errors.ts';
import type { ObjectStore, SentPart, SourceFile, UploadId } from '../core/objects.ts';
import { isSame, type Checksum } from './checksum.ts';
import type { Plan } from './plan.ts';

export interface Resumed {
  readonly upload: UploadId;
  /** Parts that need not be sent, by number. */
  readonly kept: ReadonlyMap<number, SentPart>;
  /** Parts of ours that the service holds with another content: the file changed since. */
  readonly differing: number;
}

/** Nobody has more half-done uploads of one key worth a look. */
const MOST_LOOKED_AT = 5;

/**
 * Some servers that speak S3 have no list of uploads, and some policies only let objects be put: that is no reason not
 * to send.
 */
const uploadsOf = async (store: ObjectStore, key: string, say: (line: string) => void) => {
  try {
    return await store.uploads(key);
  } catch (error) {
    if (!isKind(error, 'unsupported', 'denied')) throw error;
    say(`begins anew, for an earlier upload can't be looked for: ${error.message}`);
    return [];
  }
};

const partsOf = async (store: ObjectStore, upload: UploadId) => {
  // Absent: over since it was listed.
  return (await unlessAbsent(store.parts(upload))) ?? [];
};

/**
 * The incomplete upload of this key that holds most of the file. There is no record of ours: each part the service
 * holds is compared, by its checksum, with what the file has at that place now, so a changed file is noticed part by
 * part.
 */
export const resumable = async (
  store: ObjectStore,
  key: string,
  source: SourceFile,
  plan: Plan,
  { of }: Checksum,
  say: (line: string) => void,
): Promise<Resumed | undefined> => {
  const ours = (await uploadsOf(store, key, say)).filter((upload) => upload.key === key);
  let best: Resumed | undefined;
  const buffer = new Uint8Array(plan.partSize);
  for (const upload of ours.slice(-MOST_LOOKED_AT).reverse()) {
    const kept = new Map<number, SentPart>();
    let differing = 0;
    for (const stored of await partsOf(store, upload)) {
      const part = plan.parts[stored.number - 1];
      if (part === undefined || part.size !== stored.size) {
        differing += 1;
        continue;
      }
      const bytes = buffer.subarray(0, part.size);
      await source.read(part.offset, bytes);
      const checksum = of(bytes);
      if (isSame(stored, bytes, checksum)) kept.set(part.number, { number: part.number, etag: stored.etag, checksum });
      else differing += 1;
    }
    if (kept.size > (best?.kept.size ?? 0)) best = { upload, kept, differing };
  }
  return best;
};
