import { arn } from '../../../domain/partition.ts';
import { slice, withNamed } from '../../slice.ts';
import type { CloudState } from '../../state.ts';
import type { Message } from '../messages.ts';

export interface Queue {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly messages: readonly Message[];
  readonly createdAt: number;
}

export const queues = slice<readonly Queue[]>('sqs', []);

export const withQueue = (state: CloudState, queue: Queue): CloudState =>
  queues.put(state, withNamed(queues.of(state), queue));

export const queueArn = ({ region, owner }: CloudState, name: string): string => arn(region, 'sqs', owner, name);
