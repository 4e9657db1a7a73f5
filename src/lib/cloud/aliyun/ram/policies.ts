import type { Account } from '../account.ts';
import { ApiError } from '../errors.ts';
import type { Operation, Params } from '../product.ts';
import { documentOf, required } from './params.ts';
import { roleOf, roleView } from './roles.ts';
import type { Policy, PolicyVersion, Role } from './state.ts';

/** RAM keeps no more versions of a policy. */
const MOST_VERSIONS = 5;

const policyOf = ({ ram }: Account, params: Params): Policy => {
  const name = required(params, 'PolicyName');
  const policy = ram.policies.get(name);
  if (policy === undefined) throw new ApiError(404, 'EntityNotExist.Policy', `The policy not exists: ${name}.`);
  return policy;
};

const holders = ({ ram }: Account, policy: string): readonly Role[] =>
  [...ram.roles.values()].filter(({ policies }) => policies.has(policy));

const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const versionView = ({ id, isDefault, at }: PolicyVersion): object => ({
  VersionId: id,
  IsDefaultVersion: isDefault,
  CreateDate: time(at),
});

export const POLICIES: Readonly<Record<string, Operation>> = {
  GetPolicy({ account }, params) {
    const policy = policyOf(account, params);
    const version = policy.versions.find(({ isDefault }) => isDefault)!;
    return {
      Policy: {
        PolicyName: policy.name,
        PolicyType: 'Custom',
        Description: policy.description,
        DefaultVersion: version.id,
        AttachmentCount: holders(account, policy.name).length,
        CreateDate: time(policy.versions[0]!.at),
      },
      DefaultPolicyVersion: { ...versionView(version), PolicyDocument: version.document },
    };
  },

  CreatePolicy({ account, now }, params) {
    const name = required(params, 'PolicyName');
    if (account.ram.policies.has(name))
      throw new ApiError(409, 'EntityAlreadyExists.Policy', `The policy already exists: ${name}.`);
    account.ram.policies.set(name, {
      name,
      description: params.get('Description') ?? '',
      versions: [{ id: 'v1', document: documentOf(params, 'PolicyDocument'), at: now(), isDefault: true }],
      next: 2,
    });
    return { Policy: { PolicyName: name } };
  },

  DeletePolicy({ account }, params) {
    const policy = policyOf(account, params);
    if (holders(account, policy.name).length > 0)
      throw new ApiError(409, 'DeleteConflict.Policy.Role', 'The policy is attached.');
    if (policy.versions.length > 1)
      throw new ApiError(409, 'DeleteConflict.Policy.Version', 'The policy has versions beside the default one.');
    account.ram.policies.delete(policy.name);
    return {};
  },

  ListPolicyVersions: ({ account }, params) => ({
    PolicyVersions: { PolicyVersion: policyOf(account, params).versions.map(versionView) },
  }),

  CreatePolicyVersion({ account, now }, params) {
    const policy = policyOf(account, params);
    const document = documentOf(params, 'PolicyDocument');
    if (policy.versions.length >= MOST_VERSIONS) {
      if (params.get('RotateStrategy') !== 'DeleteOldestNonDefaultVersionWhenLimitExceeded')
        throw new ApiError(409, 'LimitExceeded.Policy.Version', 'The policy has five versions.');
      const oldest = policy.versions.findIndex(({ isDefault }) => !isDefault);
      policy.versions.splice(oldest, 1);
    }
    const isDefault = params.get('SetAsDefault') === 'true';
    if (isDefault) for (const version of policy.versions) version.isDefault = false;
    const id = `v${policy.next}`;
    policy.next += 1;
    policy.versions.push({ id, document, at: now(), isDefault });
    return { PolicyVersion: { VersionId: id } };
  },

  DeletePolicyVersion({ account }, params) {
    const policy = policyOf(account, params);
    const at = policy.versions.findIndex(({ id }) => id === required(params, 'VersionId'));
    if (at === -1) throw new ApiError(404, 'EntityNotExist.Policy.Version', 'The policy version not exists.');
    if (policy.versions[at]!.isDefault)
      throw new ApiError(409, 'DeleteConflict.PolicyVersion.Default', 'The default version can not be deleted.');
    policy.versions.splice(at, 1);
    return {};
  },

  AttachPolicyToRole({ account }, params) {
    const { name } = policyOf(account, params);
    const { policies } = roleOf(account, params);
    if (policies.has(name))
      throw new ApiError(409, 'EntityAlreadyExists.Role.Policy', 'The policy is attached already.');
    policies.add(name);
    return {};
  },

  DetachPolicyFromRole({ account }, params) {
    if (!roleOf(account, params).policies.delete(policyOf(account, params).name))
      throw new ApiError(404, 'EntityNotExist.Role.Policy', 'The policy is not attached.');
    return {};
  },

  ListPoliciesForRole: ({ account }, params) => ({
    Policies: {
      Policy: [...roleOf(account, params).policies].map((PolicyName) => ({ PolicyName, PolicyType: 'Custom' })),
    },
  }),

  ListEntitiesForPolicy: ({ account }, params) => ({
    Users: { User: [] },
    Groups: { Group: [] },
    Roles: { Role: holders(account, policyOf(account, params).name).map((role) => roleView(account, role)) },
  }),
};
