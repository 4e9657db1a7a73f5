import { describe, expect, it } from 'vitest';
import { PRODUCTS } from '../../src/lib/adapters/aliyun/services/index.ts';
import { COMMON_ERRORS as ALIYUN_COMMON } from '../../src/lib/adapters/aliyun/services/service.ts';
import { asHybridError } from '../../src/lib/adapters/aws/errors.ts';
import { SERVICES } from '../../src/lib/adapters/aws/services/index.ts';
import { COMMON_ERRORS, type ServiceDescriptor } from '../../src/lib/adapters/aws/services/service.ts';
import { kindOf, withoutSuffix, type ErrorRule, type ErrorRules } from '../../src/lib/adapters/error-kinds.ts';
import type { Service } from '../../src/lib/core/aws.ts';
import { EXPLANATIONS } from '../../src/lib/domain/fpga/explain.ts';

/** The SDK's own models, by which our descriptors are judged. */
const MODELS: Readonly<Record<Service, () => Promise<object>>> = {
  cloudformation: () => import('@aws-sdk/client-cloudformation'),
  cloudwatch: () => import('@aws-sdk/client-cloudwatch'),
  directconnect: () => import('@aws-sdk/client-direct-connect'),
  ec2: () => import('@aws-sdk/client-ec2'),
  elbv2: () => import('@aws-sdk/client-elastic-load-balancing-v2'),
  events: () => import('@aws-sdk/client-eventbridge'),
  iam: () => import('@aws-sdk/client-iam'),
  lambda: () => import('@aws-sdk/client-lambda'),
  logs: () => import('@aws-sdk/client-cloudwatch-logs'),
  s3: () => import('@aws-sdk/client-s3'),
  sns: () => import('@aws-sdk/client-sns'),
  sqs: () => import('@aws-sdk/client-sqs'),
  ssm: () => import('@aws-sdk/client-ssm'),
  sts: () => import('@aws-sdk/client-sts'),
};

/**
 * What has no model in the SDK, from the services' documentation: "Error codes for the Amazon EC2 API", "Error
 * responses" in the S3 API reference, "Common errors" in the CloudFormation API reference.
 */
const DOCUMENTED: Partial<Readonly<Record<Service, readonly string[]>>> = {
  ec2: [
    'InvalidInstanceID.NotFound',
    'InvalidInstanceID.Malformed',
    'InvalidRouteTableID.NotFound',
    'InvalidRouteTableID.Malformed',
    'InvalidRoute.NotFound',
    'InvalidGroup.NotFound',
    'InvalidGroup.Duplicate',
    'InvalidPermission.NotFound',
    'InvalidPermission.Duplicate',
    'InvalidKeyPair.NotFound',
    'InvalidKeyPair.Duplicate',
    'InvalidVpnConnectionID.NotFound',
    'InvalidVpnGatewayID.NotFound',
    'InvalidVpnGatewayAttachment.NotFound',
    'InvalidCustomerGatewayID.NotFound',
    'InvalidAllocationID.NotFound',
    'InvalidAssociationID.NotFound',
    'InvalidAMIID.NotFound',
    'InvalidFpgaImageID.NotFound',
    'InvalidLaunchTemplateId.NotFound',
    'InvalidLaunchTemplateName.AlreadyExistsException',
    'NatGatewayNotFound',
    'Gateway.NotAttached',
    'RouteAlreadyExists',
    'Resource.AlreadyAssociated',
    'DependencyViolation',
    'IncorrectState',
    'IncorrectInstanceState',
    'InvalidParameterValue',
  ],
  s3: [
    'NoSuchTagSet',
    'OperationAborted',
    'AllAccessDisabled',
    'PermanentRedirect',
    'TemporaryRedirect',
    'AuthorizationHeaderMalformed',
    'IllegalLocationConstraintException',
  ],
  cloudformation: ['ValidationError'],
};

