import { slice } from '../../slice.ts';

/** A load balancer or a target group of `elbv2`. */
export interface Balanced {
  readonly arn: string;
  readonly kind: 'loadbalancer' | 'targetgroup';
  readonly name: string;
  readonly vpc: string;
  readonly tags: Readonly<Record<string, string>>;
}

export const balanced = slice<readonly Balanced[]>('elbv2', []);
