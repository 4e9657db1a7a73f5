import { Client, errors, HttpConnection, type ClientOptions } from '@elastic/elasticsearch';
import { Transport } from '@elastic/transport';
import { failure, missing } from '../../core/errors.ts';
import type { SearchDocument, SearchIndex, SearchQuery } from '../../core/outlets.ts';

const ANSWER_MS = 10_000;
/** Documents of one answer; Elasticsearch gives no more than 10,000. */
const PAGE = 1_000;

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

interface SearchAnswer {
  readonly hits?: {
    readonly hits?: readonly { readonly _id: string; readonly _source?: { readonly '@timestamp'?: string } }[];
  };
}

/**
 * The client would refuse OpenSearch and Amazon's own service, which answer the same calls without Elastic's product
 * header, and name a media type that they don't know. The field document's endpoint is one of them.
 */
class PlainTransport extends Transport {
  constructor({ productCheck: _elastic, ...options }: ConstructorParameters<typeof Transport>[0]) {
    super({
      ...options,
      vendoredHeaders: {
        jsonContentType: 'application/json',
        ndjsonContentType: 'application/x-ndjson',
        accept: 'application/json',
      },
    });
  }
}

/** Name and password of the URL, or an API key. Retries are the caller's: it keeps what was not taken. */
const clientOf = (url: string, apiKey: string | undefined): Client => {
  const base = new URL(url);
  const [username, password] = [decodeURIComponent(base.username), decodeURIComponent(base.password)];
  base.username = '';
  base.password = '';
  const auth: ClientOptions['auth'] | undefined =
    apiKey !== undefined ? { apiKey } : username === '' ? undefined : { username, password };
  // Node's own agent lets the process end while a connection is kept open; undici's pool does not.
  return new Client({
    node: base.href,
    ...(auth === undefined ? {} : { auth }),
    Connection: HttpConnection,
    Transport: PlainTransport as unknown as NonNullable<ClientOptions['Transport']>,
    maxRetries: 0,
    requestTimeout: ANSWER_MS,
    enableMetaHeader: false,
  });
};

/**
 * Elasticsearch and OpenSearch. Documents are made with `create` and an id of ours, so that one sent twice is kept
 * once, and so that a data stream takes them too.
 */
export const searchIndex = async ({
  url,
  index,
  apiKey,
}: {
  readonly url: string;
  readonly index: string;
  readonly apiKey?: string | undefined;
}): Promise<SearchIndex> => {
  const client = clientOf(url, apiKey);
  const { host } = new URL(url);

  const explained = (error: unknown, what: string): Error => {
    if (error instanceof errors.ResponseError) {
      const { statusCode } = error;
      if (statusCode === 401 || statusCode === 403)
        return missing(`${host} answers ${statusCode} to ${what}`, {
          next: 'see to the API key and what it may do',
          cause: error,
        });
      return failure(`${host} answers ${statusCode} to ${what}`, { cause: error });
    }
    if (error instanceof errors.DeserializationError)
      return failure(`the answer of ${host} is not Elasticsearch's`, { cause: error });
    return failure(
      `${host} does not answer (${(error as Error & { cause?: { code?: string } }).cause?.code ?? (error as Error).name})`,
      { cause: error, next: 'see to the address, the network and any proxy in between' },
    );
  };

  const put = async (documents: readonly SearchDocument[], signal: AbortSignal): Promise<ReadonlyMap<string, Fate>> => {
    let answer: unknown;
    try {
      answer = await client.bulk(
        { index, operations: documents.flatMap(({ id, source }) => [{ create: { _id: id } }, source]) },
        { signal },
      );
    } catch (error) {
      if (!(error instanceof errors.ResponseError) || error.statusCode !== 413)
        throw explained(error, 'the bulk request');
      if (documents.length === 1) return new Map([[documents[0]!.id, 'refused']]);
      const middle = documents.length >> 1;
      return new Map([
        ...(await put(documents.slice(0, middle), signal)),
        ...(await put(documents.slice(middle), signal)),
      ]);
    }
    const items = (answer as BulkAnswer | undefined)?.items;
    if (!Array.isArray(items)) throw failure(`the answer of ${host} is not Elasticsearch's`);
    const fates = new Map(
      (items as NonNullable<BulkAnswer['items']>).flatMap(({ create }) =>
        create?._id === undefined ? [] : [[create._id, fateOf(create.status)] as const],
      ),
    );
    // A document that the answer does not mention may be there or not: `create` makes asking again harmless.
    return new Map(documents.map(({ id }) => [id, fates.get(id) ?? 'again']));
  };

  const page = async ({ all, from }: SearchQuery, until: number | undefined, signal: AbortSignal) => {
    const filter = [
      {
        range: {
          '@timestamp': {
            ...(from === undefined ? {} : { gte: new Date(from).toISOString() }),
            ...(until === undefined ? {} : { lte: new Date(until).toISOString() }),
          },
        },
      },
      // Phrases fit fields that are kept as words and those that are taken apart; the caller looks at each document
      // again.
      ...all.map(({ fields, values }) => ({
        bool: {
          minimum_should_match: 1,
          should: fields.flatMap((field) => values.map((value) => ({ match_phrase: { [field]: value } }))),
        },
      })),
    ];
    try {
      const { hits } = (await client.search(
        { index, size: PAGE, sort: [{ '@timestamp': 'desc' }], query: { bool: { filter } } } as object,
        { signal },
      )) as SearchAnswer;
      if (!Array.isArray(hits?.hits)) throw failure(`the answer of ${host} is not Elasticsearch's`);
      return hits!.hits as NonNullable<NonNullable<SearchAnswer['hits']>['hits']>;
    } catch (error) {
      throw error instanceof errors.ElasticsearchClientError ? explained(error, 'the search') : error;
    }
  };

  return {
    index: put,
    async *search(query, signal) {
      const seen = new Set<string>();
      let until = query.to;
      for (;;) {
        const hits = await page(query, until, signal);
        const fresh = hits.filter(({ _id }) => !seen.has(_id));
        for (const { _id, _source } of fresh) {
          seen.add(_id);
          yield JSON.stringify(_source ?? {});
        }
        const last = Date.parse(hits.at(-1)?._source?.['@timestamp'] ?? '');
        if (hits.length < PAGE || Number.isNaN(last)) return;
        // The next page begins with the same instant: several documents may have it.
        if (fresh.length === 0)
          throw failure(`more than ${PAGE} documents of ${index} have one time: they can't be told apart`, {
            next: 'narrow the search by --since and --until',
          });
        until = last;
      }
    },
  };
};
