import * as sdk from '@aws-sdk/client-iam';
import type { InstanceProfile as ApiProfile, Role as ApiRole } from '@aws-sdk/client-iam';
import { ApiError } from '../../error.ts';
import { op, type Operations } from '../../service.ts';
import type { CloudState } from '../../state.ts';
import { tagList, tagsFrom } from '../../tags.ts';
import {
  addProfile,
  addRole,
  dropProfile,
  dropRole,
  iam,
  iamArn,
  iamId,
  policyOf,
  profileNamed,
  roleNamed,
  withProfile,
  withRole,
  type InstanceProfile,
  type Role,
} from './state.ts';
import { change, checkedDocument, checkedName, without } from './words.ts';

const roleName = (name: string): string => checkedName(name, 'RoleName', 64);
const profileName = (name: string): string => checkedName(name, 'InstanceProfileName', 128);
const policyName = (name: string): string => checkedName(name, 'PolicyName', 128);

const roleOf = ({ region, owner }: CloudState, role: Role): ApiRole => ({
  Path: role.path,
  RoleName: role.name,
  RoleId: role.id,
  Arn: iamArn(region, owner, 'role', role),
  CreateDate: new Date(role.createdAt),
  AssumeRolePolicyDocument: encodeURIComponent(role.trust),
  MaxSessionDuration: 3600,
  Tags: tagList(role.tags),
});

const profileOf = (state: CloudState, profile: InstanceProfile): ApiProfile => ({
  Path: profile.path,
  InstanceProfileName: profile.name,
  InstanceProfileId: profile.id,
  Arn: iamArn(state.region, state.owner, 'instance-profile', profile),
  CreateDate: new Date(profile.createdAt),
  Roles: profile.roles.map((name) => roleOf(state, roleNamed(iam.of(state), name))),
  Tags: tagList(profile.tags),
});

export const roleOperations = {
  CreateRole: op(sdk.CreateRole$, ({ RoleName, Path: path = '/', AssumeRolePolicyDocument, Tags }, cloud) => {
    const name = roleName(RoleName);
    const createdAt = cloud.now();
    const role: Role = {
      name,
      path,
      id: iamId('AROA', name, createdAt),
      createdAt,
      trust: checkedDocument(AssumeRolePolicyDocument),
      tags: tagsFrom(Tags),
      policies: {},
    };
    return {
      Role: roleOf(
        change(cloud, (own) => addRole(own, role)),
        role,
      ),
    };
  }),
  GetRole: op(sdk.GetRole$, ({ RoleName }, { state }) => ({
    Role: roleOf(state, roleNamed(iam.of(state), roleName(RoleName))),
  })),
  UpdateAssumeRolePolicy: op(sdk.UpdateAssumeRolePolicy$, ({ RoleName, PolicyDocument }, cloud) => {
    const trust = checkedDocument(PolicyDocument);
    change(cloud, (own) => withRole(own, { ...roleNamed(own, roleName(RoleName)), trust }));
    return {};
  }),
  TagRole: op(sdk.TagRole$, ({ RoleName, Tags }, cloud) => {
    change(cloud, (own) => {
      const role = roleNamed(own, roleName(RoleName));
      return withRole(own, { ...role, tags: { ...role.tags, ...tagsFrom(Tags) } });
    });
    return {};
  }),
  DeleteRole: op(sdk.DeleteRole$, ({ RoleName }, cloud) => {
    change(cloud, (own) => dropRole(own, roleName(RoleName)));
    return {};
  }),

  PutRolePolicy: op(sdk.PutRolePolicy$, ({ RoleName, PolicyName, PolicyDocument }, cloud) => {
    const policy = policyName(PolicyName);
    const document = checkedDocument(PolicyDocument);
    change(cloud, (own) => {
      const role = roleNamed(own, roleName(RoleName));
      return withRole(own, { ...role, policies: { ...role.policies, [policy]: document } });
    });
    return {};
  }),
  GetRolePolicy: op(sdk.GetRolePolicy$, ({ RoleName, PolicyName }, { state }) => {
    const role = roleNamed(iam.of(state), roleName(RoleName));
    return {
      RoleName: role.name,
      PolicyName,
      PolicyDocument: encodeURIComponent(policyOf(role, PolicyName, 'role')),
    };
  }),
  ListRolePolicies: op(sdk.ListRolePolicies$, ({ RoleName }, { state }) => ({
    PolicyNames: Object.keys(roleNamed(iam.of(state), roleName(RoleName)).policies).sort(),
    IsTruncated: false,
  })),
  DeleteRolePolicy: op(sdk.DeleteRolePolicy$, ({ RoleName, PolicyName }, cloud) => {
    change(cloud, (own) => {
      const role = roleNamed(own, roleName(RoleName));
      policyOf(role, PolicyName, 'role');
      return withRole(own, { ...role, policies: without(role.policies, PolicyName) });
    });
    return {};
  }),

  CreateInstanceProfile: op(sdk.CreateInstanceProfile$, ({ InstanceProfileName, Path: path = '/', Tags }, cloud) => {
    const name = profileName(InstanceProfileName);
    const createdAt = cloud.now();
    const profile: InstanceProfile = {
      name,
      path,
      id: iamId('AIPA', name, createdAt),
      createdAt,
      tags: tagsFrom(Tags),
      roles: [],
    };
    return {
      InstanceProfile: profileOf(
        change(cloud, (own) => addProfile(own, profile)),
        profile,
      ),
    };
  }),
  GetInstanceProfile: op(sdk.GetInstanceProfile$, ({ InstanceProfileName }, { state }) => ({
    InstanceProfile: profileOf(state, profileNamed(iam.of(state), profileName(InstanceProfileName))),
  })),
  TagInstanceProfile: op(sdk.TagInstanceProfile$, ({ InstanceProfileName, Tags }, cloud) => {
    change(cloud, (own) => {
      const profile = profileNamed(own, profileName(InstanceProfileName));
      return withProfile(own, { ...profile, tags: { ...profile.tags, ...tagsFrom(Tags) } });
    });
    return {};
  }),
  AddRoleToInstanceProfile: op(sdk.AddRoleToInstanceProfile$, ({ InstanceProfileName, RoleName }, cloud) => {
    change(cloud, (own) => {
      const profile = profileNamed(own, profileName(InstanceProfileName));
      const { name } = roleNamed(own, roleName(RoleName));
      if (profile.roles.length > 0)
        throw new ApiError('LimitExceeded', 'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1', 409);
      return withProfile(own, { ...profile, roles: [name] });
    });
    return {};
  }),
  RemoveRoleFromInstanceProfile: op(sdk.RemoveRoleFromInstanceProfile$, ({ InstanceProfileName, RoleName }, cloud) => {
    change(cloud, (own) => {
      const profile = profileNamed(own, profileName(InstanceProfileName));
      const { name } = roleNamed(own, roleName(RoleName));
      if (!profile.roles.includes(name))
        throw new ApiError('NoSuchEntity', `Role ${name} is not in the instance profile.`, 404);
      return withProfile(own, { ...profile, roles: [] });
    });
    return {};
  }),
  DeleteInstanceProfile: op(sdk.DeleteInstanceProfile$, ({ InstanceProfileName }, cloud) => {
    change(cloud, (own) => dropProfile(own, profileName(InstanceProfileName)));
    return {};
  }),
} satisfies Operations<'iam'>;
