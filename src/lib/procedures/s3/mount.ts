import mountScript from '../../../../templates/s3/mount.sh?raw';
import probeScript from '../../../../templates/s3/probe.sh?raw';
import unmountScript from '../../../../templates/s3/unmount.sh?raw';
import { api } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { Difference, ReadResult, RunCall, Step, ReadContext, WriteCall } from '../../core/procedure.ts';
import { mountSchema, filesOf, type MountSpec } from '../../domain/s3/spec.ts';
import { ENGINE, mountCommand, refuseWhatItCant } from '../../render/s3/engines.ts';
import { newerThan } from '../vpn-host/running.ts';
import { lookAtMount } from './look.ts';
import { VERSION } from './tool.ts';

const differs = (id: string, differences: readonly Difference[]): ReadResult =>
  differences.length === 0
    ? { state: 'ready', found: { id, owned: true } }
    : { state: 'differs', found: { id, owned: true }, differences };

/** @throws failure for a definition that nobody of us wrote. */
export const parseDefinition = (path: string, text: string): MountSpec => {
  try {
    return mountSchema.parse(JSON.parse(text));
  } catch (error) {
    throw failure(`${path} is no mount of "s3 mount"`, {
      next: 'move it away, and run "s3 mount" again',
      cause: error,
    });
  }
};

/** The mount written down, for those who look after it later. */
export const definitionStep = (spec: MountSpec, folder: string): Step => {
  const path = filesOf(folder, spec.name).definition;
  const write: WriteCall = {
    kind: 'write',
    secret: false,
    file: { path, content: `${JSON.stringify(spec, undefined, 2)}\n`, mode: 0o644 },
  };
  return {
    key: 'definition',
    title: `definition ${path}`,
    async read({ files }) {
      const before = await files.read(path);
      if (before === undefined) return { state: 'absent' };
      const was = parseDefinition(path, before);
      if (was.directory !== spec.directory)
        throw failure(`the mount ${spec.name} is at ${was.directory}`, {
          field: '--name',
          next: `give this one another --name, or "hybridctl s3 umount ${was.directory} --forget" first`,
        });
      const fields = (Object.keys(spec) as (keyof MountSpec)[]).filter(
        (field) => JSON.stringify(spec[field]) !== JSON.stringify(was[field]),
      );
      return differs(
        path,
        fields.map((field) => ({ field, is: JSON.stringify(was[field]), wanted: JSON.stringify(spec[field]) })),
      );
    },
    create: () => [write],
    update: () => [write],
    delete: () => [
      {
        kind: 'run',
        file: 'rm',
        args: ['-f', ...Object.values(filesOf(folder, spec.name)).filter((file) => !file.endsWith('.key'))],
        what: `removing ${path}`,
      },
    ],
  };
};

/** Options as a set: their order, what fstab and the kernel add, and where the log is make no difference. */
const optionSet = (words: readonly string[]): string =>
  words
    .flatMap((word) => word.split(','))
    .filter(
      (word) =>
        word !== '' &&
        !/^(-o|rw|dev|suid|nodev|nosuid|exec|noexec|_netdev|nofail|x-systemd\..*|(--)?log-?file=.*)$/.test(word),
    )
    .sort()
    .join(' ');

/** How the command line of a running daemon differs from the one we would start; undefined: no such process is seen. */
const runningOtherwise = async (
  { shell }: Pick<ReadContext, 'shell'>,
  spec: MountSpec,
  wanted: readonly string[],
): Promise<boolean | undefined> => {
  // The youngest: the daemon of a mount that was taken away may take its time to end.
  const { stdout } = await shell.run('ps', ['-e', '-ww', '--sort=start_time', '-o', 'args=']);
  const found = stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .findLast(
      ([program, ...args]) =>
        program?.split('/').at(-1) === ENGINE[spec.engine].program && args.includes(spec.directory),
    );
  return found === undefined ? undefined : optionSet(found.slice(1)) !== optionSet(wanted);
};

