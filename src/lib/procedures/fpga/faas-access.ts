import { aliyun, type Aliyun, type AliyunAnswer, type AliyunCall } from '../../core/aliyun.ts';
import { unlessAbsent, usageError } from '../../core/errors.ts';
import type { Step, ReadContext } from '../../core/procedure.ts';
import {
  faasMayTake,
  lacking,
  LOGS_FOLDER,
  policyWith,
  trustWithFaas,
  type FaasGrant,
} from '../../domain/fpga/faas-policy.ts';
import { resource } from '../kit/resource.ts';

/** A RAM policy keeps five versions; the service drops the oldest when asked to. */
const ROTATE = 'DeleteOldestNonDefaultVersionWhenLimitExceeded';
/** By the description we know what we made: roles and policies of faascmd are left where they are. */
const OURS = 'made by hybridctl';

/** What stays when the rest goes, for FaaS keeps its logs there: whoever made it. */
const LEFT = { tags: () => undefined, owned: () => false, foreign: 'use' } as const;

const ask = (
  { aliyun: api }: Pick<ReadContext, 'aliyun'>,
  product: AliyunCall['product'],
  action: string,
  params: AliyunCall['params'],
): Promise<AliyunAnswer | undefined> => unlessAbsent(api.send(aliyun(product, action, params)));
const field = (answer: AliyunAnswer | undefined, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], answer);
const words = (answer: AliyunAnswer | undefined, ...path: readonly string[]): string =>
  String(field(answer, ...path) ?? '');
const listOf = (answer: AliyunAnswer | undefined, ...path: readonly string[]): readonly AliyunAnswer[] =>
  (field(answer, ...path) ?? []) as readonly AliyunAnswer[];

/** The folder FaaS writes to. @param made the bucket is made before, where it is not there. */
const logsFolder = (bucket: string, made: boolean): Step =>
  resource<AliyunAnswer>('', {
    key: 'folder/logs',
    needs: made ? ['bucket'] : [],
    title: `folder ${LOGS_FOLDER} of the bucket ${bucket}`,
    kind: 'folder',
    async byName(context) {
      if (!made && (await ask(context, 'oss', 'GetBucketInfo', { Bucket: bucket })) === undefined)
        throw usageError(`there is no bucket ${bucket}`, {
          field: '--bucket',
          next: `create it: aliyun oss mb oss://${bucket}, or add --make-bucket`,
        });
      return ask(context, 'oss', 'HeadObject', { Bucket: bucket, Key: LOGS_FOLDER });
    },
    ...LEFT,
    id: () => LOGS_FOLDER,
    create: () => [aliyun('oss', 'PutObject', { Bucket: bucket, Key: LOGS_FOLDER })],
  });

const newBucket = (bucket: string): Step =>
  resource<AliyunAnswer>('', {
    key: 'bucket',
    title: `OSS bucket ${bucket}`,
    cost: 'what is stored in it',
    kind: 'bucket',
    byName: (context) => ask(context, 'oss', 'GetBucketInfo', { Bucket: bucket }),
    ...LEFT,
    id: () => bucket,
    create: () => [aliyun('oss', 'PutBucket', { Bucket: bucket })],
  });

const role = (name: string): Step =>
  resource<AliyunAnswer>('', {
    key: 'role',
    title: `role ${name}`,
    kind: 'role',
    foreign: 'change',
    byName: (context) => ask(context, 'ram', 'GetRole', { RoleName: name }),
    id: (is) => words(is, 'Role', 'RoleName'),
    tags: () => undefined,
    owned: (is) => words(is, 'Role', 'Description').includes(OURS),
    outputs: (is) => ({ 'role/arn': words(is, 'Role', 'Arn'), 'role/trust': trustIn(is) }),
    diff: (is) => (faasMayTake(trustIn(is)) ? [] : [{ field: 'trust policy', wanted: 'FaaS' }]),
    create: () => [
      aliyun('ram', 'CreateRole', {
        RoleName: name,
        Description: `for FaaS, ${OURS}`,
        AssumeRolePolicyDocument: JSON.stringify(trustWithFaas(undefined)),
      }),
    ],
    update: (values) => [
      aliyun('ram', 'UpdateRole', {
        RoleName: name,
        NewAssumeRolePolicyDocument: JSON.stringify(trustWithFaas(values('role/trust'))),
      }),
    ],
    delete: (_values, id) => [aliyun('ram', 'DeleteRole', { RoleName: id })],
  });

const trustIn = (answer: AliyunAnswer): string => words(answer, 'Role', 'AssumeRolePolicyDocument');

/** What `policy` gives besides: its document, its versions but the one in force, and who else has it. */
const readPolicyOf = async (context: ReadContext, name: string) => {
  const answer = await ask(context, 'ram', 'GetPolicy', { PolicyName: name, PolicyType: 'Custom' });
  if (answer === undefined) return undefined;
  const versions = listOf(
    await ask(context, 'ram', 'ListPolicyVersions', { PolicyName: name, PolicyType: 'Custom' }),
    'PolicyVersions',
    'PolicyVersion',
  );
  const old = versions
    .filter(({ IsDefaultVersion }) => IsDefaultVersion !== true && IsDefaultVersion !== 'true')
    .map(({ VersionId }) => String(VersionId));
  return {
    document: words(answer, 'DefaultPolicyVersion', 'PolicyDocument'),
    description: words(answer, 'Policy', 'Description'),
    old,
  };
};

