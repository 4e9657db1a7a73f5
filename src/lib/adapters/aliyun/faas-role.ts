import { aliyun, type Aliyun, type AliyunAnswer } from '../../core/aliyun.ts';
import { isKind, missing, unlessAbsent } from '../../core/errors.ts';
import { faasMayTake, FAAS_ROLE, forbidden } from '../../domain/fpga/faas-policy.ts';
import { readFaasCredentials } from './credentials.ts';

const authLine = (bucket: string, region: string): string =>
  `hybridctl fpga auth --bucket ${bucket} --region ${region}`;
const noRole = (name: string, next: string) =>
  missing(`the account has no role ${name}`, { code: 'EntityNotExist.RoleError', call: 'refused', next });

/**
 * Of 2017 the role is named with each call: by ~/.faascredentials, else the account's own. @param bucket for the next
 * step, where one is known. @returns its ARN.
 */
export const findRole = async (api: Aliyun, bucket = 'BUCKET'): Promise<string> => {
  const file = await readFaasCredentials();
  if (file?.role !== undefined) return file.role;
  const answer = await unlessAbsent(api.send(aliyun('ram', 'GetRole', { RoleName: FAAS_ROLE })));
  if (answer === undefined) throw noRole(FAAS_ROLE, authLine(bucket, api.region));
  return String((answer['Role'] as AliyunAnswer | undefined)?.['Arn'] ?? '');
};

/**
 * What FaaS would say once the file is sent: there is no role, it is another account's, FaaS may not take it, or it may
 * not read the object or write its logs. Who may not look at RAM is let pass.
 * @param arn as the call will name it; undefined: FaaS takes the account's default role.
 */
export const checkRole = async (
  api: Aliyun,
  arn: string | undefined,
  { bucket, key }: { readonly bucket: string; readonly key: string },
): Promise<void> => {
  const next = authLine(bucket, api.region);
  const asked = /role\/(.+)$/.exec(arn ?? '')?.[1] ?? FAAS_ROLE;
  const of = async (
    action: string,
    params: Readonly<Record<string, string>>,
    path: readonly string[],
  ): Promise<AliyunAnswer> =>
    path.reduce<AliyunAnswer>(
      (answer, field) => (answer[field] ?? {}) as AliyunAnswer,
      await api.send(aliyun('ram', action, params)),
    );
  try {
    const role = await unlessAbsent(of('GetRole', { RoleName: asked }, ['Role']));
    if (role === undefined) throw noRole(asked, next);
    const name = String(role['RoleName']);
    const unfit = (why: string) =>
      missing(`the role ${name} ${why}`, { code: 'RoleAccessError', call: 'refused', next });
    if (arn !== undefined && String(role['Arn']).toLowerCase() !== arn.toLowerCase())
      throw unfit(`of ~/.faascredentials is ${arn}, and the AccessKey's account has ${String(role['Arn'])}`);
    if (!faasMayTake(String(role['AssumeRolePolicyDocument']))) throw unfit('may not be taken by FaaS');
    const policies = (await of('ListPoliciesForRole', { RoleName: name }, ['Policies']))['Policy'];
    const documents: string[] = [];
    for (const { PolicyName, PolicyType } of (Array.isArray(policies) ? policies : []) as readonly AliyunAnswer[]) {
      const version = await of('GetPolicy', { PolicyName: String(PolicyName), PolicyType: String(PolicyType) }, [
        'DefaultPolicyVersion',
      ]);
      documents.push(String(version['PolicyDocument']));
    }
    const [lack] = forbidden(documents, bucket, key);
    // A policy of the bucket may still let FaaS in: whoever has one sends the file and orders the image by itself.
    if (lack !== undefined)
      throw missing(`the role ${name} does not allow ${lack}`, {
        code: 'AccessDeniedError',
        call: 'refused',
        next: `${next}; where a policy of the bucket lets FaaS in, upload without --create, then "hybridctl fpga create"`,
      });
  } catch (error) {
    // Many RAM users may not look at RAM; FaaS will tell in its time.
    if (!isKind(error, 'denied')) throw error;
  }
};
