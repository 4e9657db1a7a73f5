import { failure, HybridError, partly, retold } from '../../core/errors.ts';
import type { ExecutionContext, PlannedStep, RunCall } from '../../core/procedure.ts';
import type { Applied } from '../kit/apply.ts';
import { execute } from '../kit/execute.ts';
import { FRR, readSettings, RELAY, SCRIPT, stampOf, unitsOf, WATCH, type HostBox, type Where } from './box.ts';
import { daemonOf, frrCall, restartCalls, run, stamp, stopCalls, watchCall } from './daemon.ts';
import { tunnelsAreUp } from './running.ts';

/** How the box was before a run changed it. One file, so that it is there whole or not at all; it holds keys. */
interface Before {
  readonly version: 1;
  /**
   * The run that wrote this did not come to its end: the next one finishes it, and what was there stays what it was
   * before.
   */
  readonly open: boolean;
  /** `content` null: there was no such file. */
  readonly files: readonly { readonly path: string; readonly content: string | null; readonly mode: number }[];
  /** Kernel settings by key. */
  readonly settings: Readonly<Record<string, string>>;
  readonly daemon: boolean;
  /** The tunnels script had been run. */
  readonly tunnels: boolean;
  /** Units that started at boot. */
  readonly enabled: readonly string[];
}

export const beforePath = ({ site, device }: Pick<HostBox, 'site' | 'device'>): string =>
  `/var/lib/hybridctl/${site}/${device}.before/before.json`;

const readBefore = async (box: HostBox, { files }: Where): Promise<Before | undefined> => {
  const text = await files.read(beforePath(box));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Before;
  } catch (error) {
    throw failure(`${beforePath(box)} is damaged`, {
      next: 'move it away; what was there before is then not known',
      cause: error,
    });
  }
};

const look = async (box: HostBox, where: Where): Promise<Before> => {
  const { shell, files } = where;
  const units = [...unitsOf(box), daemonOf(box).unit];
  const enabled: string[] = [];
  for (const unit of box.systemd ? units : [])
    if ((await shell.run('systemctl', ['is-enabled', '--quiet', unit])).exitCode === 0) enabled.push(unit);
  return {
    version: 1,
    open: true,
    files: await Promise.all(
      box.files.map(async ({ path }) => ({
        path,
        content: (await files.read(path)) ?? null,
        mode: (await files.stat(path))?.mode ?? 0,
      })),
    ),
    settings: Object.fromEntries(await readSettings(box, where)),
    daemon: await daemonOf(box).answers(where),
    tunnels: await tunnelsAreUp(box, where),
    enabled,
  };
};

const save = ({ files }: ExecutionContext, box: HostBox, before: Before): Promise<void> =>
  files.write([{ path: beforePath(box), content: `${JSON.stringify(before)}\n`, mode: 0o600 }]);

/**
 * Files that a run which broke off did not know of yet keep what they have now; for all others the first word counts.
 */
const merged = (first: Before, now: Before): Before => ({
  ...first,
  files: [...first.files, ...now.files.filter(({ path }) => !first.files.some((one) => one.path === path))],
});

/**
 * Saves how the box is, applies, and notes that it is done. A failure on the way puts back what was there.
 * @throws the failure, or `partly` (exit 5) where not all could be put back.
 */
export const keepingBefore =
  (box: HostBox) =>
  async (context: ExecutionContext, apply: () => Promise<Applied>): Promise<Applied> => {
    const earlier = await readBefore(box, context);
    const now = await look(box, context);
    const before = earlier?.open === true ? merged(earlier, now) : now;
    if (earlier?.open === true) {
      // A run that was killed while it wrote left its temp files, keys among them.
      const folders = [...new Set(box.files.map(({ path }) => path.replace(/\/[^/]*$/, '')))];
      await context.shell.run('find', [...folders, '-maxdepth', '1', '-name', '.*.hybridctl-tmp', '-delete']);
    }
    await save(context, box, before);
    try {
      const applied = await apply();
      await save(context, box, { ...before, open: false });
      return applied;
    } catch (thrown) {
      if (!(thrown instanceof HybridError)) throw thrown;
      context.progress('it failed; putting back what was there');
      // A Ctrl-C has ended everything that hears of it: putting back goes on without it.
      const left = await restore(box, { ...context, signal: new AbortController().signal }, before);
      if (left.length > 0)
        throw partly(`${thrown.message}; not all could be put back`, {
          cause: thrown,
          more: left,
          next: 'fix that, then "vpn up --rollback"',
        });
      throw retold(thrown, { more: [...thrown.more, 'what was there is put back'] });
    }
  };

/**
 * Carried out whatever fails: a box that is half put back is worse than one that lacks a program. @returns what failed
 */
const tryAll = async (calls: readonly RunCall[], context: ExecutionContext): Promise<readonly string[]> => {
  const left: string[] = [];
  for (const call of calls) await execute(call, context).catch((error: Error) => left.push(error.message));
  return left;
};