/**
 * Whether the key was changed since the mount was made; one that is mounted by fstab or systemd took the key at boot.
 */
const isNewer = async (
  context: Pick<ReadContext, 'shell' | 'files'>,
  { credentials }: Pick<MountSpec, 'credentials'>,
  mounted: string,
): Promise<boolean> => {
  if (credentials.kind !== 'file') return false;
  const there = await Promise.all([mounted, credentials.path].map((path) => context.files.stat(path)));
  return (
    there.every((stat) => stat !== undefined) && (await newerThan(context, mounted, [credentials.path])).length > 0
  );
};

export const mountCall = (spec: MountSpec, version: string | undefined, folder: string): RunCall => {
  const { log, mounted, key } = filesOf(folder, spec.name);
  const fresh = spec.credentials.kind === 'file' && spec.credentials.path === key ? key : '';
  return {
    kind: 'run',
    file: 'sh',
    args: ['-c', mountScript, 'mount', spec.directory, log, mounted, fresh, ...mountCommand(spec, version, log)],
    what: `can't mount ${spec.bucket} at ${spec.directory}`,
  };
};

/**
 * @param how `lazily` detaches it where it is busy; `abort` also ends those who wait for a daemon that answers nothing.
 */
export const unmountCall = (directory: string, how?: 'lazily' | 'abort'): RunCall => ({
  kind: 'run',
  file: 'sh',
  args: [
    '-c',
    unmountScript,
    'umount',
    directory,
    ...(how === undefined ? [] : how === 'abort' ? ['-l', '-a'] : ['-l']),
  ],
  what: `can't unmount ${directory}`,
});

/** Slot of the mount's line in mountinfo: another one after each mounting. */
export const IDENTITY = 'mount/identity';

export interface MountStep {
  readonly folder: string;
  /** A name nobody has. */
  readonly nonce: string;
  /** This machine, as `machineOf` gives it. */
  readonly machine?: string | undefined;
  /** Replace the user's key though it may be another machine's. */
  readonly replaceKey?: boolean;
  /** For a removal: detach it even where it is busy or hangs. */
  readonly lazily?: boolean;
}

/** Of a mount that works: it is unmounted only when nobody uses it. */
const OPTIONS: Difference = { field: 'options', is: 'others than those it runs with' };
const KEY: Difference = { field: 'key', is: 'newer than the mount' };

const REFUSED =
  'see to the key, its policy and the bucket policy: "hybridctl s3 mount" with the same flags makes both anew';

/** Five seconds: who acts on the answer must not take a busy machine for a daemon that hangs. */
const PATIENT_TURNS = 250;

/**
 * The mount itself. One that is dead is taken away lazily and made anew; so is one that runs with other options, but
 * never lazily.
 */
