import * as z from 'zod';

const network = z.strictObject({
  Site: z.string(),
  VpcCidr: z.string(),
  PublicSubnet1Cidr: z.string(),
  PublicSubnet2Cidr: z.string(),
  PrivateSubnet1Cidr: z.string(),
  PrivateSubnet2Cidr: z.string(),
  DatabaseSubnet1Cidr: z.string(),
  DatabaseSubnet2Cidr: z.string(),
  Nat: z.enum(['instance', 'gateway']),
  NatCount: z.enum(['1', '2']),
  DatabaseRoute: z.enum(['none', 'nat']),
  Bastion: z.enum(['yes', 'no']),
  Web: z.enum(['none', 'private', 'public']),
  LoadBalancer: z.enum(['none', 'alb', 'elb']),
  NatInstanceType: z.string(),
  BastionInstanceType: z.string(),
  WebInstanceType: z.string(),
  KeyName: z.string(),
  AdminCidr: z.string(),
  ImageId: z
    .string()
    .describe('Of Amazon Linux 2023 for x86_64: the parameter of Parameter Store that names it, or its own id.'),
});

const renderResult = z.strictObject({
  file: z.string().nullable().describe('The file, or null where the template itself is the answer.'),
  state: z.enum(['same', 'written', 'differs', 'shown']),
  parameters: network,
  template: z.unknown(),
});

const stackResource = z.strictObject({
  key: z.string(),
  type: z.string(),
  id: z.string().nullable(),
  status: z.string(),
  reason: z.string().nullable(),
});

const statusResult = z.strictObject({
  stack: z.strictObject({
    name: z.string(),
    id: z.string().describe('Its ARN: it names this stack alone, also after another one took its name.'),
    status: z.string(),
    reason: z.string().nullable(),
    parameters: z.record(z.string(), z.string()),
    outputs: z.record(z.string(), z.string()),
  }),
  resources: z.array(stackResource),
  drift: z
    .array(z.string())
    .describe(
      "How the stack differs from what the flags say, and its template from today's; what no flag says, does not differ.",
    ),
});

export const networkRender = renderResult;

export const networkStatus = statusResult;
