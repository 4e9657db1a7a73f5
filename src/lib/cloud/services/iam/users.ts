import * as sdk from '@aws-sdk/client-iam';
import type { User as ApiUser } from '@aws-sdk/client-iam';
import { ApiError } from '../../error.ts';
import { op, type Operations } from '../../service.ts';
import type { CloudState } from '../../state.ts';
import { tagList, tagsFrom } from '../../tags.ts';
import {
  addUser,
  dropUser,
  iam,
  iamArn,
  iamId,
  noSuch,
  policyOf,
  secretOf,
  userNamed,
  withUser,
  type User,
} from './state.ts';
import { change, checkedDocument, checkedName, without } from './words.ts';

/** A request without a name means the caller's own user, and the lab's caller is none. */
const userName = (name: string | undefined): string => {
  if (name === undefined || name === '')
    throw new ApiError('MissingParameter', 'The request must contain the parameter UserName');
  return checkedName(name, 'UserName', 64);
};

const userOf = ({ region, owner }: CloudState, user: User): ApiUser => ({
  Path: user.path,
  UserName: user.name,
  UserId: user.id,
  Arn: iamArn(region, owner, 'user', user),
  CreateDate: new Date(user.createdAt),
  Tags: tagList(user.tags),
});

/** The quota "access keys assigned to an IAM user", which can't be raised. */
const MOST_KEYS = 2;

export const userOperations = {
  CreateUser: op(sdk.CreateUser$, ({ UserName, Path: path = '/', Tags }, cloud) => {
    const name = userName(UserName);
    const createdAt = cloud.now();
    const user: User = {
      name,
      path,
      id: iamId('AIDA', name, createdAt),
      createdAt,
      tags: tagsFrom(Tags),
      policies: {},
      keys: [],
    };
    return {
      User: userOf(
        change(cloud, (own) => addUser(own, user)),
        user,
      ),
    };
  }),
  GetUser: op(sdk.GetUser$, ({ UserName }, { state }) => ({
    User: userOf(state, userNamed(iam.of(state), userName(UserName))),
  })),
  DeleteUser: op(sdk.DeleteUser$, ({ UserName }, cloud) => {
    change(cloud, (own) => dropUser(own, userName(UserName)));
    return {};
  }),

  PutUserPolicy: op(sdk.PutUserPolicy$, ({ UserName, PolicyName, PolicyDocument }, cloud) => {
    const policy = checkedName(PolicyName, 'PolicyName', 128);
    const document = checkedDocument(PolicyDocument);
    change(cloud, (own) => {
      const user = userNamed(own, userName(UserName));
      return withUser(own, { ...user, policies: { ...user.policies, [policy]: document } });
    });
    return {};
  }),
  GetUserPolicy: op(sdk.GetUserPolicy$, ({ UserName, PolicyName }, { state }) => {
    const user = userNamed(iam.of(state), userName(UserName));
    return {
      UserName: user.name,
      PolicyName,
      PolicyDocument: encodeURIComponent(policyOf(user, PolicyName, 'user')),
    };
  }),
  DeleteUserPolicy: op(sdk.DeleteUserPolicy$, ({ UserName, PolicyName }, cloud) => {
    change(cloud, (own) => {
      const user = userNamed(own, userName(UserName));
      policyOf(user, PolicyName, 'user');
      return withUser(own, { ...user, policies: without(user.policies, PolicyName) });
    });
    return {};
  }),

  CreateAccessKey: op(sdk.CreateAccessKey$, ({ UserName }, cloud) => {
    const createdAt = cloud.now();
    let id = '';
    change(cloud, (own) => {
      const user = userNamed(own, userName(UserName));
      if (user.keys.length >= MOST_KEYS)
        throw new ApiError('LimitExceeded', `Cannot exceed quota for AccessKeysPerUser: ${MOST_KEYS}`, 409);
      id = iamId('AKIA', `${user.name} ${user.keys.length}`, createdAt);
      return withUser(own, { ...user, keys: [...user.keys, { id, createdAt }] });
    });
    return {
      AccessKey: {
        UserName: userName(UserName),
        AccessKeyId: id,
        Status: 'Active',
        SecretAccessKey: secretOf(id),
        CreateDate: new Date(createdAt),
      },
    };
  }),
  ListAccessKeys: op(sdk.ListAccessKeys$, ({ UserName, Marker }, { state }) => {
    const { name, keys } = userNamed(iam.of(state), userName(UserName));
    if (Marker !== undefined) throw new ApiError('ValidationError', 'Marker is not one of ours.');
    return {
      AccessKeyMetadata: keys.map(({ id, createdAt }) => ({
        UserName: name,
        AccessKeyId: id,
        Status: 'Active' as const,
        CreateDate: new Date(createdAt),
      })),
      IsTruncated: false,
    };
  }),
  DeleteAccessKey: op(sdk.DeleteAccessKey$, ({ UserName, AccessKeyId: id }, cloud) => {
    change(cloud, (own) => {
      const user = userNamed(own, userName(UserName));
      if (!user.keys.some((key) => key.id === id)) throw noSuch(`The Access Key with id ${id} cannot be found.`);
      return withUser(own, { ...user, keys: user.keys.filter((key) => key.id !== id) });
    });
    return {};
  }),
} satisfies Operations<'iam'>;
