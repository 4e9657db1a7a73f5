import type { Action } from './actions.ts';
import { change, documentIn, nameIn, NOTHING, pathIn, tagsIn, tagXml } from './actions-iam.ts';
import { addUser, dropUser, iamArn, iamId, noSuch, secretOf, userNamed, withUser, type User } from './iam-state.ts';
import { members, optional, required, type Params, type Xml } from './protocol.ts';
import { Ec2Error, type CloudState } from './state.ts';

const userName = (params: Params): string => nameIn(params, 'UserName', 64);

const userXml = ({ region, owner }: CloudState, user: User): Xml => ({
  Path: user.path,
  UserName: user.name,
  UserId: user.id,
  Arn: iamArn(region, owner, 'user', user),
  CreateDate: new Date(user.createdAt).toISOString(),
  Tags: tagXml(user.tags),
});

/** The quota "access keys assigned to an IAM user", which can't be raised. */
const MOST_KEYS = 2;

export const IAM_USER_ACTIONS: Readonly<Record<string, Action>> = {
  CreateUser: ({ cloud, params }) => {
    const name = userName(params);
    const createdAt = cloud.now();
    const user: User = {
      name,
      path: pathIn(params),
      id: iamId('AIDA', name, createdAt),
      createdAt,
      tags: tagsIn(params),
      policies: {},
      keys: [],
    };
    return {
      User: userXml(
        change(cloud, (iam) => addUser(iam, user)),
        user,
      ),
    };
  },
  GetUser: ({ state, params }) => ({ User: userXml(state, userNamed(state.iam, userName(params))) }),
  DeleteUser: ({ cloud, params }) => {
    change(cloud, (iam) => dropUser(iam, userName(params)));
    return NOTHING;
  },

  PutUserPolicy: ({ cloud, params }) => {
    const policy = nameIn(params, 'PolicyName', 128);
    const document = documentIn(params, 'PolicyDocument');
    change(cloud, (iam) => {
      const user = userNamed(iam, userName(params));
      return withUser(iam, { ...user, policies: { ...user.policies, [policy]: document } });
    });
    return NOTHING;
  },
  GetUserPolicy: ({ state, params }) => {
    const { name, policies } = userNamed(state.iam, userName(params));
    const policy = required(params, 'PolicyName');
    if (!Object.hasOwn(policies, policy)) throw noSuch(`The user policy with name ${policy} cannot be found.`);
    return { UserName: name, PolicyName: policy, PolicyDocument: encodeURIComponent(policies[policy]!) };
  },
  DeleteUserPolicy: ({ cloud, params }) => {
    const policy = required(params, 'PolicyName');
    change(cloud, (iam) => {
      const user = userNamed(iam, userName(params));
      if (!Object.hasOwn(user.policies, policy)) throw noSuch(`The user policy with name ${policy} cannot be found.`);
      const { [policy]: _gone, ...policies } = user.policies;
      return withUser(iam, { ...user, policies });
    });
    return NOTHING;
  },

  CreateAccessKey: ({ cloud, params }) => {
    const createdAt = cloud.now();
    let id = '';
    change(cloud, (iam) => {
      const user = userNamed(iam, userName(params));
      if (user.keys.length >= MOST_KEYS)
        throw new Ec2Error('LimitExceeded', `Cannot exceed quota for AccessKeysPerUser: ${MOST_KEYS}`, 409);
      id = iamId('AKIA', `${user.name} ${user.keys.length}`, createdAt);
      return withUser(iam, { ...user, keys: [...user.keys, { id, createdAt }] });
    });
    return {
      AccessKey: {
        UserName: userName(params),
        AccessKeyId: id,
        Status: 'Active',
        SecretAccessKey: secretOf(id),
        CreateDate: new Date(createdAt).toISOString(),
      },
    };
  },
  ListAccessKeys: ({ state, params }) => {
    const { name, keys } = userNamed(state.iam, userName(params));
    if (optional(params, 'Marker') !== undefined) throw new Ec2Error('ValidationError', 'Marker is not one of ours.');
    return {
      AccessKeyMetadata: members(
        keys.map(({ id, createdAt }) => ({
          UserName: name,
          AccessKeyId: id,
          Status: 'Active',
          CreateDate: new Date(createdAt).toISOString(),
        })),
      ),
      IsTruncated: false,
    };
  },
  DeleteAccessKey: ({ cloud, params }) => {
    const id = required(params, 'AccessKeyId');
    change(cloud, (iam) => {
      const user = userNamed(iam, userName(params));
      if (!user.keys.some((key) => key.id === id)) throw noSuch(`The Access Key with id ${id} cannot be found.`);
      return withUser(iam, { ...user, keys: user.keys.filter((key) => key.id !== id) });
    });
    return NOTHING;
  },
};
