import type { CloudService } from '../service.ts';

/**
 * The services behind the endpoint, by the name that their requests are signed for. Each is loaded by its first call:
 * the SDK's schemas of all of them would make the start slow.
 */
const SERVICES: Readonly<Record<string, () => Promise<{ readonly service: CloudService }>>> = {
  cloudformation: () => import('./cloudformation/index.ts'),
  directconnect: () => import('./directconnect/index.ts'),
  ec2: () => import('./ec2/index.ts'),
  elasticloadbalancing: () => import('./elbv2/index.ts'),
  events: () => import('./events/index.ts'),
  iam: () => import('./iam/index.ts'),
  lambda: () => import('./lambda/index.ts'),
  logs: () => import('./logs/index.ts'),
  monitoring: () => import('./cloudwatch/index.ts'),
  sns: () => import('./sns/index.ts'),
  sqs: () => import('./sqs/index.ts'),
  ssm: () => import('./ssm/index.ts'),
  sts: () => import('./sts/index.ts'),
};

/** The names that requests are signed for. */
export const SERVICE_NAMES: readonly string[] = Object.keys(SERVICES);

/** By the name that its requests are signed for; EC2 where there is none of that name. */
export const serviceNamed = async (name: string): Promise<CloudService> =>
  (await SERVICES[Object.hasOwn(SERVICES, name) ? name : 'ec2']!()).service;

/**
 * The service that a request is for, by the credential scope of its signature,
 * `Credential=KEY/20261120/cn-north-1/iam/aws4_request`; EC2 where nothing says otherwise.
 */
export const serviceOf = (authorization: string | undefined): Promise<CloudService> =>
  serviceNamed(/Credential=[^/,\s]+\/\d{8}\/[^/]+\/([a-z0-9-]+)\/aws4_request/.exec(authorization ?? '')?.[1] ?? 'ec2');
