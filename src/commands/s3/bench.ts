import { defineCommand } from '../../lib/core/define.ts';
import { failure } from '../../lib/core/errors.ts';
import { flag } from '../../lib/core/flags.ts';
import { count } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { bytes } from '../../lib/domain/amount.ts';
import { benchMount } from '../../lib/procedures/s3/bench.ts';
import { lookAtMount } from '../../lib/procedures/s3/look.ts';
import { FLAG } from '../flags.ts';
import { definitionAt, MOUNT_POINT, nonceOf, STATE } from './shared.ts';

export const bench = defineCommand({
  path: 's3 bench',
  summary: 'measure throughput and operations per second of a mount, beside bare requests to the same bucket',
  details:
    'One large file is written (until its close has returned) and read, then many small ones are made, looked at and removed: through the mount, and by the API with objects of 8 MiB in parallel. All of it is removed at the end, after Ctrl-C too. Takes what the requests cost.',
  args: MOUNT_POINT,
  flags: {
    size: flag(count({ from: 1, to: 10_240, placeholder: 'MiB' }), 'of the large file', { default: '64' }),
    files: flag(count({ from: 1, to: 100_000 }), 'small files, of 4 KiB', { default: '200' }),
    parallel: flag(count({ from: 1, to: 64 }), 'at once', { default: '8' }),
    state: STATE,
    profile: FLAG.profile,
  },
  examples: [
    { line: 'sudo hybridctl s3 bench /mnt/logs', why: 'what the mount costs against the API' },
    { line: 'sudo hybridctl s3 bench /mnt/logs --size 1024 --files 5000 --json', why: 'a longer one, as data' },
  ],

  async run({ state, profile, size, files, parallel, directory }, ports) {
    const spec = await definitionAt(ports, state, directory);
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

  json: jsonShape(1, async () => (await import('./json.ts')).s3Bench),
  data: (result) => result,
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
