import type { FaasVersion } from '../../../core/aliyun.ts';
import { ApiError } from '../errors.ts';
import type { Context, Params } from '../product.ts';
import { roleNamed, type Role } from '../ram/state.ts';

/** What a version of the API calls things. A parameter with the other version's name is ignored. */
export interface Version {
  readonly date: FaasVersion;
  readonly image: string;
  readonly shell: string;
  readonly encrypted: string;
  readonly machineImage: string;
  readonly board: string;
}

export const V2017: Version = {
  date: '2017-08-24',
  image: 'FpgaImageUUID',
  shell: 'ShellUUID',
  encrypted: 'Encrypted',
  machineImage: 'ImageID',
  board: 'FpgaUUID',
};

export const V2020: Version = {
  date: '2020-02-17',
  image: 'FpgaImageUniqueId',
  shell: 'ShellUniqueId',
  encrypted: 'Encryption',
  machineImage: 'ECSImageId',
  board: 'Bdf',
};

export const invalid = (what: string): ApiError =>
  new ApiError(400, 'PARAMETER INVALIDATE', `Specify parameters are invalid: ${what}.`);

/** @throws ApiError where it is missing or empty. */
export const required = (params: Params, name: string): string => {
  const value = params.get(name);
  if (value === undefined || value === '') throw invalid(name);
  return value;
};

const ROLE_2020 = 'aliyunfaasdefaultrole';

/**
 * The role by which FaaS reaches the account. The API of 2017 names it in each call, the later one has a fixed name.
 * @throws ApiError where it is missing, or does not trust FaaS.
 */
export const roleOf = ({ account }: Context, params: Params, { date }: Version): Role => {
  const arn = date === '2017-08-24' ? (params.get('RoleArn') ?? '') : `acs:ram::${account.id}:role/${ROLE_2020}`;
  const [, owner, name = ''] = /^acs:ram::(\d+):role\/(.+)$/.exec(arn) ?? [];
  const refused = new ApiError(403, 'RoleAccessError', 'You have no right to assume this role.');
  if (owner !== account.id) throw refused;
  const role = roleNamed(account.ram, name);
  if (role === undefined) throw new ApiError(404, 'EntityNotExist.RoleError', 'The specified Role not exists .');
  if (!role.trust.includes('"faas.aliyuncs.com"')) throw refused;
  return role;
};
