import type { ApiCall, Service } from '../../../core/aws.ts';
import { ec2 } from './ec2.ts';
import { lambda } from './lambda.ts';
import { s3 } from './s3.ts';

/** How the AWS CLI is called for a service where that is not `aws SERVICE OPERATION --cli-input-json INPUT`. */
export interface CliService {
  /** The CLI's own word for the service. */
  readonly command?: string;
  /** The input as the CLI wants it. */
  readonly input?: (call: ApiCall) => ApiCall['input'];
  /** What is no text, and so goes by a file of its own. */
  readonly file?: (call: ApiCall) => CliFile | undefined;
}

export interface CliFile {
  /** By which the CLI is told the file: `--zip-file`. */
  readonly flag: string;
  readonly bytes: Uint8Array;
  /** The input without it. */
  readonly rest: ApiCall['input'];
}

export const CLI_SERVICES: Partial<Readonly<Record<Service, CliService>>> = { ec2, lambda, s3 };
