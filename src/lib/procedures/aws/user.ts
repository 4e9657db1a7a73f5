import { api } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { Step } from '../../core/procedure.ts';
import { sameDocument, type PolicyDocument } from '../../domain/iam.ts';
import { isOurs, tagsOf } from '../../domain/tags.ts';
import { nameOf, NO_ENTITY, refuseForeign, unlessNone } from './names.ts';

/** A user for a machine: no console, one key. Its name is in the slot `user/NAME`. */
export const user = (site: string, name: string): Step => {
  const key = `user/${name}`;
  const UserName = nameOf(site, name);
  return {
    key,
    title: `user ${UserName}`,
    async read({ aws, adopted }) {
      const id = adopted.get(key);
      const found = (await unlessNone(aws.ask('iam', 'GetUser', { UserName: id ?? UserName }), NO_ENTITY))?.User;
      if (found === undefined && id !== undefined) throw failure(`there is no user ${id}`, { field: '--adopt' });
      if (found === undefined) return { state: 'absent' };
      if (id === undefined) refuseForeign('a user', UserName, found.Tags, site, key);
      return { state: 'ready', found: { id: found.UserName!, owned: isOurs(found.Tags, site, key) } };
    },
    create: () => [api('iam', 'CreateUser', { UserName, Tags: tagsOf(site, key) })],
    idPath: 'User.UserName',
    delete: (_values, id) => [api('iam', 'DeleteUser', { UserName: id })],
  };
};

/** What the user in the slot `user/NAME` may do, as an inline policy: it goes with the user. */
export const userPolicy = (site: string, name: string, document: PolicyDocument): Step => {
  const slot = `user/${name}`;
  const PolicyName = nameOf(site, name);
  const put = (values: (slot: string) => string) => [
    api('iam', 'PutUserPolicy', { UserName: values(slot), PolicyName, PolicyDocument: JSON.stringify(document) }),
  ];
  return {
    key: `user-policy/${name}`,
    title: `policy ${PolicyName}`,
    needs: [slot],
    async read({ aws, values }) {
      const answer = await unlessNone(
        aws.ask('iam', 'GetUserPolicy', { UserName: values(slot), PolicyName }),
        NO_ENTITY,
      );
      if (answer === undefined) return { state: 'absent' };
      const found = { id: PolicyName, owned: true };
      return sameDocument(answer.PolicyDocument ?? '', document)
        ? { state: 'ready', found }
        : { state: 'differs', found, differences: ['it allows something else'] };
    },
    create: put,
    update: put,
    delete: (values) => [api('iam', 'DeleteUserPolicy', { UserName: values(slot), PolicyName })],
  };
};

export interface AccessKey {
  /** Of the user in the slot `user/NAME`. */
  readonly name: string;
  /** Absolute path of the only place where the secret is. */
  readonly path: string;
  /** The file's content as printf(1) takes it: the id, then the secret. */
  readonly format: string;
  /** The key's id in such a file. */
  idIn(text: string): string | undefined;
}

/**
 * The user's one key, in a file of mode 0600. Its id is in the slot `access-key/NAME`. A key whose secret is not in the
 * file can be used by nobody who runs this: of a run that died between the answer and the file, or the file is lost.
 */
export const accessKey = ({ name, path, format, idIn }: AccessKey): Step => {
  const slot = `user/${name}`;
  const create = (UserName: string) => ({
    kind: 'keep' as const,
    call: api('iam', 'CreateAccessKey', { UserName }),
    fields: ['AccessKey.AccessKeyId', 'AccessKey.SecretAccessKey'],
    format,
    path,
  });
  const remove = (UserName: string, id: string) => api('iam', 'DeleteAccessKey', { UserName, AccessKeyId: id });
  const key = `access-key/${name}`;
  return {
    key,
    title: `access key in ${path}`,
    needs: [slot],
    async read({ aws, values, files }) {
      const answer = await unlessNone(
        aws.all('iam', 'ListAccessKeys', { UserName: values(slot) }, 'AccessKeyMetadata'),
        NO_ENTITY,
      );
      const ids = (answer ?? []).map(({ AccessKeyId }) => AccessKeyId!);
      if (ids.length === 0) return { state: 'absent' };
      const [text, stat] = await Promise.all([files.read(path), files.stat(path)]);
      const here = idIn(text ?? '');
      const id = ids.find((one) => one === here);
      const surplus = ids.filter((one) => one !== id);
      if (id === undefined)
        return {
          state: 'differs',
          found: { id: surplus[0]!, owned: true, surplus: surplus.slice(1) },
          differences: [`its secret is not in ${path}, so it is replaced`],
        };
      const open = (stat?.mode ?? 0) & 0o077;
      return open === 0
        ? { state: 'ready', found: { id, owned: true, surplus } }
        : {
            state: 'differs',
            found: { id, owned: true, surplus },
            differences: [`${path} can be read by others, so the key is replaced`],
          };
    },
    create: (values) => [create(values(slot))],
    update: (values, { id, surplus = [] }) => [
      ...[id, ...surplus].map((one) => remove(values(slot), one)),
      create(values(slot)),
    ],
    // A surplus one has no file.
    delete: (values, id) => [
      remove(values(slot), id),
      ...(values(key) === id ? [{ kind: 'run' as const, file: 'rm', args: ['-f', path] }] : []),
    ],
  };
};
