import { iam, iamArn, type InstanceProfile } from '../iam/state.ts';
import { invalidValue } from '../../error.ts';
import type { CloudState } from '../../state.ts';

/** What EC2 refuses to see of IAM: a profile that is not there (or not yet), and one without a role. */
export const profileOf = (
  state: CloudState,
  { name, arn }: { readonly name?: string | undefined; readonly arn?: string | undefined },
): { readonly id: string; readonly arn: string } => {
  const arnOf = (profile: InstanceProfile): string => iamArn(state.region, state.owner, 'instance-profile', profile);
  const found = iam
    .of(state)
    .profiles.find((profile) => (arn === undefined ? profile.name === name : arnOf(profile) === arn));
  if (found === undefined)
    throw invalidValue(
      arn === undefined
        ? `Value (${name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name`
        : `Value (${arn}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN`,
    );
  if (found.roles.length === 0)
    throw invalidValue(`IAM Instance Profile "${arnOf(found)}" has no associated IAM Roles`);
  return { id: found.id, arn: arnOf(found) };
};
