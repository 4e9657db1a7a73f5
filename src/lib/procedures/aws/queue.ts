import { api, type Aws } from '../../core/aws.ts';
import { unlessAbsent } from '../../core/errors.ts';
import type { ReadContext, Step, Values } from '../../core/procedure.ts';
import { includesDocument, sameDocument, type PolicyDocument } from '../../domain/iam.ts';
import { listedTags, mappedTags, tagsOf } from '../../domain/tags.ts';
import { part, resource } from '../kit/resource.ts';
import { variable } from '../kit/values.ts';

/** The queue's URL, or undefined where there is none. */
export const queueUrl = async (aws: Aws, name: string): Promise<string | undefined> =>
  (await unlessAbsent(aws.ask('sqs', 'GetQueueUrl', { QueueName: name })))?.QueueUrl;

export interface QueueOptions {
  /** `inspection`: the step is `queue/inspection`; its ARN is in that slot, its URL in `queue/inspection/url`. */
  readonly name: string;
  /** Its name at SQS. */
  readonly queue: string;
}

interface Found {
  readonly arn: string;
  readonly url: string;
  readonly tags: ReturnType<typeof listedTags>;
}

/** @param name or ARN of it */
const queueNamed = async ({ aws }: ReadContext, name: string): Promise<Found | undefined> => {
  const QueueUrl = await queueUrl(aws, name.split(':').at(-1)!);
  if (QueueUrl === undefined) return undefined;
  const answer = await unlessAbsent(aws.ask('sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn'] }));
  const found = answer?.Attributes?.QueueArn;
  // A queue that is being removed still has a URL for a moment.
  if (found === undefined) return undefined;
  const { Tags } = (await unlessAbsent(aws.ask('sqs', 'ListQueueTags', { QueueUrl }))) ?? {};
  return { arn: found, url: QueueUrl, tags: listedTags(Tags) };
};

/** An SQS queue, sealed at rest by SQS's own key, as queues are made today. It can be adopted by its ARN or its name. */
export const sqsQueue = (site: string, { name, queue }: QueueOptions): Step => {
  const key = `queue/${name}`;
  return resource<Found>(site, {
    key,
    title: `queue ${queue}`,
    kind: 'queue',
    name: queue,
    byId: queueNamed,
    byName: (context) => queueNamed(context, queue),
    id: ({ arn }) => arn,
    tags: ({ tags }) => tags,
    outputs: ({ url }) => ({ [`${key}/url`]: url }),
    create: () => [api('sqs', 'CreateQueue', { QueueName: queue, tags: mappedTags(tagsOf(site, key)) })],
    after: (values) => [
      `${variable(`${key}/url`)}=$(aws sqs get-queue-url --queue-name ${queue} --query QueueUrl --output text)`,
      `${variable(key)}=$(aws sqs get-queue-attributes --queue-url ${values(`${key}/url`)} --attribute-names QueueArn --query Attributes.QueueArn --output text)`,
    ],
    delete: (values) => [api('sqs', 'DeleteQueue', { QueueUrl: values(`${key}/url`) })],
  });
};

/** Who may send to the queue in the slot `queue/NAME`. It goes with the queue. An adopted queue may allow more. */
export const queuePolicy = (
  name: string,
  needs: readonly string[],
  document: (value: (slot: string) => string) => PolicyDocument,
): Step => {
  const slot = `queue/${name}`;
  const set = (values: Values) => [
    api('sqs', 'SetQueueAttributes', {
      QueueUrl: values(`${slot}/url`),
      Attributes: { Policy: JSON.stringify(document(values)) },
    }),
  ];
  return part<string>({
    key: `queue-policy/${name}`,
    title: `who may send to queue ${name}`,
    parent: slot,
    needs,
    read: async ({ aws, values }) =>
      (await aws.ask('sqs', 'GetQueueAttributes', { QueueUrl: values(`${slot}/url`), AttributeNames: ['Policy'] }))
        .Attributes?.Policy ?? '',
    id: () => name,
    diff: (policy, values, owned) =>
      (owned ? sameDocument : includesDocument)(policy, document(values)) ? [] : [{ field: 'access policy' }],
    create: set,
    update: set,
  });
};
