import { failure } from '../../core/errors.ts';
import type { Call, Difference, ReadResult, Step, WriteCall } from '../../core/procedure.ts';
import { lineDiff } from '../../domain/collectd/config.ts';
import { isOpenToOthers, octal } from '../../domain/file-mode.ts';
import { script } from './daemon.ts';

export interface HostFile {
  readonly path: string;
  readonly content: string;
  /** 0o600 for what holds a key: its content is shown nowhere. */
  readonly mode: 0o600 | 0o644;
}

const isSecret = ({ mode }: HostFile): boolean => !isOpenToOthers(mode);
const MOST_SHOWN = 12;

/** What changes in a file, line by line; of a secret one only that it does. */
const differences = (file: HostFile, before: string | undefined, mode: number | undefined): readonly Difference[] => {
  if (before === undefined) return [{ field: file.path, is: 'not there' }];
  const lines = isSecret(file) ? [] : lineDiff(before, file.content);
  return [
    ...(before === file.content
      ? []
      : [
          {
            field: file.path,
            detail: [
              ...lines.slice(0, MOST_SHOWN),
              ...(lines.length > MOST_SHOWN ? [`and ${lines.length - MOST_SHOWN} lines more`] : []),
            ],
          },
        ]),
    ...(mode === file.mode ? [] : [{ field: `mode of ${file.path}`, is: octal(mode ?? 0), wanted: octal(file.mode) }]),
  ];
};

/**
 * Files that belong together: shown as a difference before, tried by `trial`, then written beside and moved into place.
 * @param trial calls that fail where the files would not do.
 */
export const filesStep = (title: string, files: readonly HostFile[], trial: readonly Call[]): Step => {
  const calls = (): readonly Call[] => [
    ...trial,
    ...files.map(
      (file): WriteCall => ({
        kind: 'write',
        secret: isSecret(file),
        file: { path: file.path, content: file.content, mode: file.mode },
      }),
    ),
  ];
  return {
    key: 'files',
    title,
    async read(context): Promise<ReadResult> {
      const seen = await Promise.all(
        files.map(async (file) => {
          const [before, stat] = await Promise.all([context.files.read(file.path), context.files.stat(file.path)]);
          return { file, before, stat };
        }),
      );
      for (const { file, before } of seen)
        if (before?.includes('\ufffd') === true)
          throw failure(`${file.path} is no UTF-8 text, so it could not be put back as it was`, {
            next: 'move it out of the way first',
          });
      const found = seen.flatMap(({ file, before, stat }) => differences(file, before, stat?.mode));
      const id = files.map(({ path }) => path).join(' ');
      if (seen.every(({ before }) => before === undefined)) return { state: 'absent' };
      return found.length === 0
        ? { state: 'ready', found: { id, owned: true } }
        : { state: 'differs', found: { id, owned: true }, differences: found };
    },
    create: calls,
    update: calls,
  };
};

/**
 * Words by which collectd says that a configuration is none; it goes on after some of them, and `collectd -t` of 5.12
 * reads nothing at all.
 */
const TROUBLE =
  'Parsing the config file failed|Parse error|Could not find plugin|Error importing module|Invalid configuration option|Unable to load plugin';

/** Reads a configuration as collectd does, and once what it reads, beside the daemon that runs. */
export const trialCalls = (content: string): readonly Call[] => {
  const path = '/run/hybridctl/collectd-trial/collectd.conf';
  const folder = path.replace(/\/[^/]*$/, '');
  return [
    {
      kind: 'write',
      secret: false,
      file: { path, content: `BaseDir "${folder}"\nPIDFile "${folder}/pid"\nInterval 10\n${content}`, mode: 0o600 },
    },
    script(
      'the configuration, on trial',
      'PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; said=$(timeout 60 collectd -T -C "$1" 2>&1 || :); rm -rf "$2"; why=$(printf "%s\\n" "$said" | grep -E "$3" | head -n 1); [ -z "$why" ] || { echo "$why" >&2; exit 1; }',
      path,
      folder,
      TROUBLE,
    ),
  ];
};