export const mountStep = (spec: MountSpec, { folder, nonce, lazily = false }: MountStep): Step => {
  const version = (values: ReadContext['values']): string | undefined =>
    values.has(VERSION) ? values(VERSION) : undefined;
  const paths = filesOf(folder, spec.name);
  return {
    key: 'mount',
    title: `${spec.bucket} at ${spec.directory}`,
    async read(context): Promise<ReadResult> {
      const { values } = context;
      refuseWhatItCant(spec, version(values));
      const { state, mounted, why } = await lookAtMount(context, spec.directory, nonce, undefined, PATIENT_TURNS);
      if (mounted === undefined) return { state: 'absent' };
      const found = { id: spec.directory, owned: true, outputs: { [IDENTITY]: mounted.identity } };
      if (state === 'other') return { state: 'absent' };
      if (state === 'dead' || state === 'hung')
        return { state: 'differs', found, differences: [{ field: 'mount', is: why! }] };
      if (!values.has(VERSION)) return { state: 'ready', found };
      // Its own log file and what the kernel adds aside.
      const otherwise =
        (await runningOtherwise(context, spec, ENGINE[spec.engine].args(spec, version(values), paths.log))) === true;
      const key = await isNewer(context, spec, paths.mounted);
      const trouble = state === 'ok' ? [] : [why!];
      // A new key is not known everywhere at once; later, only a person can see to what S3 refuses.
      if (state === 'refused' && !otherwise && !key)
        return values.created('mount')
          ? { state: 'pending', found, why: why! }
          : { state: 'differs', found, differences: [{ field: 'mount', is: why!, fixable: false, next: REFUSED }] };
      const differences = [
        ...(otherwise ? [OPTIONS] : []),
        ...(key ? [KEY] : []),
        ...trouble.map((is) => ({ field: 'mount', is })),
      ];
      return otherwise || key
        ? { state: 'differs', found, differences }
        : { state: 'ready', found: { ...found, notes: trouble } };
    },
    create: (values) => [mountCall(spec, version(values), folder)],
    update: (values, _found, differences) => [
      unmountCall(
        spec.directory,
        differences.some(({ field }) => field === OPTIONS.field || field === KEY.field) ? undefined : 'abort',
      ),
      mountCall(spec, version(values), folder),
    ],
    delete: () => [unmountCall(spec.directory, lazily ? 'lazily' : undefined)],
    // The engine's own tries to reach S3 come first.
    timeoutMs: 30_000,
  };
};

/** Names begin so; a leftover is harmless and is removed by the next proof. */
const PROBE = '.hybridctl-probe-';

/**
 * A small object through the mount, seen by the API, and away again: once for each mounting. Where the mount can only
 * be read it comes from the API and is read through the mount.
 */
export const proofStep = (spec: MountSpec, { folder, nonce }: MountStep): Step => {
  const { proven } = filesOf(folder, spec.name);
  const Key = `${PROBE}${spec.name}`;
  const file = `${spec.directory}/${Key}`;
  const probe = (verb: 'write' | 'read' | 'remove', mark = ''): RunCall => ({
    kind: 'run',
    file: 'sh',
    args: ['-c', probeScript, 'probe', verb, file, nonce, mark],
    what: `${verb === 'read' ? 'reading' : verb === 'write' ? 'writing' : 'removing'} a probe object through ${spec.directory}`,
  });
  return {
    key: 'proof',
    title: 'proof by a probe object',
    needs: ['mount', IDENTITY],
    async read({ aws, files, values }): Promise<ReadResult> {
      const { Contents = [] } = await aws.ask('s3', 'ListObjectsV2', { Bucket: spec.bucket, Prefix: Key });
      // One that this run did not write is a leftover of a run that was killed: it is removed, and the proof done anew.
      const there = values.created('proof') && Contents.some((one) => one.Key === Key && one.Size === nonce.length);
      const found = { id: Key, owned: true };
      if (there)
        return { state: 'differs', found, differences: [{ field: 'probe object', is: 'written, and seen by S3' }] };
      if (!values.created('proof') && Contents.some((one) => one.Key === Key)) return { state: 'absent' };
      const known = (await files.read(proven))?.trim() === values(IDENTITY);
      return known ? { state: 'ready', found } : { state: 'absent' };
    },
    create: () =>
      spec.readOnly ? [api('s3', 'PutObject', { Bucket: spec.bucket, Key, Body: nonce })] : [probe('write')],
    after: () =>
      spec.readOnly
        ? [`cat ${file}`, `aws s3api delete-object --bucket ${spec.bucket} --key ${Key}`]
        : [`aws s3api head-object --bucket ${spec.bucket} --key ${Key}`, `rm ${file}`],
    update: () =>
      spec.readOnly
        ? [probe('read', proven), api('s3', 'DeleteObject', { Bucket: spec.bucket, Key })]
        : [probe('remove', proven)],
    // Of a proof that broke off: through the API, for the mount may be what is broken.
    delete: () => [api('s3', 'DeleteObject', { Bucket: spec.bucket, Key })],
    timeoutMs: 30_000,
  };
};
