import { arn } from '../../../domain/partition.ts';
import { slice, withNamed } from '../../slice.ts';
import type { CloudState } from '../../state.ts';

export interface LogGroup {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: number;
  /** Undefined: events never expire. */
  readonly retentionDays: number | undefined;
  readonly filters: readonly SubscriptionFilter[];
}

export interface SubscriptionFilter {
  readonly name: string;
  readonly pattern: string;
  readonly destination: string;
  readonly role: string | undefined;
  readonly distribution: 'Random' | 'ByLogStream';
  readonly createdAt: number;
}

export const logGroups = slice<readonly LogGroup[]>('logs', []);

export const withGroup = (state: CloudState, group: LogGroup): CloudState =>
  logGroups.put(state, withNamed(logGroups.of(state), group));

/** Without the `:*` that stands for its streams. */
export const logGroupArn = ({ region, owner }: CloudState, name: string): string =>
  arn(region, 'logs', owner, `log-group:${name}`);
