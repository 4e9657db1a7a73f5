import { failure } from '../../core/errors.ts';
import type { Call, Difference, ReadResult, Step, ReadContext, WriteCall } from '../../core/procedure.ts';
import { isOpenToOthers, octal } from '../../domain/file-mode.ts';
import type { RenderedFile } from '../../render/types.ts';
import {
  FRR,
  readSettings,
  RELAY,
  SCRIPT,
  settingsOf,
  stampOf,
  SYSCTL,
  unitsOf,
  WATCH,
  type HostBox,
  type TunnelInterface,
} from './box.ts';
import { RELAY_TABLE, RELAY_UNIT } from '../../domain/relay.ts';
import { afterLoading, credentialStep } from './credentials.ts';
import { daemonOf, frrCall, restartCalls, run, stamp, startCalls, watchCall, watchRuns } from './daemon.ts';
import { hasTable, newerThan, newerThanLoaded } from './running.ts';

const ready = (id: string): ReadResult => ({ state: 'ready', found: { id, owned: true } });
const differs = (id: string, differences: readonly Difference[]): ReadResult =>
  differences.length === 0 ? ready(id) : { state: 'differs', found: { id, owned: true }, differences };

const CONTENT = 'content';

const fileStep = ({ path, content, mode, what }: RenderedFile): Step => {
  const write: WriteCall = { kind: 'write', secret: !isOpenToOthers(mode), file: { path, content, mode } };
  return {
    key: `file${path}`,
    title: `${what} ${path}`,
    async read({ files }) {
      const [before, stat] = await Promise.all([files.read(path), files.stat(path)]);
      if (before === undefined || stat === undefined) return { state: 'absent' };
      // Read as text it could not be put back byte for byte.
      if (before !== content && before.includes('\ufffd'))
        throw failure(`${path} is no UTF-8 text, so it could not be put back as it was`, {
          next: 'move it out of the way first',
        });
      return differs(path, [
        ...(before === content ? [] : [{ field: CONTENT }]),
        ...(stat.mode === mode ? [] : [{ field: 'mode', is: octal(stat.mode), wanted: octal(mode) }]),
      ]);
    },
    create: () => [write],
    // What the old script made only the old script takes away.
    update: (_values, _found, differences) =>
      path === SCRIPT && differences.some(({ field }) => field === CONTENT) ? [run(SCRIPT, 'down'), write] : [write],
  };
};

const settingsStep = (box: HostBox): Step => ({
  key: 'settings',
  title: `kernel settings of ${box.device}`,
  async read(context) {
    const now = await readSettings(box, context);
    // A setting that this kernel does not have can't be wrong.
    return differs(
      'sysctl',
      settingsOf(box).flatMap(({ key, value }) =>
        now.has(key) && now.get(key) !== value ? [{ field: key, is: now.get(key)!, wanted: value }] : [],
      ),
    );
  },
  create: () => [],
  update: () => [run('sysctl', '-q', '-e', '-p', SYSCTL)],
});

const unitsStep = (box: HostBox): Step => {
  const units = [...unitsOf(box), daemonOf(box).unit];
  return {
    key: 'units',
    title: 'start at boot',
    async read({ shell }) {
      const lacking: Difference[] = [];
      for (const unit of units) {
        if ((await shell.run('systemctl', ['is-enabled', '--quiet', unit])).exitCode !== 0)
          lacking.push({ field: unit, is: 'not enabled' });
        else if (
          (await shell.run('systemctl', ['show', '-p', 'NeedDaemonReload', '--value', unit])).stdout.trim() === 'yes'
        )
          lacking.push({ field: unit, is: 'newer than what systemd has read' });
      }
      return differs(units.join(' '), lacking);
    },
    create: () => [],
    update: () => [run('systemctl', 'daemon-reload'), run('systemctl', 'enable', ...units)],
  };
};

const isActive = async ({ shell }: Pick<ReadContext, 'shell'>, unit: string): Promise<boolean> =>
  (await shell.run('systemctl', ['is-active', '--quiet', unit])).exitCode === 0;

