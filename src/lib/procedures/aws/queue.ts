import { api, type Aws } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { Step } from '../../core/procedure.ts';
import { sameDocument, type PolicyDocument } from '../../domain/iam.ts';
import { isOurs, tagsOf } from '../../domain/tags.ts';
import { variable as shellName } from '../kit/values.ts';
import { refuseForeign, unlessNone } from './names.ts';

const NONE = /QueueDoesNotExist$|NonExistentQueue$/;

/** The queue's URL, or undefined where there is none. */
export const queueUrl = async (aws: Aws, name: string): Promise<string | undefined> =>
  (await unlessNone(aws.ask('sqs', 'GetQueueUrl', { QueueName: name }), NONE))?.QueueUrl;

const asTags = (tags: Readonly<Record<string, string>> | undefined) =>
  Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }));

export interface QueueOptions {
  /** `inspection`: the step is `queue/inspection`; its ARN is in that slot, its URL in `queue/inspection/url`. */
  readonly name: string;
  /** Its name at SQS. */
  readonly queue: string;
}

/** An SQS queue, sealed at rest by SQS's own key, as queues are made today. */
export const sqsQueue = (site: string, { name, queue }: QueueOptions): Step => {
  const key = `queue/${name}`;
  return {
    key,
    title: `queue ${queue}`,
    async read({ aws, adopted }) {
      const wanted = adopted.get(key)?.split(':').at(-1) ?? queue;
      const url = await queueUrl(aws, wanted);
      if (url === undefined) {
        if (adopted.has(key)) throw failure(`there is no queue ${wanted}`, { field: key });
        return { state: 'absent' };
      }
      const attributes = (
        await unlessNone(aws.ask('sqs', 'GetQueueAttributes', { QueueUrl: url, AttributeNames: ['QueueArn'] }), NONE)
      )?.Attributes;
      // A queue that is being removed still has a URL for a moment.
      if (attributes?.QueueArn === undefined) return { state: 'absent' };
      const tags = asTags((await aws.ask('sqs', 'ListQueueTags', { QueueUrl: url })).Tags);
      if (!adopted.has(key)) refuseForeign('a queue', queue, tags, site, key);
      return {
        state: 'ready',
        found: { id: attributes.QueueArn, owned: isOurs(tags, site, key), outputs: { [`${key}/url`]: url } },
      };
    },
    create: () => [
      api('sqs', 'CreateQueue', {
        QueueName: queue,
        tags: Object.fromEntries(tagsOf(site, key).map(({ Key, Value }) => [Key, Value])),
      }),
    ],
    after: (values) => [
      `${shellName(`${key}/url`)}=$(aws sqs get-queue-url --queue-name ${queue} --query QueueUrl --output text)`,
      `${shellName(key)}=$(aws sqs get-queue-attributes --queue-url ${values(`${key}/url`)} --attribute-names QueueArn --query Attributes.QueueArn --output text)`,
    ],
    delete: (values) => [api('sqs', 'DeleteQueue', { QueueUrl: values(`${key}/url`) })],
  };
};

/** Who may send to the queue in the slot `queue/NAME`. It goes with the queue. */
export const queuePolicy = (
  name: string,
  needs: readonly string[],
  document: (value: (slot: string) => string) => PolicyDocument,
): Step => {
  const slot = `queue/${name}`;
  const key = `queue-policy/${name}`;
  const set = (value: (slot: string) => string) =>
    api('sqs', 'SetQueueAttributes', {
      QueueUrl: value(`${slot}/url`),
      Attributes: { Policy: JSON.stringify(document(value)) },
    });
  return {
    key,
    title: `who may send to queue ${name}`,
    needs: [slot, ...needs],
    async read({ aws, values, adopted }) {
      const { Attributes } = await aws.ask('sqs', 'GetQueueAttributes', {
        QueueUrl: values(`${slot}/url`),
        AttributeNames: ['Policy'],
      });
      const policy = Attributes?.Policy;
      const found = { id: name, owned: true };
      if (policy !== undefined && sameDocument(policy, document(values))) return { state: 'ready', found };
      return {
        state: 'differs',
        found,
        differences: [
          adopted.has(slot) && policy !== undefined && policy !== ''
            ? `the policy of ${values(slot)} is not ours to change`
            : 'it lets in others, or nobody',
        ],
      };
    },
    create: (values) => [set(values)],
    update: (values, _found, [difference]) => {
      if (difference !== 'it lets in others, or nobody')
        throw failure(difference!, { field: key, next: `add the statement yourself, or leave out --adopt ${slot}` });
      return [set(values)];
    },
  };
};
