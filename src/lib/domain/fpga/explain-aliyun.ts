import type { Explanation } from './explain.ts';

type Row = readonly [
  code: string,
  status: number | null,
  calls: readonly string[],
  message: string,
  means: string,
  next: string,
];

/** The call's name in both versions of the API; the field document leaves `Task` out. */
const CREATE = ['CreateFpgaImageTask'];
const LOAD = ['LoadFpgaImageTask'];
const ROLE_CALLS = [...CREATE, ...LOAD, 'DescribeFpgaInstances'];

const ROLE_OTHER =
  'the role given is empty, or it is not of the account that the AccessKey belongs to, or FaaS may not take it';
const ROLE_NEXT =
  'run "hybridctl fpga auth --bucket BUCKET", which makes the role and lets FaaS take it; if ~/.faascredentials has a [Role] line, see that its number is your account\'s';
const NOT_FOUND_NEXT = 'see the ids with "hybridctl fpga list --cloud aliyun"';
const INSTANCE_NEXT = "correct the instance's id and --region; the user needs ecs:DescribeInstances";
const BOARDS_NEXT = 'see the boards with "hybridctl fpga instances --cloud aliyun --instance INSTANCE"';
const TICKET = 'if it stays so, open a ticket with the request id';

/** Alibaba Cloud ECS best practices §8.1.4, "common error codes": every row. */
const TABLE: readonly Row[] = [
  [
    'PARAMETER INVALIDATE',
    400,
    [],
    'Specify parameters are invalid.',
    'a parameter is missing or has a value that FaaS does not take',
    'look at the flags of the command, and at --api-version: the two versions of the API call things differently',
  ],
  [
    'InternalError',
    500,
    [],
    'The request processing has failed due to some unknown error.',
    'FaaS failed by itself',
    `try it again; ${TICKET}`,
  ],
  [
    'NoPermisson',
    403,
    [],
    'You are not authorized to do this action.',
    'the RAM user may not make this call',
    "attach a policy that allows the action named to the user; faascmd's page asks for AliyunECSReadOnlyAccess, AliyunOSSFullAccess and AliyunRAMFullAccess",
  ],
  [
    'IMAGE NUMBER EXCEED',
    401,
    CREATE,
    'The user is allowed to have no more than 10 images.',
    'the account has as many images as it may have',
    'delete one that is not needed: "hybridctl fpga delete --cloud aliyun ID"',
  ],
  [
    'FREQUENCY ERROR',
    503,
    CREATE,
    'CreateFpgaImage task is allowed to take every half an hour.',
    'an image was asked for less than 30 minutes ago',
    'wait until 30 minutes after the last request, then ask again; the file need not be uploaded again',
  ],
  [
    'SHELL NOT SUPPORT',
    404,
    CREATE,
    'The shellUUID is not supported, please check your input shellUUID.',
    'FaaS does not know this version of the shell',
    'take the shell version of your board: "hybridctl fpga instances --cloud aliyun --instance INSTANCE" shows it',
  ],
  [
    'EntityNotExist.RoleError',
    404,
    CREATE,
    'The specified Role not exists .',
    'the account has no role for FaaS (AliyunFAASDefaultRole, of old faasRole)',
    'run "hybridctl fpga auth --bucket BUCKET"',
  ],
  ['RoleAccessError', 403, ROLE_CALLS, 'You have no right to assume this role.', ROLE_OTHER, ROLE_NEXT],
  [
    'InvalidAccessKeyIdError',
    401,
    CREATE,
    'The AccessKey is not valid.',
    'the AccessKey id or secret is not valid',
    'run "hybridctl fpga config", or set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET',
  ],
  [
    'Forbidden.KeyNotFoundError',
    503,
    CREATE,
    'The specified Key is not found.',
    'there is no such KMS key',
    "see the key's id in the KMS console, in the same region",
  ],
  [
    'AccessDeniedError',
    null,
    CREATE,
    'The bucket you visit does not belong to you.',
    'FaaS may not reach the bucket, or not write compiling_logs/ in it',
    'run "hybridctl fpga auth --bucket BUCKET"; "hybridctl fpga policy list" shows which buckets are allowed',
  ],
  [
    'OSS OBJECT NOT FOUND',
    404,
    CREATE,
    'The specified oss object does not exist.',
    'the bucket or the object is not there, or FaaS may not read it',
    'see "hybridctl fpga objects --cloud aliyun --bucket BUCKET", then "hybridctl fpga policy list"',
  ],
  [
    'IMAGE NOT FOUND',
    400,
    ['DeleteFpgaImage'],
    'The specify image does not found.',
    'there is no image of this id',
    NOT_FOUND_NEXT,
  ],
  [
    'NOT AUTHORIZED',
    401,
    ['DescribeFpgaInstances'],
    'You are not allowed to access this instance.',
    "there is no such instance, or it is another account's",
    INSTANCE_NEXT,
  ],
  [
    'INSTANCE INVALIDATE',
    404,
    ['DescribeFpgaInstances'],
    'The instance you specify is not FPGA type.',
    'the instance has no FPGA',
    `name an instance of the f families; ${TICKET}`,
  ],
  [
    'NOT AUTHORIZED',
    401,
    ['DescribeLoadTaskStatus'],
    'You are not allowed to access this instance.',
    'there is no such instance',
    INSTANCE_NEXT,
  ],
  [
    'FPGA NOT FOUND',
    404,
    ['DescribeLoadTaskStatus', ...LOAD],
    'The fpga you specify is not found.',
    'the instance has no board of this id',
    BOARDS_NEXT,
  ],
  [
    'ANOTHER TASK RUNNING',
    503,
    LOAD,
    'Another task is running,user is allowed to take this task half an hour.',
    'the last load onto this board is still under way, or it broke off and left the board in "operating"',
    'wait ten minutes: the task ends by itself; then load again',
  ],
  [
    'IMAGE ACCESS ERROR',
    401,
    LOAD,
    'You are not allowed to access this fpga image.',
    "the image is another account's",
    NOT_FOUND_NEXT,
  ],
  [
    'YOU HAVE NO ACCESS TO THIS INSTANCE',
    401,
    LOAD,
    'You are not allowed to access this instance.',
    "the instance is another account's",
    INSTANCE_NEXT,
  ],
  [
    'IMAGE NOT FOUND',
    404,
    LOAD,
    'The fpga image you specify is not found.',
    'there is no image of this id',
    NOT_FOUND_NEXT,
  ],
  [
    'SHELL NOT MATCH',
    404,
    LOAD,
    'The image Shell is not match with fpga Shell!',
    'the image was built for another version of the shell than the board has',
    'compare "hybridctl fpga instances --cloud aliyun --instance INSTANCE" with "hybridctl fpga describe --cloud aliyun ID"; build the image again for the board\'s shell',
  ],
  [
    'Image not in success state',
    404,
    LOAD,
    'The fpga image you specify is not in success state.',
    'the image is still being built, or its build failed',
    'see "hybridctl fpga describe --cloud aliyun ID"',
  ],
  [
    'FPGA IMAGE STATE ERROR',
    404,
    ['PublishFpgaImage'],
    'The specify fpga image is not in success state.',
    'only an image in the state success can be published',
    'see "hybridctl fpga describe --cloud aliyun ID"',
  ],
];