interface Modelled {
  /** The code's spellings: the SDK's name, and what the query protocol has on the wire. */
  readonly codes: readonly string[];
  readonly status: number | undefined;
}

const modelled = async (service: Service): Promise<readonly Modelled[]> =>
  Object.values(await MODELS[service]()).flatMap((value: unknown): readonly Modelled[] => {
    // An error's schema: [-3, namespace, name, traits, ...].
    if (!Array.isArray(value) || value[0] !== -3) return [];
    const { awsQueryError, httpError } = (value[3] === 0 ? {} : value[3]) as {
      readonly awsQueryError?: readonly [code: string, status: number];
      readonly httpError?: number;
    };
    return [
      {
        codes: [value[2] as string, ...(awsQueryError === undefined ? [] : [awsQueryError[0]])].map(withoutSuffix),
        status: httpError,
      },
    ];
  });

const rulesOf = (errors: ErrorRules): readonly ErrorRule[] => Object.values(errors).flat();
const codeOf = (rule: ErrorRule): string => withoutSuffix(typeof rule === 'string' ? rule : rule.code);
const names = (rule: string, code: string): boolean =>
  rule.startsWith('*') ? code.endsWith(rule.slice(1)) : rule === code;

const services = Object.keys(SERVICES) as Service[];
const kind = (service: ServiceDescriptor, code: string, message = '', operation = 'Any') =>
  kindOf([service.errors, COMMON_ERRORS], { code, operation, message });

describe.each(services)('%s', (name) => {
  it('is described under its own name, and the SDK has each of its operations', async () => {
    const service = await SERVICES[name]();
    const sdk = (await MODELS[name]()) as Readonly<Record<string, unknown>>;
    expect(service.name).toBe(name);
    for (const [operation, command] of Object.entries(service.commands))
      expect([operation, command]).toEqual([operation, sdk[`${operation}Command`]]);
  });

  it('names no error code that the service does not have', async () => {
    const { errors } = await SERVICES[name]();
    const known = [
      ...(await modelled(name)).flatMap(({ codes }) => codes),
      ...(DOCUMENTED[name] ?? []).map(withoutSuffix),
    ];
    expect(
      rulesOf(errors)
        .map(codeOf)
        .filter((rule) => !known.some((code) => names(rule, code))),
    ).toEqual([]);
  });

  it('agrees with the HTTP status that the model gives to what it names', async () => {
    const service = await SERVICES[name]();
    const named = new Set(
      rulesOf(service.errors)
        .filter((rule) => typeof rule === 'string')
        .map(codeOf),
    );
    const BY_STATUS: Readonly<Record<number, readonly string[]>> = {
      403: ['denied', 'throttled'],
      404: ['absent'],
      409: ['exists', 'conflict', 'notYet'],
      429: ['throttled', 'conflict'],
    };
    for (const { codes, status } of await modelled(name))
      for (const code of codes.filter((one) => named.has(one)))
        expect(BY_STATUS[status ?? 400] ?? [kind(service, code)], `${code} (${status})`).toContain(kind(service, code));
  });

  it('has one kind for each code alone', async () => {
    const plain = Object.values((await SERVICES[name]()).errors).flatMap((rules) =>
      rules.filter((rule) => typeof rule === 'string').map(withoutSuffix),
    );
    expect(plain.filter((code, at) => plain.indexOf(code) !== at)).toEqual([]);
  });
});