/** Something that a program makes of a file. */
interface LoadedFrom {
  readonly key: string;
  readonly title: string;
  readonly file: string;
  /** Says when a run of ours had it loaded. */
  readonly mark: string;
  readonly calls: readonly Call[];
  /** Whether it is there now. */
  runs(context: ReadContext): Promise<boolean>;
}

const loadedFrom = ({ key, title, file, mark, calls, runs }: LoadedFrom): Step => ({
  key,
  title,
  async read(context) {
    if (!(await runs(context))) return differs(file, [{ field: file, is: 'not loaded' }]);
    const stale = (await newerThanLoaded(context, mark, [file])).length > 0;
    return differs(file, stale ? [{ field: file, is: 'newer than what is loaded' }] : []);
  },
  create: () => [],
  update: () => [...calls, stamp(mark)],
});

const daemonStep = (box: HostBox): Step => {
  const daemon = daemonOf(box);
  const settings = box.files.filter(({ path }) => daemon.settings.test(path)).map(({ path }) => path);
  return {
    key: 'daemon',
    title: daemon.unit.replace('.service', ''),
    async read(context) {
      if (!(await daemon.answers(context))) return { state: 'absent' };
      const newer = await newerThan(context, daemon.socket, settings);
      return differs(
        daemon.unit,
        newer.map((path) => ({
          field: path,
          is: 'newer than the daemon: a restart takes all its tunnels down for a moment',
        })),
      );
    },
    create: () => startCalls(box, daemon),
    update: () => restartCalls(box, daemon),
  };
};

/** `ip -j addr` of one interface, of which we read this. */
interface Shown {
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly addr_info: readonly { readonly local: string; readonly address?: string }[];
}

const interfaceTroubles = async (
  { shell }: Pick<ReadContext, 'shell'>,
  { name, address, peer, mtu, rule }: TunnelInterface,
): Promise<readonly Difference[]> => {
  const { exitCode, stdout } = await shell.run('ip', ['-j', 'addr', 'show', 'dev', name]);
  if (exitCode !== 0) return [{ field: name, is: 'not there' }];
  const [shown] = JSON.parse(stdout) as readonly Shown[];
  const ruled =
    rule === undefined || (await shell.run('ip', ['rule', 'show', 'priority', String(rule)])).stdout.trim() !== '';
  return [
    ...(shown?.flags.includes('UP') === true ? [] : [{ field: name, is: 'down' }]),
    ...(shown?.addr_info.some((one) => one.local === address && one.address === peer) === true
      ? []
      : [{ field: name, wanted: `the address ${address} towards ${peer}` }]),
    ...(shown?.mtu === mtu ? [] : [{ field: `MTU of ${name}`, is: String(shown?.mtu), wanted: String(mtu) }]),
    ...(ruled ? [] : [{ field: name, wanted: `the rule of priority ${rule}` }]),
  ];
};

const CLAMP = '/etc/hybridctl/mss.nft';

export const scriptFiles = ({ files }: Pick<HostBox, 'files'>): readonly string[] =>
  files.filter(({ path }) => path === SCRIPT || path === CLAMP).map(({ path }) => path);

const tunnelsStep = (box: HostBox): Step => {
  const names = [...new Set(box.interfaces.map(({ name }) => name))];
  const mark = stampOf(box, 'tunnels');
  return {
    key: 'tunnels',
    title: names.length === 0 ? 'MSS clamp' : `tunnel interface ${names.join(', ')}, routes and MSS clamp`,
    async read(context) {
      const troubles = (await Promise.all(box.interfaces.map((one) => interfaceTroubles(context, one)))).flat();
      const stale = (await newerThanLoaded(context, mark, scriptFiles(box))).length > 0;
      const clamped = !scriptFiles(box).includes(CLAMP) || (await hasTable(context, 'hybridctl'));
      return differs(names.join(' ') || 'nft', [
        ...troubles,
        ...(clamped ? [] : [{ field: CLAMP, is: 'not loaded' }]),
        ...(stale ? [{ field: SCRIPT, is: 'newer than what it brought up' }] : []),
      ]);
    },
    create: () => [],
    update: () => [
      run(SCRIPT, 'up'),
      ...(box.systemd ? [run('systemctl', 'start', 'hybridctl-tunnels.service')] : []),
      stamp(mark),
    ],
  };
};

