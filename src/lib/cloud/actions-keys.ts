import type { Action } from './actions.ts';
import { makeKey, readKey, type MadeKey } from './key-pairs.ts';
import { FILTERS, flagIn, TAGGED, tagsByKind, tagSet, takes } from './params.ts';
import { list, optional, required, select, set, type Params } from './protocol.ts';
import { ApiError, invalidValue } from './error.ts';
import { fresh, type CloudState, type KeyPair } from './state.ts';
import type { Tags } from './tags.ts';
import { addTags, tagsOf, withoutTags } from './tag-state.ts';

const nameIn = (params: Params): string => {
  const name = required(params, 'KeyName');
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

export const KEY_ACTIONS: Readonly<Record<string, Action>> = {
  // The private half is in this answer and nowhere else, not in the state either.
  CreateKeyPair: takes(['KeyName', 'KeyType', 'KeyFormat', ...TAGGED], ({ cloud, params }) => {
    const name = nameIn(params);
    const type = optional(params, 'KeyType') ?? 'rsa';
    if (type !== 'rsa' && type !== 'ed25519')
      throw invalidValue(`Value (${type}) for parameter keyType is invalid. Valid values are rsa and ed25519.`);
    if ((optional(params, 'KeyFormat') ?? 'pem') !== 'pem')
      throw invalidValue(
        `Value (${optional(params, 'KeyFormat')}) for parameter keyFormat is invalid. This endpoint gives pem.`,
      );
    const tags = tagsByKind(params, 'key-pair')['key-pair'];
    refuseTaken(cloud.stateAt(0), name);
    const made = makeKey(type);
    const [, pair] = cloud.make((state) => addPair(state, name, made, tags, cloud.now()));
    return {
      keyName: name,
      keyPairId: pair.id,
      keyFingerprint: made.fingerprint,
      keyMaterial: made.material,
      tagSet: tagSet(tags),
    };
  }),

  ImportKeyPair: takes(['KeyName', 'PublicKeyMaterial', ...TAGGED], ({ cloud, params }) => {
    const name = nameIn(params);
    const tags = tagsByKind(params, 'key-pair')['key-pair'];
    const key = readKey(Buffer.from(required(params, 'PublicKeyMaterial'), 'base64').toString('utf8'));
    if (key === undefined) throw new ApiError('InvalidKey.Format', 'Key is not in valid OpenSSH public key format');
    const [, pair] = cloud.make((state) => addPair(state, name, key, tags, cloud.now()));
    return { keyName: name, keyPairId: pair.id, keyFingerprint: key.fingerprint, tagSet: tagSet(tags) };
  }),

  DescribeKeyPairs: takes(['KeyName.#', 'KeyPairId.#', 'IncludePublicKey', ...FILTERS], ({ state, params }) => {
    const names = list(params, 'KeyName');
    const unknown = names.find((name) => !state.keyPairs.some((pair) => pair.name === name));
    if (unknown !== undefined) throw absent(unknown);
    const { items } = select(params, state.keyPairs, {
      idParameter: 'KeyPairId',
      absent: (id) => new ApiError('InvalidKeyPair.NotFound', `The key pair ID '${id}' does not exist`),
      id: ({ id }) => id,
      fields: ({ id, name, fingerprint }) => ({ 'key-pair-id': [id], 'key-name': [name], fingerprint: [fingerprint] }),
      tags: ({ id }) => tagsOf(state, id),
      whole: true,
    });
    const open = flagIn(params, 'IncludePublicKey') ?? false;
    return {
      keySet: set(
        items
          .filter(({ name }) => names.length === 0 || names.includes(name))
          .map((pair) => ({
            keyPairId: pair.id,
            keyName: pair.name,
            keyType: pair.type,
            keyFingerprint: pair.fingerprint,
            createTime: new Date(pair.createdAt).toISOString(),
            publicKey: open ? pair.publicKey : undefined,
            tagSet: tagSet(tagsOf(state, pair.id)),
          })),
      ),
    };
  }),

  // Deleting what is not there is no error, as on EC2.
  DeleteKeyPair: takes(['KeyName', 'KeyPairId'], ({ cloud, params }) => {
    const [name, id] = [optional(params, 'KeyName'), optional(params, 'KeyPairId')];
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
    return { return: true, keyPairId: gone?.id ?? id };
  }),
};
