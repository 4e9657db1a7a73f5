import type { ApiCall, Aws, Service } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { CloudOptions } from '../../core/ports.ts';
import { clientConfig, type Tuning } from './config.ts';
import { asHybridError, unreadable } from './errors.ts';
import { SERVICES } from './services/index.ts';
import type { ServiceDescriptor } from './services/service.ts';

/** One answer, with what every answer carries. */
interface Answer {
  readonly $metadata: { readonly requestId?: string | undefined };
  readonly NextToken?: string | undefined;
  readonly nextToken?: string | undefined;
  readonly Marker?: string | undefined;
  readonly NextMarker?: string | undefined;
}

/** No list of ours is longer than this many pages; a token that changes for ever would otherwise never end. */
const MOST_PAGES = 1_000;

/** The AWS API by the SDK: credentials, endpoints (aws-cn included) and `AWS_ENDPOINT_URL` by the SDK's own rules. */
export const awsApi = (options: CloudOptions, tuning: Partial<Tuning> = {}): Aws => {
  const { region, signal } = options;
  interface Client {
    readonly descriptor: ServiceDescriptor;
    send(operation: string, input: object): Promise<Answer>;
  }
  const clients = new Map<Service, Promise<Client>>();
  const clientOf = (service: Service): Promise<Client> => {
    const known = clients.get(service);
    if (known !== undefined) return known;
    const made = SERVICES[service]().then((descriptor) => {
      const sdk = descriptor.client(clientConfig(options, tuning), options);
      return {
        descriptor,
        send(operation: string, input: object): Promise<Answer> {
          const command = descriptor.commands[operation];
          if (command === undefined) throw new Error(`services/${service}.ts lacks ${operation}`);
          return sdk.send(
            new command(input as never) as never,
            signal === undefined ? {} : { abortSignal: signal },
          ) as Promise<Answer>;
        },
      };
    });
    clients.set(service, made);
    return made;
  };

  const send = async ({ service, operation, input }: Omit<ApiCall, 'kind'>): Promise<Answer> => {
    const client = await clientOf(service);
    try {
      const answer = await client.send(operation, input);
      if (answer.$metadata.requestId === undefined && client.descriptor.unnumbered !== true)
        throw unreadable(client.descriptor, operation);
      return answer;
    } catch (error) {
      throw asHybridError(error, client.descriptor, operation, region);
    }
  };

  return {
    region,
    send,
    ask: (async (service, operation, input) =>
      send({ service, operation, input: input as ApiCall['input'] })) as Aws['ask'],
    all: (async (service, operation, input, field) => {
      const items: unknown[] = [];
      const seen = new Set<string>();
      let page: ApiCall['input'] = input as ApiCall['input'];
      for (;;) {
        const answer = await send({ service, operation, input: page });
        items.push(...((answer as unknown as Record<string, unknown[] | undefined>)[field as string] ?? []));
        const [name, token] = (['NextToken', 'nextToken', 'Marker', 'NextMarker'] as const).flatMap((key) =>
          answer[key] ? [key, answer[key]] : [],
        ) as [string?, string?];
        if (name === undefined || token === undefined) return items;
        if (seen.has(token) || seen.size >= MOST_PAGES)
          throw failure(`the pages of ${service}:${operation} do not end`, {
            call: 'refused',
            next: 'see to AWS_ENDPOINT_URL and any proxy in between',
          });
        seen.add(token);
        // Load balancing answers with NextMarker and is asked by Marker.
        page = { ...(input as ApiCall['input']), [name === 'NextMarker' ? 'Marker' : name]: token };
      }
    }) as Aws['all'],
  };
};
