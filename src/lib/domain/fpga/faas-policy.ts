import { many } from '../many.ts';

/**
 * What FaaS needs of an account of Alibaba Cloud: a role that it may take, and a policy that lets the role read one
 * bucket and write the logs of builds there. Documents are RAM's, version 1.
 */

interface RamStatement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Principal?: { readonly Service?: string | readonly string[] };
  readonly Condition?: unknown;
}

export interface RamDocument {
  readonly Version: string;
  readonly Statement: readonly RamStatement[];
}

/** The role's fixed name; faascmd of 2018 called it faasRole, and hybridctl takes either by --role. */
export const FAAS_ROLE = 'AliyunFAASDefaultRole';
/** faascmd's name, so that `faascmd list_policy` shows what we made. */
export const FAAS_POLICY = 'faasPolicy';
/** Where FaaS writes logs; it asks for the folder before a build (Alibaba Cloud ECS best practices §8.1.3). */
export const LOGS_FOLDER = 'compiling_logs/';

const FAAS = 'faas.aliyuncs.com';

/** @returns undefined where it is no document. */
export const parseRam = (text: string): RamDocument | undefined => {
  try {
    const document = JSON.parse(text) as Partial<RamDocument> | null;
    return typeof document === 'object' && Array.isArray(document?.Statement) ? (document as RamDocument) : undefined;
  } catch {
    return undefined;
  }
};

export const faasMayTake = (trust: string): boolean =>
  parseRam(trust)?.Statement.some(
    ({ Effect, Action, Principal }) =>
      Effect === 'Allow' && many(Action).includes('sts:AssumeRole') && many(Principal?.Service).includes(FAAS),
  ) === true;

/** FaaS beside whoever may take the role already (of an instance with a role it is ECS too). */
export const trustWithFaas = (trust: string | undefined): RamDocument => ({
  Version: '1',
  Statement: [
    ...(trust === undefined ? [] : (parseRam(trust)?.Statement ?? [])),
    { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: [FAAS] } },
  ],
});

/** Reads the bucket, writes below compiling_logs/ alone, and sees instances, which FaaS needs to load images. */
export const bucketStatements = (bucket: string): readonly RamStatement[] => [
  { Effect: 'Allow', Action: ['oss:ListObjects', 'oss:GetBucketInfo'], Resource: [`acs:oss:*:*:${bucket}`] },
  { Effect: 'Allow', Action: ['oss:GetObject'], Resource: [`acs:oss:*:*:${bucket}/*`] },
  { Effect: 'Allow', Action: ['oss:PutObject'], Resource: [`acs:oss:*:*:${bucket}/${LOGS_FOLDER}*`] },
];

const SEES_INSTANCES: RamStatement = {
  Effect: 'Allow',
  Action: ['ecs:DescribeInstances'],
  Resource: ['acs:ecs:*:*:instance/*'],
};
const MAY_DECRYPT = (key: string): RamStatement => ({
  Effect: 'Allow',
  Action: ['kms:DescribeKey', 'kms:GenerateDataKey', 'kms:Decrypt'],
  Resource: [`acs:kms:*:*:key/${key}`],
});

const covers = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(text);

/** Whether every action of the statement is allowed on its resource, wider or under a condition of no one's making. */
const granted = (document: RamDocument, wanted: RamStatement): boolean =>
  many(wanted.Action).every((action) =>
    many(wanted.Resource).every((resource) =>
      document.Statement.some(
        ({ Effect, Action, Resource, Condition }) =>
          Effect === 'Allow' &&
          Condition === undefined &&
          many(Action).some((one) => covers(one, action)) &&
          many(Resource).some((one) => covers(one, resource)),
      ),
    ),
  );

export interface FaasGrant {
  readonly bucket: string;
  /** KMS key that encrypts images. */
  readonly kmsKey: string | undefined;
}

const wantedOf = ({ bucket, kmsKey }: FaasGrant): readonly RamStatement[] => [
  SEES_INSTANCES,
  ...bucketStatements(bucket),
  ...(kmsKey === undefined ? [] : [MAY_DECRYPT(kmsKey)]),
];

/** In words, what the policy lacks for this bucket; nothing: it is enough as it is. */
export const lacking = (policy: string, grant: FaasGrant): readonly string[] => {
  const document = parseRam(policy) ?? { Version: '1', Statement: [] };
  return wantedOf(grant)
    .filter((statement) => !granted(document, statement))
    .map(({ Action, Resource }) => `${many(Action).join(' and ')} on ${many(Resource).join(', ')}`);
};

/**
 * What is there already and what this bucket needs: accounts share the policy among their users, so nothing is taken
 * away.
 */
export const policyWith = (policy: string | undefined, grant: FaasGrant): RamDocument => {
  const document = (policy === undefined ? undefined : parseRam(policy)) ?? { Version: '1', Statement: [] };
  return {
    Version: '1',
    Statement: [...document.Statement, ...wantedOf(grant).filter((statement) => !granted(document, statement))],
  };
};

/** In words, what FaaS may not do for a build, by all policies of its role; conditions are taken to hold. */
export const forbidden = (policies: readonly string[], bucket: string, key: string): readonly string[] => {
  const Statement = policies
    .flatMap((text) => parseRam(text)?.Statement ?? [])
    .map(({ Condition: _, ...statement }) => statement);
  const wanted: readonly RamStatement[] = [
    { Effect: 'Allow', Action: 'oss:GetObject', Resource: `acs:oss:*:*:${bucket}/${key}` },
    { Effect: 'Allow', Action: 'oss:PutObject', Resource: `acs:oss:*:*:${bucket}/${LOGS_FOLDER}*` },
  ];
  return wanted
    .filter((statement) => !granted({ Version: '1', Statement }, statement))
    .map(({ Action, Resource }) => `${many(Action).join(' and ')} on ${many(Resource).join(', ')}`);
};

/** Buckets that the policy names, with whether each is enough for a build. */
export const bucketsIn = (policy: string): readonly { readonly bucket: string; readonly enough: boolean }[] => {
  const names = new Set(
    (parseRam(policy)?.Statement ?? []).flatMap(({ Resource }) =>
      many(Resource).flatMap((resource) => /^acs:oss:[^:]*:[^:]*:([a-z0-9-]+)/.exec(resource)?.[1] ?? []),
    ),
  );
  return [...names].map((bucket) => ({ bucket, enough: lacking(policy, { bucket, kmsKey: undefined }).length === 0 }));
};