/** @returns what could not be done, a line each; where that is nothing, the record is gone too. */
const restore = async (box: HostBox, context: ExecutionContext, before: Before): Promise<readonly string[]> => {
  const daemon = daemonOf(box);
  const left: string[] = [];
  const carry = async (...calls: readonly RunCall[]): Promise<void> =>
    void left.push(...(await tryAll(calls, context)));
  const was = (path: string) => before.files.find((file) => file.path === path);
  const there = (path: string): boolean => typeof was(path)?.content === 'string';
  // What is as it was is not written: by its time the daemon would seem to be older than its settings.
  const changed = (
    await Promise.all(
      before.files.map(async (file) => ({
        ...file,
        same:
          ((await context.files.read(file.path)) ?? null) === file.content &&
          (file.content === null || (await context.files.stat(file.path))?.mode === file.mode),
      })),
    )
  ).filter(({ same }) => !same);
  const disabled = [...unitsOf(box), daemon.unit].filter((unit) => !before.enabled.includes(unit));

  // While the script that made the interface is still there.
  if ((await context.files.stat(SCRIPT)) !== undefined) await carry(run(SCRIPT, 'down'));
  if (box.systemd && disabled.length > 0) await carry(run('systemctl', 'disable', ...disabled));
  await context.files.write(
    changed.flatMap(({ path, content, mode }) => (content === null ? [] : [{ path, content, mode }])),
  );
  await carry(
    run(
      'rm',
      '-f',
      '--',
      ...before.files.filter(({ content }) => content === null).map(({ path }) => path),
      ...(['tunnels', 'loaded', 'relay', 'watch', 'frr'] as const).map((what) => stampOf(box, what)),
    ),
  );
  if (box.systemd) await carry(run('systemctl', 'daemon-reload'));
  await carry(...Object.entries(before.settings).map(([key, value]) => run('sysctl', '-q', '-w', `${key}=${value}`)));
  if (box.files.some(({ path }) => path === RELAY))
    await carry(
      there(RELAY)
        ? run('nft', '-f', RELAY)
        : run(
            'sh',
            '-c',
            'nft list table ip hybridctl_probe >/dev/null 2>&1 || exit 0; nft delete table ip hybridctl_probe',
          ),
    );
  if (!before.daemon) {
    if (await daemon.answers(context)) await carry(...stopCalls(box, daemon));
  } else {
    if (changed.some(({ path }) => daemon.settings.test(path))) await carry(...restartCalls(box, daemon));
    await awaitAnswer(box, context);
    if (before.tunnels && there(SCRIPT)) await carry(run(SCRIPT, 'up'));
    await carry(
      ...daemon.load({
        tunnels: box.tunnels.filter(() => before.tunnels),
        begins: box.begins.filter(() => before.tunnels),
        files: box.files.filter(({ path }) => there(path)),
      }),
    );
    if (before.tunnels && there(WATCH)) await carry(watchCall(box));
    if (there(FRR)) await carry(frrCall(box));
    const done = [
      ...(before.tunnels ? (['tunnels', 'loaded'] as const) : []),
      ...(there(RELAY) ? (['relay'] as const) : []),
      ...(before.tunnels && there(WATCH) ? (['watch'] as const) : []),
      ...(there(FRR) ? (['frr'] as const) : []),
    ];
    if (left.length === 0) for (const what of done) await execute(stamp(stampOf(box, what)), context);
  }
  if (left.length === 0) await carry(run('rm', '-rf', '--', beforePath(box).replace(/\/[^/]*$/, '')));
  return left;
};

/** A daemon that was restarted needs a moment until it hears. */
const awaitAnswer = async (box: HostBox, context: ExecutionContext): Promise<void> => {
  for (let tries = 0; tries < 100 && !(await daemonOf(box).answers(context)); tries += 1)
    await context.clock.sleep(100, context.signal);
};

const plannedOf = (now: string | null, { path, content }: Before['files'][number]): PlannedStep => ({
  key: `file${path}`,
  title: path,
  action: now === content ? 'keep' : content === null ? 'remove' : now === null ? 'make' : 'change',
  id: path,
  notes: now === content ? [] : [content === null ? 'was not there' : 'as it was'],
  cost: null,
});

/** What `vpn up --rollback` would do. @throws failure where no run of ours left a record. */
export const planRollback = async (box: HostBox, where: Where): Promise<readonly PlannedStep[]> => {
  const before = await readBefore(box, where);
  if (before === undefined)
    throw failure(`nothing is known of how ${box.device} was before`, {
      next: '"vpn up" saves it before its first change; a rollback uses it up',
    });
  return Promise.all(before.files.map(async (file) => plannedOf((await where.files.read(file.path)) ?? null, file)));
};

/** Puts back how the box was before the last run that changed it. @throws partly (exit 5) where not all could be. */
export const rollback = async (box: HostBox, context: ExecutionContext): Promise<void> => {
  const before = await readBefore(box, context);
  const left = before === undefined ? [] : await restore(box, context, before);
  if (left.length > 0) throw partly('not all could be put back', { more: left, next: 'fix that and run it again' });
};
