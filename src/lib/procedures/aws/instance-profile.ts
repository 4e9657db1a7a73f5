import { api } from '../../core/aws.ts';
import type { Step } from '../../core/procedure.ts';
import { isOurs, tagsOf } from '../../domain/tags.ts';
import { variable } from '../kit/values.ts';
import { nameOf, NO_ENTITY, refuseForeign, unlessNone } from './names.ts';

/**
 * The instance profile by which an instance has the role in the slot `role/NAME`; its own name is in `profile/NAME`.
 */
export const instanceProfile = (site: string, name: string): Step => {
  const key = `profile/${name}`;
  const slot = `role/${name}`;
  /** The role that it has, whosever: with one in it a profile can't be deleted. */
  const held = `${key}/role`;
  const InstanceProfileName = nameOf(site, name);
  return {
    key,
    title: `instance profile ${InstanceProfileName}`,
    async read({ aws, adopted, values }) {
      const id = adopted.get(key);
      const answer = await unlessNone(
        aws.ask('iam', 'GetInstanceProfile', { InstanceProfileName: id ?? InstanceProfileName }),
        NO_ENTITY,
      );
      const profile = answer?.InstanceProfile;
      if (profile === undefined && id === undefined) return { state: 'absent' };
      if (id === undefined) refuseForeign('an instance profile', InstanceProfileName, profile?.Tags, site, key);
      const [has] = profile?.Roles ?? [];
      const found = {
        id: profile?.InstanceProfileName ?? id!,
        owned: isOurs(profile?.Tags, site, key),
        outputs: has?.RoleName === undefined ? {} : { [held]: has.RoleName },
      };
      if (!found.owned || !values.has(slot) || has?.RoleName === values(slot)) return { state: 'ready', found };
      return {
        state: 'differs',
        found,
        differences: [has === undefined ? 'it has no role yet' : `its role is ${has.RoleName}`],
      };
    },
    create: (values) => [
      api('iam', 'CreateInstanceProfile', { InstanceProfileName, Tags: tagsOf(site, key) }),
      api('iam', 'AddRoleToInstanceProfile', { InstanceProfileName, RoleName: values(slot) }),
    ],
    after: () => [`${variable(key)}=${InstanceProfileName}`],
    update: (values, { id }, [difference]) => [
      ...(difference === 'it has no role yet'
        ? []
        : [
            api('iam', 'RemoveRoleFromInstanceProfile', {
              InstanceProfileName: id,
              RoleName: difference!.replace('its role is ', ''),
            }),
          ]),
      api('iam', 'AddRoleToInstanceProfile', { InstanceProfileName: id, RoleName: values(slot) }),
    ],
    delete: (values, id) => [
      ...(values.has(held)
        ? [api('iam', 'RemoveRoleFromInstanceProfile', { InstanceProfileName: id, RoleName: values(held) })]
        : []),
      api('iam', 'DeleteInstanceProfile', { InstanceProfileName: id }),
    ],
  };
};
