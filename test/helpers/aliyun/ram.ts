import type { Params } from './faas.ts';
import { ApiError, type Account, type Policy, type Role } from './state.ts';

/** RAM and STS: roles, custom policies with their versions, who has which. */

type Answer = Record<string, unknown>;

const required = (params: Params, name: string): string => {
  const value = params.get(name);
  if (value === undefined || value === '')
    throw new ApiError(400, `MissingParameter.${name}`, `The ${name} is missing.`);
  return value;
};

const roleOf = ({ roles }: Account, name: string): Role => {
  const role = [...roles.values()].find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (role === undefined) throw new ApiError(404, 'EntityNotExist.Role', `The role not exists: ${name}.`);
  return role;
};

const policyOf = ({ policies }: Account, params: Params): Policy => {
  const name = required(params, 'PolicyName');
  const policy = policies.get(name);
  if (policy === undefined) throw new ApiError(404, 'EntityNotExist.Policy', `The policy not exists: ${name}.`);
  return policy;
};

const document = (params: Params, name: string): string => {
  const text = required(params, name);
  try {
    const { Version, Statement } = JSON.parse(text) as { Version?: string; Statement?: unknown[] };
    if (Version === '1' && Array.isArray(Statement)) return text;
  } catch {
    // Said below.
  }
  throw new ApiError(400, 'MalformedPolicyDocument', `The ${name} is malformed.`);
};

const roleView = ({ id }: Account, { name, description, trust }: Role): Answer => ({
  RoleName: name,
  RoleId: '300000000000000001',
  Arn: `acs:ram::${id}:role/${name.toLowerCase()}`,
  Description: description,
  AssumeRolePolicyDocument: trust,
  CreateDate: '2018-11-09T03:22:01Z',
});
const holders = ({ roles }: Account, policy: string): readonly Role[] =>
  [...roles.values()].filter(({ policies }) => policies.has(policy));
const iso = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

export const RAM: Readonly<Record<string, (account: Account, params: Params, now: number) => Answer>> = {
  GetRole: (account, params) => ({ Role: roleView(account, roleOf(account, required(params, 'RoleName'))) }),
  CreateRole(account, params) {
    const name = required(params, 'RoleName');
    if ([...account.roles.values()].some((one) => one.name.toLowerCase() === name.toLowerCase()))
      throw new ApiError(409, 'EntityAlreadyExists.Role', `The role already exists: ${name}.`);
    const role: Role = {
      name,
      description: params.get('Description') ?? '',
      trust: document(params, 'AssumeRolePolicyDocument'),
      policies: new Set(),
    };
    account.roles.set(name, role);
    return { Role: roleView(account, role) };
  },
  UpdateRole(account, params) {
    const role = roleOf(account, required(params, 'RoleName'));
    role.trust = document(params, 'NewAssumeRolePolicyDocument');
    return { Role: roleView(account, role) };
  },
  DeleteRole(account, params) {
    const role = roleOf(account, required(params, 'RoleName'));
    if (role.policies.size > 0) throw new ApiError(409, 'DeleteConflict.Role.Policy', 'The role has policies.');
    account.roles.delete(role.name);
    return {};
  },
  GetPolicy(account, params) {
    const policy = policyOf(account, params);
    const version = policy.versions.find(({ isDefault }) => isDefault)!;
    return {
      Policy: {
        PolicyName: policy.name,
        PolicyType: 'Custom',
        Description: policy.description,
        DefaultVersion: version.id,
        AttachmentCount: holders(account, policy.name).length,
        CreateDate: iso(policy.versions[0]!.at),
      },
      DefaultPolicyVersion: {
        VersionId: version.id,
        IsDefaultVersion: true,
        PolicyDocument: version.document,
        CreateDate: iso(version.at),
      },
    };
  },
  ListPolicyVersions: (account, params) => ({
    PolicyVersions: {
      PolicyVersion: policyOf(account, params).versions.map(({ id, isDefault, at }) => ({
        VersionId: id,
        IsDefaultVersion: isDefault,
        CreateDate: iso(at),
      })),
    },
  }),
  CreatePolicy(account, params, now) {
    const name = required(params, 'PolicyName');
    if (account.policies.has(name))
      throw new ApiError(409, 'EntityAlreadyExists.Policy', `The policy already exists: ${name}.`);
    account.policies.set(name, {
      name,
      description: params.get('Description') ?? '',
      versions: [{ id: 'v1', document: document(params, 'PolicyDocument'), at: now, isDefault: true }],
      next: 2,
    });
    return { Policy: { PolicyName: name } };
  },
  CreatePolicyVersion(account, params, now) {
    const policy = policyOf(account, params);
    const text = document(params, 'PolicyDocument');
    if (policy.versions.length >= 5) {
      if (params.get('RotateStrategy') !== 'DeleteOldestNonDefaultVersionWhenLimitExceeded')
        throw new ApiError(409, 'LimitExceeded.Policy.Version', 'The policy has five versions.');
      policy.versions.splice(
        policy.versions.findIndex(({ isDefault }) => !isDefault),
        1,
      );
    }
    const isDefault = params.get('SetAsDefault') === 'true';
    if (isDefault) for (const version of policy.versions) version.isDefault = false;
    policy.versions.push({ id: `v${policy.next++}`, document: text, at: now, isDefault });
    return { PolicyVersion: { VersionId: `v${policy.next - 1}` } };
  },
  DeletePolicyVersion(account, params) {
    const policy = policyOf(account, params);
    const at = policy.versions.findIndex(({ id }) => id === required(params, 'VersionId'));
    if (at === -1) throw new ApiError(404, 'EntityNotExist.Policy.Version', 'The policy version not exists.');
    if (policy.versions[at]!.isDefault)
      throw new ApiError(409, 'DeleteConflict.PolicyVersion.Default', 'The default version can not be deleted.');
    policy.versions.splice(at, 1);
    return {};
  },
  DeletePolicy(account, params) {
    const policy = policyOf(account, params);
    if (holders(account, policy.name).length > 0)
      throw new ApiError(409, 'DeleteConflict.Policy.Role', 'The policy is attached.');
    if (policy.versions.length > 1)
      throw new ApiError(409, 'DeleteConflict.Policy.Version', 'The policy has versions beside the default one.');
    account.policies.delete(policy.name);
    return {};
  },
  AttachPolicyToRole(account, params) {
    const { name } = policyOf(account, params);
    const { policies } = roleOf(account, required(params, 'RoleName'));
    if (policies.has(name))
      throw new ApiError(409, 'EntityAlreadyExists.Role.Policy', 'The policy is attached already.');
    policies.add(name);
    return {};
  },
  DetachPolicyFromRole(account, params) {
    if (!roleOf(account, required(params, 'RoleName')).policies.delete(policyOf(account, params).name))
      throw new ApiError(404, 'EntityNotExist.Role.Policy', 'The policy is not attached.');
    return {};
  },
  ListPoliciesForRole: (account, params) => ({
    Policies: {
      Policy: [...roleOf(account, required(params, 'RoleName')).policies].map((PolicyName) => ({
        PolicyName,
        PolicyType: 'Custom',
      })),
    },
  }),
  ListEntitiesForPolicy: (account, params) => ({
    Users: { User: [] },
    Groups: { Group: [] },
    Roles: { Role: holders(account, policyOf(account, params).name).map((role) => roleView(account, role)) },
  }),
};

export const STS: typeof RAM = {
  GetCallerIdentity: ({ id }) => ({ AccountId: id, Arn: `acs:ram::${id}:user/fpga`, IdentityType: 'RAMUser' }),
};
