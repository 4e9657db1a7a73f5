import { createHash } from 'node:crypto';
import { partitionOf } from '../domain/partition.ts';
import { Ec2Error } from './state.ts';

/**
 * IAM as far as gateways, utility hosts and mounts need it: roles and users with inline policies, instance profiles,
 * access keys.
 */
export interface IamState {
  readonly roles: readonly Role[];
  readonly profiles: readonly InstanceProfile[];
  readonly users: readonly User[];
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

interface Named {
  readonly name: string;
  readonly path: string;
  /** `AROA…`, `AIPA…`: another one for each life of a name. */
  readonly id: string;
  readonly createdAt: number;
  readonly tags: readonly Tag[];
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

export const NO_IAM: IamState = { roles: [], profiles: [], users: [] };

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

export const noSuch = (message: string): Ec2Error => new Ec2Error('NoSuchEntity', message, 404);
export const inUse = (message: string): Ec2Error => new Ec2Error('DeleteConflict', message, 409);
const exists = (kind: string, name: string): Ec2Error =>
  new Ec2Error('EntityAlreadyExists', `${kind} with name ${name} already exists.`, 409);

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

export const policyOf = ({ policies }: Role, policy: string): string => {
  const found = Object.hasOwn(policies, policy) ? policies[policy] : undefined;
  if (found === undefined) throw noSuch(`The role policy with name ${policy} cannot be found.`);
  return found;
};

export const withRole = (iam: IamState, role: Role): IamState => ({
  ...iam,
  roles: [...iam.roles.filter(({ name }) => name !== role.name), role],
});
export const withProfile = (iam: IamState, profile: InstanceProfile): IamState => ({
  ...iam,
  profiles: [...iam.profiles.filter(({ name }) => name !== profile.name), profile],
});

export const addRole = (iam: IamState, role: Role): IamState => {
  if (iam.roles.some(({ name }) => name === role.name)) throw exists('Role', role.name);
  return withRole(iam, role);
};

export const addProfile = (iam: IamState, profile: InstanceProfile): IamState => {
  if (iam.profiles.some(({ name }) => name === profile.name)) throw exists('Instance Profile', profile.name);
  return withProfile(iam, profile);
};

export const dropRole = (iam: IamState, name: string): IamState => {
  const role = roleNamed(iam, name);
  if (Object.keys(role.policies).length > 0) throw inUse('Cannot delete entity, must delete policies first.');
  if (iam.profiles.some(({ roles }) => roles.includes(name)))
    throw inUse('Cannot delete entity, must remove roles from instance profile first.');
  return { ...iam, roles: iam.roles.filter((one) => one !== role) };
};

export const dropProfile = (iam: IamState, name: string): IamState => {
  const profile = profileNamed(iam, name);
  if (profile.roles.length > 0) throw inUse('Cannot delete entity, must remove roles from instance profile first.');
  return { ...iam, profiles: iam.profiles.filter((one) => one !== profile) };
};

export const userNamed = ({ users }: IamState, name: string): User => {
  const found = users.find((user) => user.name === name);
  if (found === undefined) throw noSuch(`The user with name ${name} cannot be found.`);
  return found;
};

export const withUser = (iam: IamState, user: User): IamState => ({
  ...iam,
  users: [...iam.users.filter(({ name }) => name !== user.name), user],
});

export const addUser = (iam: IamState, user: User): IamState => {
  if (iam.users.some(({ name }) => name === user.name)) throw exists('User', user.name);
  return withUser(iam, user);
};

export const dropUser = (iam: IamState, name: string): IamState => {
  const user = userNamed(iam, name);
  if (user.keys.length > 0) throw inUse('Cannot delete entity, must delete access keys first.');
  if (Object.keys(user.policies).length > 0) throw inUse('Cannot delete entity, must delete policies first.');
  return { ...iam, users: iam.users.filter((one) => one !== user) };
};
