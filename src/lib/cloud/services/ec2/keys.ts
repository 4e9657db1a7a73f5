import * as sdk from '@aws-sdk/client-ec2';
import type { ResourceType } from '@aws-sdk/client-ec2';
import { ApiError, invalidValue } from '../../error.ts';
import type { Operations } from '../../service.ts';
import { fresh, type CloudState, type KeyPair } from '../../state.ts';
import { tagList, type Tags } from '../../tags.ts';
import { needed, oneOf, tagsByKind, takes, uniqueTags } from './input.ts';
import { makeKey, readKey, type MadeKey } from './key-pairs.ts';
import { matching, select } from './select.ts';
import { addTags, removeTags, taggables, tagsOf, withoutTags } from './tag-state.ts';

const checkedName = (name: string): string => {
  if (!/^[\x20-\x7e]{1,255}$/.test(name))
    throw invalidValue(`Value (${name}) for parameter keyName is invalid. It must be 1 to 255 ASCII characters.`);
  return name;
};

const refuseTaken = ({ keyPairs }: CloudState, name: string): void => {
  if (keyPairs.some((pair) => pair.name === name))
    throw new ApiError('InvalidKeyPair.Duplicate', 'The keypair already exists');
};

const addPair = (
  state: CloudState,
  name: string,
  { type, fingerprint, publicKey }: Omit<MadeKey, 'material'>,
  tags: Tags,
  createdAt: number,
): readonly [CloudState, KeyPair] => {
  refuseTaken(state, name);
  const [id, next] = fresh(state, 'key');
  const pair: KeyPair = { id, name, type, fingerprint, publicKey: `${publicKey} ${name}`, createdAt };
  return [addTags({ ...next, keyPairs: [...next.keyPairs, pair] }, [id], tags), pair];
};

const absent = (name: string): ApiError =>
  new ApiError('InvalidKeyPair.NotFound', `The key pair '${name}' does not exist`);

