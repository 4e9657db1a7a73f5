import { defineCommand, FLAG, text, type Raw } from '../../lib/core/command.ts';
import { failure, usageError } from '../../lib/core/errors.ts';
import { bytes } from '../../lib/domain/amount.ts';
import { benchMount, type BenchRow } from '../../lib/procedures/s3/bench.ts';
import { lookAtMount } from '../../lib/procedures/s3/look.ts';
import { canonical, definitionAt, nonceOf, STATE, stateOf } from './shared.ts';

interface Options {
  readonly directory: string;
  readonly state: string;
  readonly profile: string | undefined;
  /** MiB. */
  readonly size: number;
  readonly files: number;
  readonly parallel: number;
}

interface Bench {
  readonly directory: string;
  readonly rows: readonly BenchRow[];
}

const count = (raw: Raw, name: string, least: number, most: number): number => {
  const value = text(raw, name) ?? '';
  const number = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most))
    throw usageError(`is a number from ${least} to ${most}`, { field: `--${name}` });
  return number;
};

export const bench = defineCommand<Options, Bench>({
  path: 's3 bench',
  summary: 'throughput and operations a second of a mount, beside bare requests to the same bucket',
  details:
    'One large file is written (until its close has returned) and read, then many small ones are made, looked at and removed: through the mount, and by the API with objects of 8 MiB in parallel. All of it is removed at the end, after Ctrl-C too. Takes what the requests cost.',
  args: [{ name: '<dir>', summary: 'mount point' }],
  flags: [
    { flags: '--size <MiB>', summary: 'of the large file', default: '64' },
    { flags: '--files <number>', summary: 'small files, of 4 KiB', default: '200' },
    { flags: '--parallel <number>', summary: 'at once', default: '8' },
    STATE,
    FLAG.profile,
  ],
  examples: [
    { line: 'sudo hybridctl s3 bench /mnt/logs', why: 'what the mount costs against the API' },
    { line: 'sudo hybridctl s3 bench /mnt/logs --size 1024 --files 5000 --json', why: 'a longer one, as data' },
  ],
  parse: (raw) => ({
    directory: String(raw.args[0]),
    state: stateOf(raw),
    profile: text(raw, 'profile'),
    size: count(raw, 'size', 1, 10_240),
    files: count(raw, 'files', 1, 100_000),
    parallel: count(raw, 'parallel', 1, 64),
  }),

  async run({ state, profile, size, files, parallel, ...given }, ports) {
    const spec = await definitionAt(ports, state, await canonical(ports, given.directory));
    const nonce = nonceOf(ports);
    const { state: stands, why } = await lookAtMount(ports, spec.directory, nonce);
    if (stands !== 'ok') throw failure(`${spec.directory}: ${why}`, { field: 'directory', next: 'hybridctl s3 heal' });
    const aws = await ports.aws({ region: spec.region, profile, ...(spec.url === null ? {} : { s3Url: spec.url }) });
    const rows = await benchMount(
      spec,
      { size: size * 2 ** 20, files, parallel, nonce },
      { aws, load: await ports.fileLoad(), clock: ports.clock, signal: ports.signal, progress: ports.progress },
    );
    return { result: { directory: spec.directory, rows } };
  },

  human: ({ rows }, style) =>
    style.table(
      ['what', 'mount', 'raw', 'share'],
      rows.map(({ what, mount, raw }) => {
        const amount = (rate: number): string =>
          what === 'write' || what === 'read' ? `${bytes(rate)}/s` : `${rate.toFixed(rate < 10 ? 1 : 0)} /s`;
        return [what, amount(mount), amount(raw), `${Math.round((100 * mount) / raw)} %`];
      }),
    ),
});
