import { EC2Client } from '@aws-sdk/client-ec2';
import type { CloudOptions } from '../../core/ports.ts';
import { clientConfig, type Tuning } from './config.ts';

export { clientConfig, type Tuning };

export const ec2Client = (options: CloudOptions, tuning: Partial<Tuning> = {}): EC2Client =>
  new EC2Client(clientConfig(options, tuning));