describe('what codes mean', () => {
  it.each<[Service, string, string, string | undefined, operation?: string]>([
    ['ec2', 'InvalidInstanceID.NotFound', '', 'absent'],
    ['ec2', 'NatGatewayNotFound', '', 'absent'],
    ['ec2', 'InvalidParameterValue', 'There is no route defined for 10.0.0.0/8', 'absent', 'ReplaceRoute'],
    ['ec2', 'InvalidParameterValue', 'There is no route defined for 10.0.0.0/8', undefined, 'CreateRoute'],
    ['ec2', 'InvalidParameterValue', 'Invalid IAM Instance Profile name', 'notYet', 'RunInstances'],
    ['ec2', 'InvalidParameterValue', 'Value (x) for parameter groupId is invalid', undefined],
    ['ec2', 'RouteAlreadyExists', '', 'exists'],
    ['ec2', 'InvalidPermission.Duplicate', '', 'exists'],
    ['ec2', 'InvalidLaunchTemplateName.AlreadyExistsException', '', 'exists'],
    ['ec2', 'Resource.AlreadyAssociated', '', 'exists'],
    ['ec2', 'DependencyViolation', '', 'conflict'],
    ['ec2', 'InvalidInstanceID.Malformed', '', 'invalid'],
    ['ec2', 'UnauthorizedOperation', '', 'denied'],
    ['ec2', 'RequestLimitExceeded', '', 'throttled'],
    ['ec2', 'InsufficientInstanceCapacity', '', undefined],
    ['iam', 'NoSuchEntity', '', 'absent'],
    ['iam', 'NoSuchEntityException', '', 'absent'],
    ['iam', 'EntityAlreadyExists', '', 'exists'],
    ['iam', 'LimitExceeded', 'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1', 'exists'],
    ['iam', 'LimitExceeded', 'Cannot exceed quota for RolesPerAccount: 1000', undefined],
    ['iam', 'MalformedPolicyDocument', 'Invalid principal in policy: "AWS":"arn:…"', 'notYet'],
    ['iam', 'MalformedPolicyDocument', 'Syntax errors in policy', undefined],
    ['iam', 'DeleteConflict', '', 'conflict'],
    ['lambda', 'ResourceNotFoundException', '', 'absent'],
    ['lambda', 'ResourceConflictException', 'Function already exist: f', 'exists'],
    ['lambda', 'ResourceConflictException', 'The function is in the following state: Pending', 'notYet'],
    ['lambda', 'ResourceConflictException', 'An update is in progress', 'conflict'],
    ['lambda', 'InvalidParameterValueException', 'The role cannot be assumed by Lambda.', 'notYet'],
    ['lambda', 'InvalidParameterValueException', 'Timeout must be at most 900', undefined],
    ['cloudformation', 'ValidationError', 'Stack [x] does not exist', 'absent'],
    ['cloudformation', 'ValidationError', 'No updates are to be performed.', undefined],
    ['cloudformation', 'ChangeSetNotFoundException', '', 'absent'],
    ['cloudformation', 'AlreadyExistsException', '', 'exists'],
    ['directconnect', 'DirectConnectClientException', 'Connection dxcon-1 not found', 'absent'],
    ['directconnect', 'DirectConnectClientException', 'VLAN is not valid', undefined],
    ['sns', 'NotFound', '', 'absent'],
    ['sns', 'OptedOutException', '', 'invalid'],
    ['sns', 'AuthorizationError', '', 'denied'],
    ['sqs', 'QueueDoesNotExist', '', 'absent'],
    ['sqs', 'AWS.SimpleQueueService.NonExistentQueue', '', 'absent'],
    ['sqs', 'QueueDeletedRecently', '', 'notYet'],
    ['ssm', 'ParameterNotFound', '', 'absent'],
    ['ssm', 'InvalidResourceId', '', 'absent'],
    ['s3', 'NoSuchBucket', '', 'absent'],
    ['s3', 'BucketAlreadyOwnedByYou', '', 'exists'],
    ['s3', 'PermanentRedirect', '', 'elsewhere'],
    ['s3', 'NotImplemented', '', 'unsupported'],
    ['cloudwatch', 'MissingRequiredParameterException', '', 'invalid'],
    ['events', 'ConcurrentModificationException', '', 'conflict'],
    ['elbv2', 'LoadBalancerNotFoundException', '', 'absent'],
    ['sts', 'ThrottlingException', '', 'throttled'],
  ])('%s %s "%s": %s', async (name, code, message, expected, operation) => {
    expect(kind(await SERVICES[name](), code, message, operation)).toBe(expected);
  });

  it('an error carries its kind, its code, and the names that people and policies have for the service', async () => {
    const thrown = Object.assign(new Error('no such name'), {
      name: 'LoadBalancerNotFoundException',
      $metadata: { httpStatusCode: 400 },
    });
    expect(asHybridError(thrown, await SERVICES.elbv2(), 'DeleteLoadBalancer', 'cn-north-1')).toMatchObject({
      message: 'elasticloadbalancing:DeleteLoadBalancer: LoadBalancerNotFoundException: no such name',
      kind: 'absent',
      call: 'refused',
    });
    const throttled = Object.assign(new Error('slower'), { name: 'Throttling', $metadata: { httpStatusCode: 400 } });
    expect(asHybridError(throttled, await SERVICES.elbv2(), 'DescribeTags', 'cn-north-1')).toMatchObject({
      message: 'Elastic Load Balancing throttles elasticloadbalancing:DescribeTags (Throttling)',
      kind: 'throttled',
      call: 'throttled',
    });
  });

  it('a bucket that is elsewhere: the region is told by header, document or words', async () => {
    const s3 = await SERVICES.s3();
    const errorOf = (more: object, message = 'moved') =>
      asHybridError(
        Object.assign(new Error(message), {
          name: 'PermanentRedirect',
          $metadata: { httpStatusCode: 301 },
          ...more,
        }),
        s3,
        'GetBucketLocation',
        'cn-north-1',
      );
    const region = 'cn-northwest-1';
    expect([
      errorOf({ $response: { headers: { 'x-amz-bucket-region': region } } }).region,
      errorOf({ Region: region }).region,
      errorOf({}, `the region 'cn-north-1' is wrong; expecting '${region}'`).region,
      errorOf({ Region: '../x' }).region,
    ]).toEqual([region, region, region, undefined]);
  });
});

