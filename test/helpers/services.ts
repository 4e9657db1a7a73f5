import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { vi } from 'vitest';
import { afterEachTest } from './after-each.ts';

export interface Published {
  readonly to: string;
  readonly subject: string | null;
  readonly text: string;
  readonly id: string | null;
  readonly deduplication: string | null;
}

export interface Figure {
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
  readonly Timestamp: number;
  readonly Value: number;
}

/**
 * What the services do with a call: `lost` takes it and answers nobody (the connection breaks), `half` refuses every
 * second document or message for now.
 */
export type Mood = 'well' | 'hang' | 'down' | 'garbage' | 'throttled' | 'refuses' | 'lost' | 'half';

export interface Services {
  readonly url: string;
  mood: Mood;
  /** Requests that came, whatever became of them. */
  calls: number;
  readonly published: Published[];
  readonly figures: Map<string, Figure[]>;
  /** Source by id, as Elasticsearch would hold them. */
  readonly documents: Map<string, unknown>;
  /** Most bytes of a bulk request; beyond: 413. */
  bulkBytes: number;
  readonly authorizations: Set<string>;
  /** `gzip`, by request. */
  readonly encodings: (string | undefined)[];
}

const body = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const sent = Buffer.concat(chunks);
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent).toString('utf8');
};

const running: (() => Promise<void>)[] = [];
afterEachTest(async () => {
  vi.unstubAllEnvs();
  await Promise.all(running.splice(0).map((close) => close()));
});

/**
 * SNS (query protocol), CloudWatch (JSON protocol) and Elasticsearch's bulk API on one loopback port, each with a
 * memory. The SDK is pointed at it.
 */
export const startServices = async (): Promise<Services> => {
  const services: Services & { url: string } = {
    url: '',
    mood: 'well',
    calls: 0,
    published: [],
    figures: new Map(),
    documents: new Map(),
    bulkBytes: 10 ** 6,
    authorizations: new Set(),
    encodings: [],
  };
  const reply = (response: ServerResponse, status: number, type: string, text: string): void =>
    void response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': 'r-1' }).end(text);

  const sns = (form: URLSearchParams, response: ServerResponse): void => {
    const error = (status: number, code: string) =>
      reply(
        response,
        status,
        'text/xml',
        `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${code}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`,
      );
    if (services.mood === 'throttled') return error(400, 'Throttling');
    if (services.mood === 'refuses') return error(404, 'NotFound');
    if (services.mood === 'half' && services.calls % 2 === 1) return error(500, 'InternalError');
    services.published.push({
      to: form.get('TopicArn') ?? form.get('PhoneNumber')!,
      subject: form.get('Subject'),
      text: form.get('Message')!,
      id: form.get('MessageAttributes.entry.1.Value.StringValue'),
      deduplication: form.get('MessageDeduplicationId'),
    });
    if (services.mood === 'lost') return void response.destroy();
    reply(
      response,
      200,
      'text/xml',
      `<PublishResponse><PublishResult><MessageId>m-${services.published.length}</MessageId></PublishResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></PublishResponse>`,
    );
  };

  const cloudwatch = (text: string, response: ServerResponse): void => {
    if (services.mood === 'throttled')
      return reply(response, 400, 'application/x-amz-json-1.0', '{"__type":"Throttling","message":"slow"}');
    if (services.mood === 'refuses')
      return reply(
        response,
        400,
        'application/x-amz-json-1.0',
        '{"__type":"InvalidParameterValueException","message":"no"}',
      );
    const { Namespace, MetricData } = JSON.parse(text) as { Namespace: string; MetricData: Figure[] };
    services.figures.set(Namespace, [...(services.figures.get(Namespace) ?? []), ...MetricData]);
    if (services.mood === 'lost') return void response.destroy();
    reply(response, 200, 'application/x-amz-json-1.0', '{}');
  };

  const bulk = (text: string, response: ServerResponse): void => {
    if (text.length > services.bulkBytes) return reply(response, 413, 'text/plain', 'too large');
    if (services.mood === 'throttled') return reply(response, 429, 'application/json', '{"error":"busy"}');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const items = [];
    for (let index = 0; index < lines.length; index += 2) {
      const id: string = lines[index].create._id;
      const status =
        services.mood === 'refuses'
          ? 400
          : services.mood === 'half' && index % 4 === 0
            ? 429
            : services.documents.has(id)
              ? 409
              : 201;
      if (status === 201) services.documents.set(id, lines[index + 1]);
      items.push({ create: { _id: id, status } });
    }
    if (services.mood === 'lost') return void response.destroy();
    reply(response, 200, 'application/json', JSON.stringify({ errors: services.mood === 'half', items }));
  };

  /** Range, phrases, order and size, as far as the event log is searched. */
  const search = (
    { query, size }: { query: { bool: { filter: readonly any[] } }; size: number },
    response: ServerResponse,
  ): void => {
    const field = (source: any, path: string): string =>
      String(source[path] ?? path.split('.').reduce((value, key) => value?.[key], source) ?? '');
    const words = (value: string): string =>
      ` ${value
        .toLowerCase()
        .split(/[^a-z0-9]+/)
        .join(' ')} `;
    const fits = (source: any): boolean =>
      query.bool.filter.every((one) => {
        if (one.range !== undefined)
          return Object.entries(one.range['@timestamp']).every(([how, limit]) =>
            how === 'gte'
              ? Date.parse(source['@timestamp']) >= Date.parse(limit as string)
              : Date.parse(source['@timestamp']) <= Date.parse(limit as string),
          );
        return one.bool.should.some(({ match_phrase }: any) =>
          Object.entries(match_phrase).some(([path, value]) =>
            words(field(source, path)).includes(words(value as string)),
          ),
        );
      });
    const hits = [...services.documents]
      .filter(([, source]) => fits(source))
      .sort(([, a]: any, [, b]: any) => Date.parse(b['@timestamp']) - Date.parse(a['@timestamp']))
      .slice(0, size);
    reply(
      response,
      200,
      'application/json',
      JSON.stringify({ hits: { hits: hits.map(([_id, _source]) => ({ _id, _source })) } }),
    );
  };

  const server = createServer(async (request, response) => {
    services.calls += 1;
    services.encodings.push(request.headers['content-encoding']);
    const text = await body(request);
    if (services.mood === 'hang') return;
    if (services.mood === 'down') return reply(response, 503, 'text/plain', 'down');
    if (services.mood === 'garbage') return reply(response, 200, 'text/html', '<html>Welcome to the airport</html>');
    if (request.url?.endsWith('/_search') === true) return search(JSON.parse(text), response);
    if (request.url?.endsWith('/_bulk') === true) {
      services.authorizations.add(request.headers.authorization ?? '');
      return bulk(text, response);
    }
    return request.headers['x-amz-target'] === undefined
      ? sns(new URLSearchParams(text), response)
      : cloudwatch(text, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  services.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.stubEnv('AWS_ENDPOINT_URL', services.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'lab');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'never-shown');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
  return services;
};
