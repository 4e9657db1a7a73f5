import type { ApiCall, Aws, Service } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { CloudOptions } from '../../core/ports.ts';
import { clientConfig, storageConfig, type Tuning } from './config.ts';
import { asHybridError, unreadable } from './errors.ts';
import type { Operations } from './operations/types.ts';

/** Loaded with the first call to a service; a service costs some 50 ms. */
const SERVICES: Readonly<Record<Service, () => Promise<Operations>>> = {
  ec2: async () => (await import('./operations/ec2.ts')).ec2,
  iam: async () => (await import('./operations/iam.ts')).iam,
  s3: async () => (await import('./operations/s3.ts')).s3,
  ssm: async () => (await import('./operations/ssm.ts')).ssm,
  sts: async () => (await import('./operations/sts.ts')).sts,
  cloudformation: async () => (await import('./operations/cloudformation.ts')).cloudformation,
  elbv2: async () => (await import('./operations/elbv2.ts')).elbv2,
  directconnect: async () => (await import('./operations/direct-connect.ts')).directconnect,
  cloudwatch: async () => (await import('./operations/cloudwatch.ts')).cloudwatch,
  events: async () => (await import('./operations/events.ts')).events,
  lambda: async () => (await import('./operations/lambda.ts')).lambda,
  sns: async () => (await import('./operations/sns.ts')).sns,
  sqs: async () => (await import('./operations/sqs.ts')).sqs,
};

/** Where a policy names a service otherwise than the CLI does. */
const IAM_PREFIXES: Partial<Readonly<Record<Service, string>>> = { elbv2: 'elasticloadbalancing' };

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
  const clients = new Map<
    Service,
    Promise<{ readonly unnumbered: boolean; send(operation: string, input: object): Promise<Answer> }>
  >();
  const clientOf = (service: Service) => {
    const known = clients.get(service);
    if (known !== undefined) return known;
    const made = SERVICES[service]().then(({ client, commands, unnumbered = false }) => {
      const sdk = client({ ...clientConfig(options, tuning), ...(service === 's3' ? storageConfig(options) : {}) });
      return {
        unnumbered,
        send(operation: string, input: object): Promise<Answer> {
          const command = commands[operation];
          if (command === undefined) throw new Error(`operations of ${service} lack ${operation}`);
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
    const action = `${IAM_PREFIXES[service] ?? service}:${operation}`;
    const client = await clientOf(service);
    try {
      const answer = await client.send(operation, input);
      if (answer.$metadata.requestId === undefined && !client.unnumbered) throw unreadable(action);
      return answer;
    } catch (error) {
      throw asHybridError(error, action, region);
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
