import { api, type Output } from '../../core/aws.ts';
import { unlessAbsent } from '../../core/errors.ts';
import type { ReadContext, Step, Values } from '../../core/procedure.ts';
import { isOpenToOthers } from '../../domain/file-mode.ts';
import { sameDocument, type PolicyDocument } from '../../domain/iam.ts';
import { MACHINE_TAG, tagsOf } from '../../domain/tags.ts';
import { part, resource } from '../kit/resource.ts';
import { nameOf } from './names.ts';

const userNamed = async ({ aws }: ReadContext, UserName: string) =>
  (await unlessAbsent(aws.ask('iam', 'GetUser', { UserName })))?.User;

/** Slot of the machine that a user was made for. */
const machineSlot = (name: string): string => `user/${name}/machine`;

/**
 * A user for a machine: no console, one key. Its name is in the slot `user/NAME`.
 * @param machine as `machineOf` gives it
 */
export const user = (site: string, name: string, machine?: string): Step => {
  const key = `user/${name}`;
  const UserName = nameOf(site, name);
  return resource<NonNullable<Output<'iam', 'GetUser'>['User']>>(site, {
    key,
    title: `user ${UserName}`,
    kind: 'user',
    byId: userNamed,
    byName: (context) => userNamed(context, UserName),
    id: (is) => is.UserName!,
    tags: ({ Tags }) => Tags,
    outputs: ({ Tags = [] }) => ({ [machineSlot(name)]: Tags.find(({ Key }) => Key === MACHINE_TAG)?.Value ?? '' }),
    create: () => {
      const Tags = [...tagsOf(site, key), ...(machine === undefined ? [] : [{ Key: MACHINE_TAG, Value: machine }])];
      return [api('iam', 'CreateUser', { UserName, Tags })];
    },
    idPath: 'User.UserName',
    delete: (_values, id) => [api('iam', 'DeleteUser', { UserName: id })],
  });
};

/** What the user in the slot `user/NAME` may do, as an inline policy: it goes with the user. */
export const userPolicy = (site: string, name: string, document: PolicyDocument): Step => {
  const slot = `user/${name}`;
  const PolicyName = nameOf(site, name);
  const put = (values: Values) => [
    api('iam', 'PutUserPolicy', { UserName: values(slot), PolicyName, PolicyDocument: JSON.stringify(document) }),
  ];
  return part<Output<'iam', 'GetUserPolicy'>>({
    key: `user-policy/${name}`,
    title: `policy ${PolicyName}`,
    parent: slot,
    // An adopted user may be allowed the same by policies of its own.
    lacking: 'tell',
    read: ({ aws, values }) => unlessAbsent(aws.ask('iam', 'GetUserPolicy', { UserName: values(slot), PolicyName })),
    id: () => PolicyName,
    diff: ({ PolicyDocument = '' }) => (sameDocument(PolicyDocument, document) ? [] : [{ field: 'what it allows' }]),
    create: put,
    update: put,
    delete: (values) => [api('iam', 'DeleteUserPolicy', { UserName: values(slot), PolicyName })],
  });
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
  /** The machine that has the file, as `machineOf` gives it. */
  readonly machine: string | undefined;
  /** The user wants the key replaced, whosever it is. */
  readonly replace?: boolean;
  /** Flag of the command by which the user says so, if it has one. */
  readonly replaceFlag?: string;
}

interface Keys {
  /** The one whose secret is here first. */
  readonly ids: readonly string[];
  readonly here: string | undefined;
  /** They were made for this machine, or the user said so. */
  readonly ours: boolean;
  /** Others can read the file. */
  readonly open: boolean;
}

/**
 * The user's one key, in a file of mode 0600. Its id is in the slot `access-key/NAME`. A key whose secret is not in the
 * file is replaced where the user was made for this machine: of a run that died between the answer and the file, or the
 * file is lost. Else it may be in use on another machine, and stays.
 */
export const accessKey = ({ name, path, format, idIn, machine, replace = false, replaceFlag }: AccessKey): Step => {
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
  const isOwn = (values: Values): boolean => {
    const of = values.has(machineSlot(name)) ? values(machineSlot(name)) : '';
    return replace || (machine !== undefined && of === machine);
  };
  return part<Keys>({
    key,
    title: `access key in ${path}`,
    parent: slot,
    async read({ aws, values, files }) {
      const answer = await unlessAbsent(
        aws.all('iam', 'ListAccessKeys', { UserName: values(slot) }, 'AccessKeyMetadata'),
      );
      const ids = (answer ?? []).map(({ AccessKeyId }) => AccessKeyId!);
      if (ids.length === 0) return undefined;
      const [text, stat] = await Promise.all([files.read(path), files.stat(path)]);
      const here = idIn(text ?? '');
      const known = here !== undefined && ids.includes(here);
      return {
        ids: known ? [here, ...ids.filter((one) => one !== here)] : ids,
        ours: isOwn(values),
        here: known ? here : undefined,
        open: stat !== undefined && isOpenToOthers(stat.mode),
      };
    },
    id: ({ ids }) => ids[0]!,
    owned: ({ here, ours }, values) => values.owned(slot) && (here !== undefined || ours),
    surplus: ({ ids, ours }) => (ours ? ids.slice(1) : []),
    diff: ({ ids, here, ours, open }, values) => [
      ...(here !== undefined
        ? []
        : ours
          ? [{ field: 'secret', is: `not in ${path}, so the key is replaced` }]
          : [
              {
                field: `key ${ids[0]} of ${values(slot)}`,
                is: `not in ${path}, and may be in use on another machine`,
                fixable: false,
                next: `${replaceFlag === undefined ? '' : `where nobody uses it, add ${replaceFlag}; or delete it: `}aws iam delete-access-key --user-name ${values(slot)} --access-key-id ${ids[0]}`,
              },
            ]),
      ...(here !== undefined && open ? [{ field: path, is: 'readable by others, so the key is replaced' }] : []),
    ],
    create: (values) => [create(values(slot))],
    update: (values, { ids, here, ours }) => [
      ...ids.filter((one) => ours || one === here).map((one) => remove(values(slot), one)),
      create(values(slot)),
    ],
    // A surplus one has no file.
    delete: (values, id) => [
      remove(values(slot), id),
      ...(values(key) === id ? [{ kind: 'run' as const, file: 'rm', args: ['-f', path] }] : []),
    ],
  });
};
