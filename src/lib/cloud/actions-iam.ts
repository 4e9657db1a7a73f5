import type { Action } from './actions.ts';
import {
  addProfile,
  addRole,
  dropProfile,
  dropRole,
  iamArn,
  iamId,
  policyOf,
  profileNamed,
  roleNamed,
  withProfile,
  withRole,
  type IamState,
  type InstanceProfile,
  type Role,
  type Tag,
} from './iam-state.ts';
import type { CloudModel } from './model.ts';
import { members, optional, required, type Params, type Xml } from './protocol.ts';
import { Ec2Error, type CloudState } from './state.ts';

export const change = (cloud: CloudModel, step: (iam: IamState, state: CloudState) => IamState): CloudState =>
  cloud.change((state) => ({ ...state, iam: step(state.iam, state) }));

export const nameIn = (params: Params, parameter: string, longest: number): string => {
  const name = required(params, parameter);
  if (!/^[\w+=,.@-]+$/.test(name) || name.length > longest)
    throw new Ec2Error('ValidationError', `The specified value for ${parameter.toLowerCase()} is invalid.`);
  return name;
};
const roleName = (params: Params): string => nameIn(params, 'RoleName', 64);
const profileName = (params: Params): string => nameIn(params, 'InstanceProfileName', 128);
export const pathIn = (params: Params): string => optional(params, 'Path') ?? '/';

/** IAM reads a document before it keeps it. */
export const documentIn = (params: Params, parameter: string): string => {
  const text = required(params, parameter);
  try {
    const { Statement } = JSON.parse(text) as { Statement?: unknown };
    if (Statement !== undefined) return text;
  } catch {
    // said below
  }
  throw new Ec2Error('MalformedPolicyDocument', 'Syntax errors in policy.');
};

export const tagsIn = (params: Params): readonly Tag[] => {
  const tags: Tag[] = [];
  for (let at = 1; params.has(`Tags.member.${at}.Key`); at += 1)
    tags.push({ key: params.get(`Tags.member.${at}.Key`)!, value: params.get(`Tags.member.${at}.Value`) ?? '' });
  return tags;
};
const tagged = (before: readonly Tag[], more: readonly Tag[]): readonly Tag[] => [
  ...before.filter(({ key }) => !more.some((tag) => tag.key === key)),
  ...more,
];
export const tagXml = (tags: readonly Tag[]): Xml | string =>
  members(tags.map(({ key, value }) => ({ Key: key, Value: value })));

const roleXml = ({ region, owner }: CloudState, role: Role): Xml => ({
  Path: role.path,
  RoleName: role.name,
  RoleId: role.id,
  Arn: iamArn(region, owner, 'role', role),
  CreateDate: new Date(role.createdAt).toISOString(),
  AssumeRolePolicyDocument: encodeURIComponent(role.trust),
  MaxSessionDuration: 3600,
  Tags: tagXml(role.tags),
});

const profileXml = (state: CloudState, profile: InstanceProfile): Xml => ({
  Path: profile.path,
  InstanceProfileName: profile.name,
  InstanceProfileId: profile.id,
  Arn: iamArn(state.region, state.owner, 'instance-profile', profile),
  CreateDate: new Date(profile.createdAt).toISOString(),
  Roles: members(profile.roles.map((name) => roleXml(state, roleNamed(state.iam, name)))),
  Tags: tagXml(profile.tags),
});

export const NOTHING: Xml = {};

