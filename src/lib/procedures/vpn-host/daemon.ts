import { failure } from '../../core/errors.ts';
import type { ReadContext, RunCall, WriteCall } from '../../core/procedure.ts';
import { LOCAL_CHARON } from '../../domain/sa.ts';
import type { LinuxDialect } from '../../domain/site.ts';
import { IMPORT_SCRIPT } from '../../render/linux/credentials.ts';
import { causeIn } from '../kit/execute.ts';
import { WATCH_UNIT } from '../../render/linux/watch.ts';
import { WATCH, type HostBox, type Where } from './box.ts';

export interface ConnectionNames {
  /** Loaded, or with a security association. */
  readonly known: readonly string[];
  /** With an IKE association, or about to have one. */
  readonly met: readonly string[];
}

/** How a dialect's daemon is asked and told. */
export interface Daemon {
  /** As packaged by Debian, Fedora and EPEL. */
  readonly unit: string;
  /** Made when the daemon starts: a setting that is newer was not read by it. */
  readonly socket: string;
  /** Files that are read at its start alone. */
  readonly settings: RegExp;
  /** Files that `load` reads. */
  readonly connections: RegExp;
  readonly start: readonly RunCall[];
  readonly stop: readonly RunCall[];
  answers(where: Where): Promise<boolean>;
  /** @throws failure where it does not answer. */
  names(where: Where): Promise<ConnectionNames>;
  /** Ends a connection's associations; none is no error. What is loaded stays. */
  end(name: string): RunCall;
  /** Has a connection authenticate anew, with what was loaded last; the old association carries until then. */
  renew?(name: string): RunCall;
  /** Has a connection begun that this end begins; its outcome is not waited for. */
  begin(name: string): RunCall;
  /** Loads what the files say. What is unchanged stays up. */
  load(box: Pick<HostBox, 'tunnels' | 'begins' | 'files'>): readonly RunCall[];
}

export const run = (file: string, ...args: readonly string[]): RunCall => ({ kind: 'run', file, args });

const ask = async ({ shell }: Where, file: string, args: readonly string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await shell.run(file, args, { timeoutMs: 20_000 });
  if (exitCode !== 0)
    throw failure(`${file} ${args.join(' ')}: ${causeIn(stderr)}`, {
      next: 'see the log of the daemon',
    });
  return stdout;
};

const namesIn = (text: string, line: RegExp): readonly string[] => [
  ...new Set([...text.matchAll(line)].map(([, name]) => name!)),
];

/** Where distributions keep a daemon that is no command. */
const CHARON =
  'for d in /usr/lib/ipsec /usr/libexec/ipsec /usr/libexec/strongswan /usr/lib/strongswan; do [ ! -x $d/charon ] || exec setsid -f $d/charon </dev/null >/dev/null 2>&1; done; echo "charon is not installed" >&2; exit 1';
/** Its end is waited for: a second charon would refuse to start beside it. */
const END_CHARON =
  'p=$(cat /var/run/charon.pid) && kill "$p" && for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do kill -0 "$p" 2>/dev/null || exit 0; sleep 0.5; done; exit 1';

