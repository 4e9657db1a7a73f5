import { missing } from '../../core/errors.ts';
import type { ReadResult, RunCall, Step, ReadContext } from '../../core/procedure.ts';
import { octal } from '../../domain/file-mode.ts';
import { fstabLineAt, withFstabLine } from '../../domain/s3/mounts.ts';
import type { MountSpec } from '../../domain/s3/spec.ts';
import { bootUnit, fstabLine } from '../../render/s3/boot.ts';
import { ENGINE } from '../../render/s3/engines.ts';
import { VERSION } from './tool.ts';

export const FSTAB = '/etc/fstab';
/** Slot of fstab's text as it is now. */
const BEFORE = 'boot/fstab';
const FSTAB_MODE = 'boot/fstab-mode';

const systemctl = (...args: string[]): RunCall => ({ kind: 'run', file: 'systemctl', args });
const systemdRuns = async ({ files }: Pick<ReadContext, 'files'>): Promise<boolean> =>
  (await files.stat('/run/systemd/system')) !== undefined;
const versionIn = (values: ReadContext['values']): string | undefined =>
  values.has(VERSION) ? values(VERSION) : undefined;

/** A line of fstab; everything else in it stays as it is. */
const fstabStep = (spec: MountSpec): Step => {
  const write = (values: ReadContext['values'], line: string | undefined) => ({
    kind: 'write' as const,
    secret: false,
    file: {
      path: FSTAB,
      content: withFstabLine(values.has(BEFORE) ? values(BEFORE) : '', spec.directory, line),
      mode: values.has(FSTAB_MODE) ? Number.parseInt(values(FSTAB_MODE), 8) : 0o644,
    },
  });
  const line = (values: ReadContext['values']): string => fstabLine(spec, versionIn(values));
  return {
    key: 'boot',
    title: `line of ${FSTAB}`,
    async read({ files, values }): Promise<ReadResult> {
      const [text = '', stat] = [await files.read(FSTAB), await files.stat(FSTAB)];
      const outputs = { [BEFORE]: text, ...(stat === undefined ? {} : { [FSTAB_MODE]: octal(stat.mode) }) };
      const before = fstabLineAt(text, spec.directory);
      if (before === undefined) return { state: 'absent', outputs };
      const found = { id: FSTAB, owned: / fuse\.s3fs /.test(before), outputs };
      if (!found.owned)
        return {
          state: 'differs',
          found,
          differences: [
            { field: spec.directory, is: `there for something else: ${before.split(/\s+/).slice(0, 3).join(' ')}` },
          ],
        };
      return !values.has(VERSION) || before === line(values)
        ? { state: 'ready', found }
        : { state: 'differs', found, differences: [{ field: 'options' }] };
    },
    create: (values) => [write(values, line(values))],
    update: (values) => [write(values, line(values))],
    delete: (values) => [write(values, undefined)],
  };
};

/** A unit of systemd: a mount unit for s3fs, a service for the engines that fstab does not know. */
const unitStep = (spec: MountSpec, program: string): Step => {
  const unit = (values: ReadContext['values']) => bootUnit(spec, versionIn(values), program);
  const install = (values: ReadContext['values']) => {
    const { name, path, content } = unit(values);
    return [
      { kind: 'write' as const, secret: false, file: { path, content, mode: 0o644 } },
      systemctl('daemon-reload'),
      systemctl('enable', name),
    ];
  };
  return {
    key: 'boot',
    title: `unit ${bootUnit(spec, undefined, program).name}`,
    async read(context): Promise<ReadResult> {
      const { name, path, content } = unit(context.values);
      const before = await context.files.read(path);
      if (before === undefined) {
        if (!(await systemdRuns(context)))
          throw missing('systemd does not run here', {
            field: '--boot',
            next:
              spec.engine === 's3fs'
                ? 'use --boot fstab'
                : 'start it from what starts things here, by "hybridctl s3 heal"',
          });
        return { state: 'absent' };
      }
      const enabled = (await context.shell.run('systemctl', ['is-enabled', '--quiet', name])).exitCode === 0;
      const differences = [
        ...(context.values.has(VERSION) && before !== content ? [{ field: 'content' }] : []),
        ...(enabled ? [] : [{ field: 'unit', is: 'not enabled' }]),
      ];
      const found = { id: name, owned: before.startsWith('# Written by "hybridctl s3 mount') };
      return differences.length === 0 ? { state: 'ready', found } : { state: 'differs', found, differences };
    },
    create: install,
    update: install,
    delete: (values, id) => [
      systemctl('disable', '--now', id),
      { kind: 'run', file: 'rm', args: ['-f', unit(values).path] },
      systemctl('daemon-reload'),
    ],
  };
};

/** What mounts it again at boot. @param program absolute path of the engine's program */
export const bootSteps = (
  spec: MountSpec,
  program: string = `/usr/bin/${ENGINE[spec.engine].program}`,
): readonly Step[] =>
  spec.boot === 'none' ? [] : spec.boot === 'fstab' ? [fstabStep(spec)] : [unitStep(spec, program)];
