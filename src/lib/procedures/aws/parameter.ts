import { api, type Output } from '../../core/aws.ts';
import { unlessAbsent } from '../../core/errors.ts';
import type { ReadContext, Step } from '../../core/procedure.ts';
import { tagsOf } from '../../domain/tags.ts';
import { resource } from '../kit/resource.ts';

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

interface Found {
  readonly name: string;
  readonly value: string | undefined;
  readonly tags: Output<'ssm', 'ListTagsForResource'>['TagList'];
}

/** A secret in Parameter Store, sealed by the account's default key (SecureString). */
export const secretParameter = (site: string, { name, title, path, value, isNew = false }: SecretParameter): Step => {
  const key = `key/${name}`;
  const named = async ({ aws }: ReadContext, Name: string): Promise<Found | undefined> => {
    const answer = await unlessAbsent(aws.ask('ssm', 'GetParameter', { Name, WithDecryption: value !== undefined }));
    if (answer === undefined) return undefined;
    const tags = await unlessAbsent(
      aws.ask('ssm', 'ListTagsForResource', { ResourceType: 'Parameter', ResourceId: Name }),
    );
    return { name: Name, value: answer.Parameter?.Value, tags: tags?.TagList };
  };
  return resource<Found>(site, {
    key,
    title,
    kind: 'parameter',
    byId: named,
    byName: (context) => named(context, path),
    id: (is) => is.name,
    tags: ({ tags }) => tags,
    diff: (is, _values, owned) =>
      value === undefined || is.value === value
        ? []
        : [
            {
              field: 'key',
              is: 'not the one of the file here',
              fixable: owned && !isNew,
              next: isNew
                ? 'put that key into the file, or remove the parameter where no gateway uses it'
                : 'bring the two together by hand',
            },
          ],
    create: () => [
      api('ssm', 'PutParameter', { Name: path, Type: 'SecureString', Value: value!, Tags: tagsOf(site, key) }, [
        'Value',
      ]),
    ],
    // Tags and Overwrite exclude each other.
    update: (_values, is) => [
      api('ssm', 'PutParameter', { Name: is.name, Type: 'SecureString', Value: value!, Overwrite: true }, ['Value']),
    ],
    delete: (_values, id) => [api('ssm', 'DeleteParameter', { Name: id })],
  });
};