/**
 * Alibaba Cloud ECS best practices §8.1.4, the questions before the table. Codes that are in the table too are
 * explained there.
 */
const QUESTIONS: readonly Row[] = [
  [
    "Name Error:global name'ID' is not defined.",
    null,
    [],
    "Name Error:global name'ID' is not defined.",
    'faascmd found no AccessKey',
    'run "hybridctl fpga config"; hybridctl reads ~/.faascredentials too',
  ],
  [
    'SDK.InvalidRegionId',
    null,
    [],
    'Can not find endpoint to access.',
    'the SDK of faascmd knows no endpoint of FaaS for the region (it needs Python 2.7 and aliyun-python-sdk-core 2.11.0 or later)',
    'hybridctl needs neither: use --region; ALIBABA_CLOUD_ENDPOINT_URL names an endpoint outright',
  ],
  [
    'failed',
    null,
    [],
    'the state of an image is failed',
    'the image did not compile',
    'read the lines with ERROR of its log: "hybridctl fpga wait --cloud aliyun ID" shows them; "hybridctl fpga objects --cloud aliyun --bucket BUCKET --prefix compiling_logs/" lists the logs',
  ],
];

/**
 * The vendor's later page of the same name ("faascmd FAQ") has these besides; and what the gateway and OSS say before
 * FaaS is asked.
 */
