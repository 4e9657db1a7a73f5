import { api, type Output } from '../../core/aws.ts';
import { unlessAbsent } from '../../core/errors.ts';
import type { ReadContext, Step } from '../../core/procedure.ts';
import { tagsOf } from '../../domain/tags.ts';
import { resource } from '../kit/resource.ts';
import { variable } from '../kit/values.ts';
import { nameOf } from './names.ts';

const profileNamed = async ({ aws }: ReadContext, InstanceProfileName: string) =>
  (await unlessAbsent(aws.ask('iam', 'GetInstanceProfile', { InstanceProfileName })))?.InstanceProfile;

/**
 * The instance profile by which an instance has the role in the slot `role/NAME`; its own name is in `profile/NAME`.
 */
export const instanceProfile = (site: string, name: string): Step => {
  const key = `profile/${name}`;
  const slot = `role/${name}`;
  /** The role that it has, whosever: with one in it a profile can't be deleted. */
  const held = `${key}/role`;
  const InstanceProfileName = nameOf(site, name);
  const remove = (profile: string, RoleName: string | undefined) =>
    RoleName === undefined
      ? []
      : [api('iam', 'RemoveRoleFromInstanceProfile', { InstanceProfileName: profile, RoleName })];
  return resource<NonNullable<Output<'iam', 'GetInstanceProfile'>['InstanceProfile']>>(site, {
    key,
    title: `instance profile ${InstanceProfileName}`,
    kind: 'instance profile',
    byId: profileNamed,
    byName: (context) => profileNamed(context, InstanceProfileName),
    id: (is) => is.InstanceProfileName!,
    tags: ({ Tags }) => Tags,
    outputs: ({ Roles: [has] = [] }) => (has?.RoleName === undefined ? {} : { [held]: has.RoleName }),
    diff: ({ Roles: [has] = [] }, values) =>
      !values.has(slot) || has?.RoleName === values(slot)
        ? []
        : [{ field: 'role', is: has?.RoleName ?? 'none', wanted: values(slot) }],
    create: (values) => [
      api('iam', 'CreateInstanceProfile', { InstanceProfileName, Tags: tagsOf(site, key) }),
      api('iam', 'AddRoleToInstanceProfile', { InstanceProfileName, RoleName: values(slot) }),
    ],
    after: () => [`${variable(key)}=${InstanceProfileName}`],
    update: (values, { Roles: [has] = [] }, _differences, { id }) => [
      ...remove(id, has?.RoleName),
      api('iam', 'AddRoleToInstanceProfile', { InstanceProfileName: id, RoleName: values(slot) }),
    ],
    delete: (values, id) => [
      ...remove(id, values.has(held) ? values(held) : undefined),
      api('iam', 'DeleteInstanceProfile', { InstanceProfileName: id }),
    ],
  });
};