export const IAM_ACTIONS: Readonly<Record<string, Action>> = {
  CreateRole: ({ cloud, params }) => {
    const name = roleName(params);
    const createdAt = cloud.now();
    const role: Role = {
      name,
      path: pathIn(params),
      id: iamId('AROA', name, createdAt),
      createdAt,
      trust: documentIn(params, 'AssumeRolePolicyDocument'),
      tags: tagsIn(params),
      policies: {},
    };
    return {
      Role: roleXml(
        change(cloud, (iam) => addRole(iam, role)),
        role,
      ),
    };
  },
  GetRole: ({ state, params }) => ({ Role: roleXml(state, roleNamed(state.iam, roleName(params))) }),
  UpdateAssumeRolePolicy: ({ cloud, params }) => {
    const trust = documentIn(params, 'PolicyDocument');
    change(cloud, (iam) => withRole(iam, { ...roleNamed(iam, roleName(params)), trust }));
    return NOTHING;
  },
  TagRole: ({ cloud, params }) => {
    change(cloud, (iam) =>
      withRole(iam, {
        ...roleNamed(iam, roleName(params)),
        tags: tagged(roleNamed(iam, roleName(params)).tags, tagsIn(params)),
      }),
    );
    return NOTHING;
  },
  DeleteRole: ({ cloud, params }) => {
    change(cloud, (iam) => dropRole(iam, roleName(params)));
    return NOTHING;
  },

  PutRolePolicy: ({ cloud, params }) => {
    const policy = nameIn(params, 'PolicyName', 128);
    const document = documentIn(params, 'PolicyDocument');
    change(cloud, (iam) => {
      const role = roleNamed(iam, roleName(params));
      return withRole(iam, { ...role, policies: { ...role.policies, [policy]: document } });
    });
    return NOTHING;
  },
  GetRolePolicy: ({ state, params }) => {
    const role = roleNamed(state.iam, roleName(params));
    const policy = required(params, 'PolicyName');
    return { RoleName: role.name, PolicyName: policy, PolicyDocument: encodeURIComponent(policyOf(role, policy)) };
  },
  ListRolePolicies: ({ state, params }) => ({
    PolicyNames: members(Object.keys(roleNamed(state.iam, roleName(params)).policies).sort()),
    IsTruncated: false,
  }),
  DeleteRolePolicy: ({ cloud, params }) => {
    change(cloud, (iam) => {
      const role = roleNamed(iam, roleName(params));
      const policy = required(params, 'PolicyName');
      policyOf(role, policy);
      const { [policy]: _gone, ...policies } = role.policies;
      return withRole(iam, { ...role, policies });
    });
    return NOTHING;
  },

  CreateInstanceProfile: ({ cloud, params }) => {
    const name = profileName(params);
    const createdAt = cloud.now();
    const profile: InstanceProfile = {
      name,
      path: pathIn(params),
      id: iamId('AIPA', name, createdAt),
      createdAt,
      tags: tagsIn(params),
      roles: [],
    };
    return {
      InstanceProfile: profileXml(
        change(cloud, (iam) => addProfile(iam, profile)),
        profile,
      ),
    };
  },
  GetInstanceProfile: ({ state, params }) => ({
    InstanceProfile: profileXml(state, profileNamed(state.iam, profileName(params))),
  }),
  TagInstanceProfile: ({ cloud, params }) => {
    change(cloud, (iam) =>
      withProfile(iam, {
        ...profileNamed(iam, profileName(params)),
        tags: tagged(profileNamed(iam, profileName(params)).tags, tagsIn(params)),
      }),
    );
    return NOTHING;
  },
  AddRoleToInstanceProfile: ({ cloud, params }) => {
    change(cloud, (iam) => {
      const profile = profileNamed(iam, profileName(params));
      const { name } = roleNamed(iam, roleName(params));
      if (profile.roles.length > 0)
        throw new Ec2Error('LimitExceeded', 'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1', 409);
      return withProfile(iam, { ...profile, roles: [name] });
    });
    return NOTHING;
  },
  RemoveRoleFromInstanceProfile: ({ cloud, params }) => {
    change(cloud, (iam) => {
      const profile = profileNamed(iam, profileName(params));
      const { name } = roleNamed(iam, roleName(params));
      if (!profile.roles.includes(name))
        throw new Ec2Error('NoSuchEntity', `Role ${name} is not in the instance profile.`, 404);
      return withProfile(iam, { ...profile, roles: [] });
    });
    return NOTHING;
  },
  DeleteInstanceProfile: ({ cloud, params }) => {
    change(cloud, (iam) => dropProfile(iam, profileName(params)));
    return NOTHING;
  },
};

export const STS_ACTIONS: Readonly<Record<string, Action>> = {
  GetCallerIdentity: ({ state }) => ({
    Arn: iamArn(state.region, state.owner, 'role', { path: '/', name: 'lab' }),
    UserId: 'AIDALAB',
    Account: state.owner,
  }),
};