const LATER: readonly Row[] = [
  [
    'FPGA IMAGE NOT FOUND',
    404,
    ['PublishFpgaImage'],
    'The specify fpga image does not found.',
    "there is no such image, or it is another account's",
    NOT_FOUND_NEXT,
  ],
  [
    'CALLER TYPE NOT SUPPORT',
    403,
    [],
    "The callerType is not supported, please use sub user's AK.",
    'FaaS takes the AccessKey of a RAM user, not that of the account itself',
    'make a RAM user with an AccessKey of its own',
  ],
  [
    'ASSUME ROLE USER NOT SUPPORT',
    403,
    LOAD,
    'AssumeRoleUser only support loading market fpga images.',
    'with a temporary token only images of the market can be loaded',
    'use the AccessKey of a RAM user',
  ],
  [
    'NoSuchBucketError',
    404,
    CREATE,
    'The specified bucket does not exist.',
    'there is no such bucket',
    'correct --bucket',
  ],
  [
    'InvalidProduct.NotFound',
    404,
    [],
    'Cannot find product according to your specified domain.',
    'there is no FaaS behind this endpoint',
    'correct --region, or ALIBABA_CLOUD_ENDPOINT_URL',
  ],
  [
    'InvalidAction.NotFound',
    404,
    [],
    'Specified api is not found, please check your url and method.',
    'this version of the API has no such call',
    'try the other --api-version',
  ],
  [
    'InvalidAccessKeyId.NotFound',
    404,
    [],
    'Specified access key is not found.',
    'there is no such AccessKey',
    'run "hybridctl fpga config", or correct ALIBABA_CLOUD_ACCESS_KEY_ID',
  ],
  [
    'InvalidAccessKeyId.Inactive',
    400,
    [],
    'Specified access key is disabled.',
    'the AccessKey is switched off',
    'switch it on in the RAM console, or take another',
  ],
  [
    'InvalidSecurityToken.Expired',
    400,
    [],
    'Specified SecurityToken is expired.',
    'the temporary credentials are over',
    'take new ones',
  ],
  [
    'InvalidSecurityToken.Malformed',
    400,
    [],
    'Specified SecurityToken is malformed.',
    'the security token is not whole',
    'correct ALIBABA_CLOUD_SECURITY_TOKEN',
  ],
  [
    'InvalidSecurityToken.MismatchWithAccessKey',
    400,
    [],
    'Specified SecurityToken mismatch with the AccessKey.',
    'token and AccessKey are not of one pair',
    'set ALIBABA_CLOUD_SECURITY_TOKEN, or unset it, together with the key',
  ],
  [
    'SignatureDoesNotMatch',
    400,
    [],
    'Specified signature is not matched with our calculation.',
    'the AccessKey secret is not that of the id',
    'run "hybridctl fpga config", or correct ALIBABA_CLOUD_ACCESS_KEY_SECRET',
  ],
];

const rows = (list: readonly Row[], source: string): readonly Explanation[] =>
  list.map(([code, status, calls, message, means, next]) => ({
    code,
    cloud: 'aliyun',
    status,
    calls,
    message,
    means,
    next,
    source,
  }));

export const ALIYUN: readonly Explanation[] = [
  ...rows(TABLE, 'Alibaba Cloud ECS best practices §8.1.4, table of error codes'),
  ...rows(QUESTIONS, 'Alibaba Cloud ECS best practices §8.1.4, questions and answers'),
  ...rows(LATER, 'Alibaba Cloud, "faascmd FAQ" (later edition) and "Common error codes"'),
];
