import { defineCommand } from '../../lib/core/define.ts';
import { EXIT } from '../../lib/core/errors.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { engineOf } from '../../lib/domain/s3/mounts.ts';
import { lookAtMount, mountsOf, type MountState } from '../../lib/procedures/s3/look.ts';
import { canonical, definitions, DIRECTORY, nonceOf, STATE } from './shared.ts';

interface MountView {
  readonly directory: string;
  /** null: somebody else's mount, of which only the kernel knows. */
  readonly name: string | null;
  readonly bucket: string | null;
  readonly engine: string;
  readonly state: MountState;
  /** In the kernel's words, where it is not ok. */
  readonly why: string | null;
  readonly boot: string | null;
}

export const status = defineCommand({
  path: 's3 status',
  summary: 'show every mounted bucket: alive, dead, hanging, refused, or cut off from S3',
  details:
    'Within a second, whatever state they are in: each mount is asked by a child that nobody waits for. Buckets that others mounted are shown too. Exit code 1 where any is not ok.',
  args: DIRECTORY,
  flags: { state: STATE },
  examples: [
    { line: 'hybridctl s3 status', why: 'all of them' },
    { line: 'hybridctl s3 status /mnt/logs --json', why: 'one, for a check from outside' },
  ],

  async run({ state, directory }, ports) {
    const [specs, mounts] = await Promise.all([definitions(ports, state), mountsOf(ports)]);
    const only = directory === undefined ? undefined : await canonical(ports, directory);
    const foreign = mounts
      .filter(
        (mounted) => engineOf(mounted) !== undefined && !specs.some((spec) => spec.directory === mounted.directory),
      )
      .map((mounted) => mounted.directory);
    const wanted =
      only === undefined ? [...new Set([...specs.map((spec) => spec.directory), ...foreign])].sort() : [only];
    const nonce = nonceOf(ports);
    const views = wanted.map(async (one): Promise<MountView> => {
      const look = await lookAtMount(ports, one, nonce, mounts);
      const spec = specs.find((known) => known.directory === one);
      const engine = spec?.engine ?? (look.mounted === undefined ? undefined : engineOf(look.mounted)) ?? '-';
      return {
        directory: one,
        name: spec?.name ?? null,
        bucket: spec?.bucket ?? null,
        engine,
        state: look.state,
        why: look.why,
        boot: spec?.boot ?? null,
      };
    });
    const result = { mounts: await Promise.all(views) };
    return { result, exit: result.mounts.every((view) => view.state === 'ok') ? EXIT.ok : EXIT.failed };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).s3Status),
  data: (result) => result,
  human: ({ mounts }, style) =>
    mounts.length === 0
      ? 'no bucket is mounted'
      : style.table(
          ['directory', 'bucket', 'engine', 'state', 'boot', 'why'],
          mounts.map(({ directory, bucket, engine, state, boot, why }) => [
            directory,
            bucket ?? '-',
            engine,
            state === 'ok' ? style.good(state) : style.bad(state),
            boot ?? '-',
            why ?? '-',
          ]),
        ),
});
