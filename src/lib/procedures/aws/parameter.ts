import { api } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { Step } from '../../core/procedure.ts';
import { isOurs, tagsOf } from '../../domain/tags.ts';
import { unlessNone } from './names.ts';

export interface SecretParameter {
  /** `vpn1`: the step is `key/vpn1`. */
  readonly name: string;
  readonly title: string;
  /** `/hybridctl/office/vpn1/psk`; no name may begin with aws or ssm. */
  readonly path: string;
  /** Absent where only its removal is asked for. Never shown. */
  readonly value?: string;
  /** The value was made a moment ago, so a parameter that is there holds what its owner knows and we do not. */
  readonly isNew?: boolean;
}

const NONE = /^ParameterNotFound$/;

/** A secret in Parameter Store, sealed by the account's default key (SecureString). */
export const secretParameter = (site: string, { name, title, path, value, isNew = false }: SecretParameter): Step => {
  const key = `key/${name}`;
  return {
    key,
    title,
    async read({ aws, adopted }) {
      const Name = adopted.get(key) ?? path;
      const answer = await unlessNone(
        aws.ask('ssm', 'GetParameter', { Name, WithDecryption: value !== undefined }),
        NONE,
      );
      if (answer === undefined) return { state: 'absent' };
      const tags = await unlessNone(
        aws.ask('ssm', 'ListTagsForResource', { ResourceType: 'Parameter', ResourceId: Name }),
        /^InvalidResourceId$|^ParameterNotFound$/,
      );
      const found = { id: Name, owned: isOurs(tags?.TagList, site, key) };
      if (!found.owned && !adopted.has(key))
        throw failure(`a parameter ${Name} is there and is not hybridctl's`, {
          field: key,
          next: `remove it, or say --adopt ${key}=${Name} to use it as it is`,
        });
      if (value === undefined || answer.Parameter?.Value === value) return { state: 'ready', found };
      if (isNew || !found.owned)
        throw failure(`the parameter ${Name} holds another key than the file here`, {
          field: key,
          next: isNew
            ? 'put that key into the file, or remove the parameter where no gateway uses it'
            : 'bring the two together by hand',
        });
      return { state: 'differs', found, differences: ['it holds another key'] };
    },
    create: () => [
      api('ssm', 'PutParameter', { Name: path, Type: 'SecureString', Value: value!, Tags: tagsOf(site, key) }, [
        'Value',
      ]),
    ],
    // Tags and Overwrite exclude each other.
    update: (_values, { id }) => [
      api('ssm', 'PutParameter', { Name: id, Type: 'SecureString', Value: value!, Overwrite: true }, ['Value']),
    ],
    delete: (_values, id) => [api('ssm', 'DeleteParameter', { Name: id })],
  };
};