const peerOf = (name: string): string => `IKE association of ${name}`;

const connectionsStep = (box: HostBox): Step => {
  const daemon = daemonOf(box);
  const mark = stampOf(box, 'loaded');
  const paths = box.files.filter(({ path }) => daemon.connections.test(path)).map(({ path }) => path);
  // Begun once by a run: whether the peer agrees is not ours to wait for, and no reason to undo what is right here.
  let begun = false;
  const calls = (differences: readonly Difference[] = []): readonly Call[] => {
    begun = true;
    const unmet = box.begins.filter((name) => differences.some(({ field }) => field === peerOf(name)));
    // What is not loaded as it is written begins by being loaded.
    return unmet.length === differences.length && unmet.length > 0
      ? unmet.map(daemon.begin)
      : [
          ...daemon.load(box),
          ...afterLoading(
            box,
            differences.map(({ field }) => field),
          ),
          ...unmet.map(daemon.begin),
          stamp(mark),
        ];
  };
  return {
    key: 'connections',
    title: `connections ${box.tunnels.join(', ')}`,
    needs: ['daemon'],
    async read(context) {
      const { known, met } = await daemon.names(context);
      const lacking = box.tunnels.filter((name) => !known.includes(name));
      if (lacking.length === box.tunnels.length) return { state: 'absent' };
      // A daemon that started after the files were written has read them itself, at boot; a stamp of ours is later
      // still.
      const stale =
        (await newerThan(context, daemon.socket, paths)).length === 0 ? [] : await newerThan(context, mark, paths);
      // charon gives up for good where the peer answered that it knows no such connection, as one that is just starting
      // does.
      const unmet = begun ? [] : box.begins.filter((name) => !lacking.includes(name) && !met.includes(name));
      return differs(box.tunnels.join(' '), [
        ...lacking.map((name) => ({ field: name, is: 'not loaded' })),
        ...stale.map((path) => ({ field: path, is: 'newer than what is loaded' })),
        ...unmet.map((name) => ({ field: peerOf(name), is: 'missing, and charon does not try to establish it' })),
      ]);
    },
    create: () => calls(),
    update: (_values, _found, differences) => calls(differences),
  };
};

/**
 * Everything that makes a box of the site carry its tunnels, each thing looked at by itself. Nothing that is right is
 * touched: a tunnel that carries traffic is not restarted.
 */
export const upSteps = (box: HostBox): readonly Step[] => {
  const has = (path: string): boolean => box.files.some((file) => file.path === path);
  return [
    ...box.files.map(fileStep),
    ...(box.hasCa ? [credentialStep(box)] : []),
    settingsStep(box),
    ...(box.systemd ? [unitsStep(box)] : []),
    ...(has(RELAY)
      ? [
          loadedFrom({
            key: 'relay',
            title: 'probe relay',
            file: RELAY,
            mark: stampOf(box, 'relay'),
            calls: [box.systemd ? run('systemctl', 'restart', RELAY_UNIT) : run('nft', '-f', RELAY)],
            runs: async (context) =>
              (await hasTable(context, RELAY_TABLE)) && (!box.systemd || (await isActive(context, RELAY_UNIT))),
          }),
        ]
      : []),
    daemonStep(box),
    tunnelsStep(box),
    connectionsStep(box),
    ...(has(WATCH)
      ? [
          loadedFrom({
            key: 'watch',
            title: 'tunnel watch',
            file: WATCH,
            mark: stampOf(box, 'watch'),
            calls: [watchCall(box)],
            runs: (context) => watchRuns(box, context),
          }),
        ]
      : []),
    ...(has(FRR)
      ? [
          loadedFrom({
            key: 'frr',
            title: 'FRR',
            file: FRR,
            mark: stampOf(box, 'frr'),
            calls: [frrCall(box)],
            runs: async (context) => !box.systemd || (await isActive(context, 'frr.service')),
          }),
        ]
      : []),
  ];
};