describe('Alibaba Cloud', () => {
  const kindIn = (product: keyof typeof PRODUCTS, code: string, message = '') =>
    kindOf([PRODUCTS[product].errors, ALIYUN_COMMON], { code, operation: 'Any', message });

  it('describes each product under its own name', () => {
    expect(Object.entries(PRODUCTS).filter(([name, product]) => product.name !== name)).toEqual([]);
  });

  it("names no code of FaaS that FaaS's own table lacks", () => {
    const known = new Set(EXPLANATIONS.map(({ code }) => code));
    const { errors, lacking = [] } = PRODUCTS.faas;
    expect([...rulesOf(errors).map(codeOf), ...lacking].filter((code) => !known.has(code))).toEqual([]);
  });

  it.each<[keyof typeof PRODUCTS, string, string, string | undefined]>([
    ['ram', 'EntityNotExist.Role', '', 'absent'],
    ['ram', 'EntityAlreadyExists.Role.Policy', '', 'exists'],
    ['ram', 'DeleteConflict.Policy.Version', '', 'conflict'],
    ['ram', 'NoPermission', '', 'denied'],
    ['faas', 'NoPermisson', '', 'denied'],
    ['faas', 'Forbidden.RAM', '', 'denied'],
    ['faas', 'Forbidden.KeyNotFoundError', '', undefined],
    ['faas', 'IMAGE NOT FOUND', '', 'absent'],
    ['faas', 'FREQUENCY ERROR', '', 'notYet'],
    ['faas', 'AccessDeniedError', '', undefined],
    ['oss', 'NoSuchKey', '', 'absent'],
    ['oss', 'AccessDenied', '', 'denied'],
    ['oss', 'AccessDenied', 'The bucket must be addressed using the specified endpoint.', 'elsewhere'],
    ['sts', 'Throttling.User', '', 'throttled'],
  ])('%s %s "%s": %s', (product, code, message, expected) => {
    expect(kindIn(product, code, message)).toBe(expected);
  });
});