const policy = (name: string, grant: FaasGrant): Step =>
  resource<NonNullable<Awaited<ReturnType<typeof readPolicyOf>>>>('', {
    key: 'policy',
    title: `policy ${name}`,
    kind: 'policy',
    foreign: 'change',
    byName: (context) => readPolicyOf(context, name),
    id: () => name,
    tags: () => undefined,
    owned: ({ description }) => description.includes(OURS),
    outputs: ({ document }) => ({ 'policy/document': document }),
    diff: ({ document }) => lacking(document, grant).map((wanted) => ({ field: 'policy', wanted })),
    create: () => [
      aliyun('ram', 'CreatePolicy', {
        PolicyName: name,
        Description: `what FaaS may do, ${OURS}`,
        PolicyDocument: JSON.stringify(policyWith(undefined, grant)),
      }),
    ],
    update: (values) => [
      aliyun('ram', 'CreatePolicyVersion', {
        PolicyName: name,
        PolicyDocument: JSON.stringify(policyWith(values('policy/document'), grant)),
        SetAsDefault: 'true',
        RotateStrategy: ROTATE,
      }),
    ],
    delete: (_values, id) => [aliyun('ram', 'DeletePolicy', { PolicyName: id })],
  });

const holders = async (context: ReadContext, name: string): Promise<readonly string[]> => {
  const answer = await ask(context, 'ram', 'ListEntitiesForPolicy', { PolicyName: name, PolicyType: 'Custom' });
  return (['Role', 'User', 'Group'] as const).flatMap((kind) =>
    listOf(answer, `${kind}s`, kind).map((one) => String(one[`${kind}Name`])),
  );
};

const attachment = (roleName: string, name: string, needs: readonly string[]): Step =>
  resource<string>('', {
    key: 'attachment',
    title: `policy ${name} of the role ${roleName}`,
    kind: 'attachment',
    needs,
    byName: async (context) =>
      (await holders(context, name)).find((one) => one.toLowerCase() === roleName.toLowerCase()),
    id: (is) => is,
    tags: () => undefined,
    owned: () => true,
    create: () => [aliyun('ram', 'AttachPolicyToRole', { PolicyName: name, PolicyType: 'Custom', RoleName: roleName })],
    delete: () => [
      aliyun('ram', 'DetachPolicyFromRole', { PolicyName: name, PolicyType: 'Custom', RoleName: roleName }),
    ],
  });

export interface FaasAccess extends FaasGrant {
  readonly role: string;
  readonly policy: string;
  readonly makeBucket: boolean;
}

/** `faascmd auth`: the folder, the role, the policy, and the one given to the other. */
export const faasAccessSteps = ({
  role: roleName,
  policy: name,
  makeBucket,
  ...grant
}: FaasAccess): readonly Step[] => [
  ...(makeBucket ? [newBucket(grant.bucket)] : []),
  logsFolder(grant.bucket, makeBucket),
  role(roleName),
  policy(name, grant),
  attachment(roleName, name, ['role', 'policy']),
];

/**
 * `faascmd delete_policy`: taken from the role, then deleted with its versions, whoever made it; the role stays, as it
 * is FaaS's. @throws usage where others have the policy too.
 */
export const policyRemovalSteps = (roleName: string, name: string): readonly Step[] => [
  resource<NonNullable<Awaited<ReturnType<typeof readPolicyOf>>>>('', {
    key: 'policy',
    title: `policy ${name}`,
    kind: 'policy',
    async byName(context) {
      const there = await readPolicyOf(context, name);
      if (there === undefined) return undefined;
      const others = (await holders(context, name)).filter((one) => one.toLowerCase() !== roleName.toLowerCase());
      if (others.length > 0)
        throw usageError(`the policy ${name} is given to ${others.join(', ')} too`, {
          field: '--policy',
          next: 'take it from them first in the RAM console, if that is what you want',
        });
      return there;
    },
    id: () => name,
    tags: () => undefined,
    owned: () => true,
    outputs: ({ old }) => ({ 'policy/old': old.join(' ') }),
    create: () => [],
    delete: (values, id) => [
      ...values('policy/old')
        .split(' ')
        .filter((version) => /^v\d+$/.test(version))
        .map((version) => aliyun('ram', 'DeletePolicyVersion', { PolicyName: id, VersionId: version })),
      aliyun('ram', 'DeletePolicy', { PolicyName: id }),
    ],
  }),
  attachment(roleName, name, ['policy']),
];

export interface PolicyView {
  readonly name: string;
  readonly version: string;
  readonly createdAt: string;
  /** Who has it: roles, users, groups. */
  readonly holders: readonly string[];
  readonly document: unknown;
  readonly text: string;
}

/** `faascmd list_policy`. @returns undefined where there is none. */
export const readPolicy = async (api: Aliyun, name: string): Promise<PolicyView | undefined> => {
  const context = { aliyun: api } as ReadContext;
  const answer = await ask(context, 'ram', 'GetPolicy', { PolicyName: name, PolicyType: 'Custom' });
  if (answer === undefined) return undefined;
  const text = words(answer, 'DefaultPolicyVersion', 'PolicyDocument');
  let document: unknown = text;
  try {
    document = JSON.parse(text);
  } catch {
    // Shown as it is.
  }
  return {
    name,
    version: words(answer, 'DefaultPolicyVersion', 'VersionId'),
    createdAt: words(answer, 'DefaultPolicyVersion', 'CreateDate'),
    holders: await holders(context, name),
    document,
    text,
  };
};
