import type { Account } from '../account.ts';
import { ApiError } from '../errors.ts';
import type { Operation, Params } from '../product.ts';
import { documentOf, required } from './params.ts';
import { roleNamed, type Role } from './state.ts';

/** The role that a call names. @throws ApiError where there is none. */
export const roleOf = ({ ram }: Account, params: Params): Role => {
  const name = required(params, 'RoleName');
  const role = roleNamed(ram, name);
  if (role === undefined) throw new ApiError(404, 'EntityNotExist.Role', `The role not exists: ${name}.`);
  return role;
};

export const roleView = ({ id }: Account, { name, description, trust }: Role): object => ({
  RoleName: name,
  RoleId: '300000000000000001',
  Arn: `acs:ram::${id}:role/${name.toLowerCase()}`,
  Description: description,
  AssumeRolePolicyDocument: trust,
  CreateDate: '2018-11-09T03:22:01Z',
});

export const ROLES: Readonly<Record<string, Operation>> = {
  GetRole: ({ account }, params) => ({ Role: roleView(account, roleOf(account, params)) }),

  CreateRole({ account }, params) {
    const name = required(params, 'RoleName');
    if (roleNamed(account.ram, name) !== undefined)
      throw new ApiError(409, 'EntityAlreadyExists.Role', `The role already exists: ${name}.`);
    const role: Role = {
      name,
      description: params.get('Description') ?? '',
      trust: documentOf(params, 'AssumeRolePolicyDocument'),
      policies: new Set(),
    };
    account.ram.roles.set(name, role);
    return { Role: roleView(account, role) };
  },

  UpdateRole({ account }, params) {
    const role = roleOf(account, params);
    role.trust = documentOf(params, 'NewAssumeRolePolicyDocument');
    return { Role: roleView(account, role) };
  },

  DeleteRole({ account }, params) {
    const role = roleOf(account, params);
    if (role.policies.size > 0) throw new ApiError(409, 'DeleteConflict.Role.Policy', 'The role has policies.');
    account.ram.roles.delete(role.name);
    return {};
  },
};
