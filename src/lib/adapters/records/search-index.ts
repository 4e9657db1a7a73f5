import { failure } from '../../core/errors.ts';
import type { SearchDocument, SearchIndex } from '../../core/outlets.ts';

const ANSWER_MS = 10_000;

type Fate = 'kept' | 'again' | 'refused';

/** Of one document. 409: it is there already, from a try whose answer was lost. */
const fateOf = (status: unknown): Fate => {
  if (typeof status !== 'number') return 'again';
  if ((status >= 200 && status < 300) || status === 409) return 'kept';
  return status === 429 || status >= 500 ? 'again' : 'refused';
};

/** What the bulk API answers, of which any part may be missing. */
interface BulkAnswer {
  readonly items?: readonly { readonly create?: { readonly _id?: string; readonly status?: number } }[];
}

/**
 * Elasticsearch's bulk API (OpenSearch has the same). Documents are made with `create` and an id of ours, so that one sent
 * twice is kept once, and so that a data stream takes them too. Authentication by API key, or by name and password in the URL.
 */
export const searchIndex = async ({ url, index, apiKey }: { readonly url: string; readonly index: string; readonly apiKey?: string | undefined }): Promise<SearchIndex> => {
  const base = new URL(url);
  const basic = base.username === '' ? undefined : Buffer.from(`${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`).toString('base64');
  base.username = '';
  base.password = '';
  const address = `${base.href.replace(/\/$/, '')}/${encodeURIComponent(index)}/_bulk`;
  const authorization = apiKey !== undefined ? `ApiKey ${apiKey}` : basic === undefined ? undefined : `Basic ${basic}`;

  const send = async (documents: readonly SearchDocument[], signal: AbortSignal): Promise<ReadonlyMap<string, Fate>> => {
    const body = documents.map(({ id, source }) => `${JSON.stringify({ create: { _id: id } })}\n${source}\n`).join('');
    const response = await fetch(address, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-ndjson', ...(authorization === undefined ? {} : { authorization }) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
      redirect: 'error',
    }).catch((error: Error & { cause?: { code?: string } }) => {
      throw failure(`${base.host} does not answer (${error.cause?.code ?? error.name})`, { cause: error });
    });
    if (response.status === 413) {
      if (documents.length === 1) return new Map([[documents[0]!.id, 'refused']]);
      const middle = documents.length >> 1;
      return new Map([...(await send(documents.slice(0, middle), signal)), ...(await send(documents.slice(middle), signal))]);
    }
    const text = await response.text();
    if (!response.ok) throw failure(`${base.host} answers ${response.status} to the bulk request`);
    const fates = fatesIn(text);
    if (fates === undefined) throw failure(`the answer of ${base.host} is not Elasticsearch's`);
    // A document that the answer does not mention may be there or not: `create` makes asking again harmless.
    return new Map(documents.map(({ id }) => [id, fates.get(id) ?? 'again']));
  };
  return { index: send };
};

const fatesIn = (text: string): ReadonlyMap<string, Fate> | undefined => {
  try {
    const { items } = JSON.parse(text) as BulkAnswer;
    if (!Array.isArray(items)) return undefined;
    return new Map(items.flatMap(({ create }) => (create?._id === undefined ? [] : [[create._id, fateOf(create.status)] as const])));
  } catch {
    return undefined;
  }
};