const swanctl = ({ uri = LOCAL_CHARON }: Pick<HostBox, 'uri'>): Daemon => ({
  unit: 'strongswan.service',
  socket: uri.replace(/^unix:\/\//, ''),
  settings: /^\/etc\/strongswan\.d\//,
  connections: /^\/etc\/swanctl\//,
  start: [run('sh', '-c', CHARON)],
  stop: [run('sh', '-c', END_CHARON)],
  answers: async ({ shell }) =>
    (await shell.run('swanctl', ['--stats', '--uri', uri], { timeoutMs: 20_000 })).exitCode === 0,
  names: async (where) => {
    const loaded = namesIn(await ask(where, 'swanctl', ['--list-conns', '--uri', uri]), /^([A-Za-z0-9_.-]+): /gm);
    const met = namesIn(await ask(where, 'swanctl', ['--list-sas', '--uri', uri]), /^([A-Za-z0-9_.-]+): #\d+/gm);
    return { known: [...new Set([...loaded, ...met])], met };
  },
  begin: (name) => run('swanctl', '--initiate', '--child', name, '--timeout', '-1', '--uri', uri),
  end: (name) =>
    run(
      'sh',
      '-c',
      'swanctl --list-sas --ike "$@" | grep -q . || exit 0; swanctl --terminate --ike "$@" >/dev/null || ! swanctl --list-sas --ike "$@" | grep -q .',
      'sh',
      name,
      '--uri',
      uri,
    ),
  renew: (name) =>
    run(
      'sh',
      '-c',
      'swanctl --list-sas --ike "$@" | grep -q . || exit 0; swanctl --rekey --reauth --ike "$@" >/dev/null',
      'sh',
      name,
      '--uri',
      uri,
    ),
  load: ({ files }) => [
    run('swanctl', '--load-all', '--noprompt', '--uri', uri),
    // The first list that is still valid counts: one that was looked into earlier would hide what is revoked since.
    ...(files.some(({ path }) => path.startsWith('/etc/swanctl/x509crl/'))
      ? [run('swanctl', '--flush-certs', '--type', 'x509_crl', '--uri', uri)]
      : []),
  ],
});

/** 3: "not running", by the init scripts' convention. */
const ipsecAnswers = async ({ shell }: Where, ...args: readonly string[]): Promise<boolean> =>
  (await shell.run('ipsec', args, { timeoutMs: 20_000 })).exitCode === 0;

const starter: Daemon = {
  unit: 'strongswan-starter.service',
  socket: '/var/run/charon.ctl',
  settings: /^\/etc\/strongswan\.d\//,
  connections: /^\/etc\/ipsec\.(?:conf|secrets$|d\/(?:cacerts|certs|crls|private)\/)/,
  start: [run('ipsec', 'start')],
  stop: [run('ipsec', 'stop')],
  answers: (where) => ipsecAnswers(where, 'status'),
  names: async (where) => {
    const said = await ask(where, 'ipsec', ['statusall']);
    return {
      known: namesIn(said, /^\s*([A-Za-z0-9_.-]+)(?:\[\d+\]|\{\d+\})?:\s/gm),
      met: namesIn(said, /^\s*([A-Za-z0-9_.-]+)\[\d+\]:\s/gm),
    };
  },
  begin: (name) => run('ipsec', 'stroke', 'up-nb', name),
  end: (name) => run('sh', '-c', 'ipsec stroke down-nb "$1" || exit 0', 'sh', name),
  // "reload" also brings back what "vpn down" took from the daemon; "update" would think it is still there.
  load: ({ files }) => [
    ...(files.some(({ path }) => path.startsWith('/etc/ipsec.d/crls/'))
      ? // All of /etc/ipsec.d; then lists that were looked into earlier are forgotten, or they would count first.
        [run('ipsec', 'rereadall'), run('ipsec', 'purgecrls')]
      : [run('ipsec', 'rereadsecrets')]),
    run('ipsec', 'reload'),
  ],
};

const pluto: Daemon = {
  unit: 'ipsec.service',
  socket: '/run/pluto/pluto.ctl',
  settings: /^\/etc\/ipsec\.conf$/,
  connections: /^\/etc\/(?:ipsec\.d|hybridctl\/pki)\//,
  start: [run('ipsec', 'setup', 'start')],
  stop: [run('ipsec', 'setup', 'stop')],
  answers: (where) => ipsecAnswers(where, 'auto', '--status'),
  names: async (where) => {
    const said = await ask(where, 'ipsec', ['auto', '--status']);
    return {
      known: namesIn(said, /"([A-Za-z0-9_.-]+)(?:\/\d+x\d+)?"/g),
      met: namesIn(said, /#\d+: "([A-Za-z0-9_.-]+)(?:\/\d+x\d+)?"/g),
    };
  },
  begin: (name) => run('ipsec', 'auto', '--asynchronous', '--up', name),
  end: (name) => run('sh', '-c', 'ipsec auto --down "$1" || exit 0', 'sh', name),
  load: ({ tunnels, begins, files }) => [
    ...(files.some(({ path }) => path === `/${IMPORT_SCRIPT}`) ? [run(`/${IMPORT_SCRIPT}`)] : []),
    run('ipsec', 'auto', '--rereadsecrets'),
    ...tunnels.map((name) => run('ipsec', 'auto', '--replace', name)),
    ...begins.map(pluto.begin),
  ],
};

export const daemonOf = (box: Pick<HostBox, 'dialect' | 'uri'>): Daemon => {
  const daemons: Readonly<Record<LinuxDialect, Daemon>> = {
    swanctl: swanctl(box),
    'ipsec-conf': starter,
    libreswan: pluto,
    openswan: pluto,
  };
  return daemons[box.dialect];
};

/** Starts it, and at every boot where systemd runs. */
export const startCalls = ({ systemd }: Pick<HostBox, 'systemd'>, { unit, start }: Daemon): readonly RunCall[] =>
  systemd ? [run('systemctl', 'enable', '--now', unit)] : start;
export const stopCalls = ({ systemd }: Pick<HostBox, 'systemd'>, { unit, stop }: Daemon): readonly RunCall[] =>
  systemd ? [run('systemctl', 'stop', unit)] : stop;
export const restartCalls = (box: Pick<HostBox, 'systemd'>, daemon: Daemon): readonly RunCall[] =>
  box.systemd ? [run('systemctl', 'restart', daemon.unit)] : [...daemon.stop, ...daemon.start];

/** Starts the tunnel watch anew, from its script as it is now. */
export const watchCall = ({ systemd }: Pick<HostBox, 'systemd'>): RunCall =>
  systemd ? run('systemctl', 'restart', WATCH_UNIT) : run(WATCH, 'restart');

export const watchRuns = async (
  { systemd }: Pick<HostBox, 'systemd'>,
  { shell, files }: Pick<ReadContext, 'shell' | 'files'>,
): Promise<boolean> => {
  if ((await files.stat(WATCH)) === undefined) return false;
  const { exitCode } = systemd
    ? await shell.run('systemctl', ['is-active', '--quiet', WATCH_UNIT])
    : await shell.run(WATCH, ['status']);
  return exitCode === 0;
};

export const stamp = (path: string): WriteCall => ({
  kind: 'write',
  secret: false,
  file: { path, content: '', mode: 0o600 },
});

export const frrCall = ({ systemd }: Pick<HostBox, 'systemd'>): RunCall =>
  systemd ? run('systemctl', 'reload-or-restart', 'frr.service') : run('vtysh', '-b');
