import type { Service } from '../../../core/aws.ts';
import type { ServiceDescriptor } from './service.ts';

/** Loaded with the first call to a service: a service's SDK client costs some 50 ms. */
export const SERVICES: Readonly<Record<Service, () => Promise<ServiceDescriptor>>> = {
  cloudformation: async () => (await import('./cloudformation.ts')).cloudformation,
  cloudwatch: async () => (await import('./cloudwatch.ts')).cloudwatch,
  directconnect: async () => (await import('./directconnect.ts')).directconnect,
  ec2: async () => (await import('./ec2.ts')).ec2,
  elbv2: async () => (await import('./elbv2.ts')).elbv2,
  events: async () => (await import('./events.ts')).events,
  iam: async () => (await import('./iam.ts')).iam,
  lambda: async () => (await import('./lambda.ts')).lambda,
  logs: async () => (await import('./logs.ts')).logs,
  s3: async () => (await import('./s3.ts')).s3,
  sns: async () => (await import('./sns.ts')).sns,
  sqs: async () => (await import('./sqs.ts')).sqs,
  ssm: async () => (await import('./ssm.ts')).ssm,
  sts: async () => (await import('./sts.ts')).sts,
};
