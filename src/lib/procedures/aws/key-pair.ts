import { dirname } from 'node:path';
import { api, type Output } from '../../core/aws.ts';
import { failure, missing, usageError } from '../../core/errors.ts';
import type { ReadContext, Step } from '../../core/procedure.ts';
import { isOpenToOthers, octal } from '../../domain/file-mode.ts';
import { filtersOf, oursIn, tagsOf } from '../../domain/tags.ts';
import { resource } from '../kit/resource.ts';
import { variable } from '../kit/values.ts';
import { nameOf } from './names.ts';

export interface KeyFile {
  /**
   * `utility`: the step is `key-file/utility`; the public half, one OpenSSH line, is in its slot
   * `key-file/utility/public`.
   */
  readonly name: string;
  /** Absolute path of the private half. */
  readonly path: string;
  /** Whether a removal takes the file too; else it is kept, for it may open other doors. */
  readonly purge: boolean;
}

/** An SSH key of this machine, made here with mode 0600 and never sent anywhere. One that is there is used as it is. */
export const keyFile = ({ name, path, purge }: KeyFile): Step => {
  const key = `key-file/${name}`;
  return {
    key,
    title: `SSH key ${path}`,
    async read({ files, shell, signal }) {
      const stat = await files.stat(path);
      if (stat === undefined) return { state: 'absent' };
      if (purge) return { state: 'ready', found: { id: path, owned: true } };
      if (isOpenToOthers(stat.mode))
        throw usageError(`${path} can be read by others (mode ${octal(stat.mode)})`, {
          field: '--key-file',
          next: `chmod 600 ${path}`,
        });
      if ((await shell.which('ssh-keygen')) === undefined)
        throw missing('ssh-keygen is not installed', { next: 'install openssh-client' });
      // From the private half: a .pub beside it may be another key's.
      const { exitCode, stdout } = await shell.run('ssh-keygen', ['-y', '-P', '', '-f', path], { signal });
      if (exitCode !== 0)
        throw failure(`${path} is no SSH key without a passphrase`, {
          field: '--key-file',
          next: 'name another file, or one that is not there yet',
        });
      return { state: 'ready', found: { id: path, outputs: { [`${key}/public`]: stdout.trim() }, owned: false } };
    },
    create: () => [
      { kind: 'run', file: 'mkdir', args: ['-p', '-m', '0700', dirname(path)] },
      {
        kind: 'run',
        file: 'ssh-keygen',
        args: ['-q', '-t', 'ed25519', '-N', '', '-C', `hybridctl-${name}`, '-f', path],
      },
    ],
    after: () => [`${variable(`${key}/public`)}=$(ssh-keygen -y -P '' -f ${path})`],
    ...(purge ? { delete: () => [{ kind: 'run' as const, file: 'rm', args: ['-f', path, `${path}.pub`] }] } : {}),
  };
};

/** The key's kind and bytes; what follows them is a comment. */
const keyOf = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');

type Pair = NonNullable<Output<'ec2', 'DescribeKeyPairs'>['KeyPairs']>[number];

const pairs = async ({ aws }: ReadContext, Filters: { Name: string; Values: string[] }[]): Promise<readonly Pair[]> =>
  (await aws.ask('ec2', 'DescribeKeyPairs', { Filters, IncludePublicKey: true })).KeyPairs ?? [];

const pairNamed = async (context: ReadContext, name: string): Promise<Pair | undefined> =>
  (await pairs(context, [{ Name: 'key-name', Values: [name] }])).find(({ KeyName }) => KeyName === name);

/**
 * The public half of the slot `key-file/NAME/public` at EC2, by the name `hybridctl-SITE-NAME`: the private one never
 * travels.
 */
export const keyPair = (site: string, name: string): Step => {
  const key = `key-pair/${name}`;
  const slot = `key-file/${name}/public`;
  const KeyName = nameOf(site, name);
  return resource<Pair>(site, {
    key,
    title: `key pair ${KeyName}`,
    kind: 'key pair',
    byId: pairNamed,
    byTags: async (context) => oursIn(await pairs(context, filtersOf(site, key)), site, key),
    byName: (context) => pairNamed(context, KeyName),
    id: (is) => is.KeyName!,
    tags: ({ Tags }) => Tags,
    // Who adopts a pair has its private half elsewhere.
    diff: ({ PublicKey }, values, owned) =>
      !owned || !values.has(slot) || PublicKey === undefined || keyOf(PublicKey) === keyOf(values(slot))
        ? []
        : [{ field: 'public key', is: 'not that of the file here', fixable: false }],
    create: (values) => [
      // As the SDK takes it: bytes of the line, which it encodes.
      api('ec2', 'ImportKeyPair', {
        KeyName,
        PublicKeyMaterial: bytesOf(values(slot)),
        TagSpecifications: [{ ResourceType: 'key-pair', Tags: tagsOf(site, key) }],
      }),
    ],
    idPath: 'KeyName',
    delete: (_values, id) => [api('ec2', 'DeleteKeyPair', { KeyName: id })],
  });
};

const bytesOf = (line: string): Uint8Array => new TextEncoder().encode(line);
