import { createHash } from 'node:crypto';
import { partitionOf } from '../../../domain/partition.ts';
import { ApiError } from '../../error.ts';
import { slice } from '../../slice.ts';
import type { Tags } from '../../tags.ts';

/**
 * IAM as far as gateways, utility hosts and mounts need it: roles and users with inline policies, instance profiles,
 * access keys.
 */
export interface IamState {
  readonly roles: readonly Role[];
  readonly profiles: readonly InstanceProfile[];
  readonly users: readonly User[];
}

interface Named {
  readonly name: string;
  readonly path: string;
  /** `AROA…`, `AIPA…`: another one for each life of a name. */
  readonly id: string;
  readonly createdAt: number;
  readonly tags: Tags;
}

export interface Role extends Named {
  readonly trust: string;
  /** Inline policies, document by name. */
  readonly policies: Readonly<Record<string, string>>;
}

export interface InstanceProfile extends Named {
  /** At most one. */
  readonly roles: readonly string[];
}

export interface User extends Named {
  readonly policies: Readonly<Record<string, string>>;
  /** At most two. The secret is told once, by its making, and is nowhere in the state. */
  readonly keys: readonly AccessKey[];
}

export interface AccessKey {
  readonly id: string;
  readonly createdAt: number;
}

export const iam = slice<IamState>('iam', { roles: [], profiles: [], users: [] });

/** IAM's ARNs have no region. */
export const iamArn = (
  region: string,
  owner: string,
  kind: 'role' | 'instance-profile' | 'user',
  { path, name }: Pick<Named, 'path' | 'name'>,
): string => `arn:${partitionOf(region).id}:iam::${owner}:${kind}${path}${name}`;

export const iamId = (prefix: 'AROA' | 'AIPA' | 'AIDA' | 'AKIA', name: string, at: number): string =>
  prefix + createHash('sha256').update(`${name}\n${at}`).digest('hex').slice(0, 17).toUpperCase();

/** Follows from the id, so that an S3 server beside this cloud can check signatures without asking it. */
export const secretOf = (keyId: string): string =>
  createHash('sha256').update(`lab ${keyId}`).digest('hex').slice(0, 40);

export const noSuch = (message: string): ApiError => new ApiError('NoSuchEntity', message, 404);
export const inUse = (message: string): ApiError => new ApiError('DeleteConflict', message, 409);
const exists = (kind: string, name: string): ApiError =>
  new ApiError('EntityAlreadyExists', `${kind} with name ${name} already exists.`, 409);

export const roleNamed = ({ roles }: IamState, name: string): Role => {
  const found = roles.find((role) => role.name === name);
  if (found === undefined) throw noSuch(`The role with name ${name} cannot be found.`);
  return found;
};

export const profileNamed = ({ profiles }: IamState, name: string): InstanceProfile => {
  const found = profiles.find((profile) => profile.name === name);
  if (found === undefined) throw noSuch(`Instance Profile ${name} cannot be found.`);
  return found;
};

/** An inline policy. @param kind as the refusal names it. */
export const policyOf = ({ policies }: Role | User, policy: string, kind: 'role' | 'user'): string => {
  const found = Object.hasOwn(policies, policy) ? policies[policy] : undefined;
  if (found === undefined) throw noSuch(`The ${kind} policy with name ${policy} cannot be found.`);
  return found;
};

export const withRole = (own: IamState, role: Role): IamState => ({
  ...own,
  roles: [...own.roles.filter(({ name }) => name !== role.name), role],
});
export const withProfile = (own: IamState, profile: InstanceProfile): IamState => ({
  ...own,
  profiles: [...own.profiles.filter(({ name }) => name !== profile.name), profile],
});

export const addRole = (own: IamState, role: Role): IamState => {
  if (own.roles.some(({ name }) => name === role.name)) throw exists('Role', role.name);
  return withRole(own, role);
};

export const addProfile = (own: IamState, profile: InstanceProfile): IamState => {
  if (own.profiles.some(({ name }) => name === profile.name)) throw exists('Instance Profile', profile.name);
  return withProfile(own, profile);
};

export const dropRole = (own: IamState, name: string): IamState => {
  const role = roleNamed(own, name);
  if (Object.keys(role.policies).length > 0) throw inUse('Cannot delete entity, must delete policies first.');
  if (own.profiles.some(({ roles }) => roles.includes(name)))
    throw inUse('Cannot delete entity, must remove roles from instance profile first.');
  return { ...own, roles: own.roles.filter((one) => one !== role) };
};

export const dropProfile = (own: IamState, name: string): IamState => {
  const profile = profileNamed(own, name);
  if (profile.roles.length > 0) throw inUse('Cannot delete entity, must remove roles from instance profile first.');
  return { ...own, profiles: own.profiles.filter((one) => one !== profile) };
};

export const userNamed = ({ users }: IamState, name: string): User => {
  const found = users.find((user) => user.name === name);
  if (found === undefined) throw noSuch(`The user with name ${name} cannot be found.`);
  return found;
};

export const withUser = (own: IamState, user: User): IamState => ({
  ...own,
  users: [...own.users.filter(({ name }) => name !== user.name), user],
});

export const addUser = (own: IamState, user: User): IamState => {
  if (own.users.some(({ name }) => name === user.name)) throw exists('User', user.name);
  return withUser(own, user);
};

export const dropUser = (own: IamState, name: string): IamState => {
  const user = userNamed(own, name);
  if (user.keys.length > 0) throw inUse('Cannot delete entity, must delete access keys first.');
  if (Object.keys(user.policies).length > 0) throw inUse('Cannot delete entity, must delete policies first.');
  return { ...own, users: own.users.filter((one) => one !== user) };
};