/** Key pairs, and tags. */
export const keys = {
  // The private half is in this answer and nowhere else, not in the state either.
  CreateKeyPair: takes(sdk.CreateKeyPair$, ['KeyName', 'KeyType', 'KeyFormat', 'TagSpecifications'], (input, cloud) => {
    const name = checkedName(input.KeyName);
    const type = oneOf(input.KeyType, 'keyType', 'rsa', 'ed25519');
    // This endpoint gives no other format.
    oneOf(input.KeyFormat, 'keyFormat', 'pem');
    const tags = tagsByKind(input.TagSpecifications, 'key-pair')['key-pair'];
    refuseTaken(cloud.state, name);
    const made = makeKey(type);
    const [, pair] = cloud.make((state) => addPair(state, name, made, tags, cloud.now()));
    return {
      KeyName: name,
      KeyPairId: pair.id,
      KeyFingerprint: made.fingerprint,
      KeyMaterial: made.material,
      Tags: tagList(tags),
    };
  }),

  ImportKeyPair: takes(sdk.ImportKeyPair$, ['KeyName', 'PublicKeyMaterial', 'TagSpecifications'], (input, cloud) => {
    const name = checkedName(input.KeyName);
    const tags = tagsByKind(input.TagSpecifications, 'key-pair')['key-pair'];
    const key = readKey(Buffer.from(input.PublicKeyMaterial).toString('utf8'));
    if (key === undefined) throw new ApiError('InvalidKey.Format', 'Key is not in valid OpenSSH public key format');
    const [, pair] = cloud.make((state) => addPair(state, name, key, tags, cloud.now()));
    return { KeyName: name, KeyPairId: pair.id, KeyFingerprint: key.fingerprint, Tags: tagList(tags) };
  }),

  DescribeKeyPairs: takes(
    sdk.DescribeKeyPairs$,
    ['KeyNames', 'KeyPairIds', 'IncludePublicKey', 'Filters'],
    (input, { state }) => {
      const { KeyNames: names = [], IncludePublicKey: open = false } = input;
      const unknown = names.find((name) => !state.keyPairs.some((pair) => pair.name === name));
      if (unknown !== undefined) throw absent(unknown);
      const found = matching(input, state.keyPairs, {
        ids: input.KeyPairIds,
        absent: (id) => new ApiError('InvalidKeyPair.NotFound', `The key pair ID '${id}' does not exist`),
        id: ({ id }) => id,
        fields: ({ id, name, fingerprint }) => ({
          'key-pair-id': [id],
          'key-name': [name],
          fingerprint: [fingerprint],
        }),
        tags: ({ id }) => tagsOf(state, id),
      });
      return {
        KeyPairs: found
          .filter(({ name }) => names.length === 0 || names.includes(name))
          .map((pair) => ({
            KeyPairId: pair.id,
            KeyName: pair.name,
            KeyType: pair.type,
            KeyFingerprint: pair.fingerprint,
            CreateTime: new Date(pair.createdAt),
            PublicKey: open ? pair.publicKey : undefined,
            Tags: tagList(tagsOf(state, pair.id)),
          })),
      };
    },
  ),

  // Deleting what is not there is no error, as on EC2.
  DeleteKeyPair: takes(sdk.DeleteKeyPair$, ['KeyName', 'KeyPairId'], ({ KeyName: name, KeyPairId: id }, cloud) => {
    if (name === undefined && id === undefined)
      throw new ApiError('MissingParameter', 'The request must contain the parameter KeyName or KeyPairId');
    const [, gone] = cloud.make((state) => {
      const pair = state.keyPairs.find((one) => (id === undefined ? one.name === name : one.id === id));
      return [
        pair === undefined
          ? state
          : withoutTags({ ...state, keyPairs: state.keyPairs.filter((one) => one !== pair) }, pair.id),
        pair,
      ];
    });
    return { Return: true, KeyPairId: gone?.id ?? id };
  }),

  CreateTags: takes(sdk.CreateTags$, ['Resources', 'Tags'], ({ Resources, Tags: list }, cloud) => {
    const tags = uniqueTags(list);
    if (Object.keys(tags).length === 0)
      throw new ApiError('MissingParameter', 'The request must contain the parameter tagSet');
    cloud.change((state) => addTags(state, Resources, tags));
    return {};
  }),

  // Without tags: all of them. With a key alone: whatever its value; an empty value is a value.
  DeleteTags: takes(sdk.DeleteTags$, ['Resources', 'Tags'], ({ Resources, Tags: list = [] }, cloud) => {
    const given = list.map(({ Key, Value }) => [needed(Key, 'Tag.Key'), Value] as const);
    cloud.change((state) =>
      Resources.reduce(
        (next, id) =>
          removeTags(
            next,
            [id],
            Object.fromEntries(given.length > 0 ? given : Object.keys(tagsOf(next, id)).map((key) => [key, undefined])),
          ),
        state,
      ),
    );
    return {};
  }),

  DescribeTags: takes(sdk.DescribeTags$, ['Filters', 'MaxResults', 'NextToken'], (input, { state }) => {
    const rows = [...taggables(state)].flatMap(([id, kind]) =>
      Object.entries(tagsOf(state, id)).map(([key, value]) => ({ id, kind, key, value })),
    );
    const { items, NextToken } = select(input, rows, {
      absent: (id) => new ApiError('InvalidID', `The ID '${id}' is not valid`),
      id: ({ id }) => id,
      fields: ({ id, kind, key, value }) => ({
        'resource-id': [id],
        'resource-type': [kind],
        key: [key],
        value: [value],
      }),
      // `tag:KEY` picks the tag itself here, not everything on a resource that has it.
      tags: ({ key, value }) => ({ [key]: value }),
    });
    return {
      Tags: items.map(({ id, kind, key, value }) => ({
        ResourceId: id,
        ResourceType: kind as ResourceType,
        Key: key,
        Value: value,
      })),
      NextToken,
    };
  }),
} satisfies Operations<'ec2'>;
