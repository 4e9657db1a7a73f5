import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failure, type HybridError, interrupted, missing, usageError } from '../core/errors.ts';
import type { Machine, SshOptions } from '../core/machine.ts';
import type { Files, Shell, ShellOptions, ShellResult } from '../core/ports.ts';
import { octal } from '../domain/file-mode.ts';
import { shellWord } from '../domain/shell.ts';
import { shell as here } from './shell.ts';
import { ABSENT, askerOf, FOLDER } from './ssh-read.ts';
import { viciBySsh } from './ssh-vici.ts';

/** ssh's own (ssh(1), EXIT STATUS). */
const SSH_FAILED = 255;
/** ssh itself gives up after 10 s to connect and, once connected, after three answers missed in 15 s. */
const PATIENCE = ['ConnectTimeout=10', 'ServerAliveInterval=5', 'ServerAliveCountMax=3'];
/** The connection that all calls share ends by itself when we were killed and nobody used it for this long, s. */
const PERSIST_S = 60;

/** At once; below sshd's MaxSessions of 10, above which it refuses and ssh would log in anew for each. */
const SESSIONS = 6;

/** Debian and RHEL keep ip, nft and sysctl where a session that is no login does not look. */
const PATH = 'PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; export PATH';

/**
 * Several files, each whole or not at all, from standard input one after another: names, modes and sizes are arguments,
 * contents never. Every temp file is complete before the first rename. $1 is a word for the temp files' names.
 */
const WRITE = `
id=$1; shift; umask 077
each() { f=$1; shift; n=0; while [ $# -gt 0 ]; do n=$((n+1)); d=$(dirname -- "$1"); t="$d/.$id.$n.hybridctl-tmp"; "$f" "$1" "$2" "$3" || exit; shift 3; done; }
check() { [ ! -d "$1" ] || { printf %s "$1" >&2; exit ${FOLDER}; }; }
place() { case $2 in *00) mkdir -p -- "$d";; *) (umask 022; mkdir -p -- "$d");; esac && head -c "$3" > "$t" && [ "$(wc -c < "$t")" -eq "$3" ] && chmod "$2" "$t" && { sync "$t" 2>/dev/null || sync; }; }
move() { mv -f -- "$t" "$1"; }
drop() { rm -f -- "$t"; }
trap 'status=$?; each drop "$@"; exit $status' EXIT
each check "$@"; each place "$@"; each move "$@"`;

/**
 * `user@host`, `user@host:port`, `user@[2001:db8::1]:port`. @throws usage error on anything else: a word that begins
 * with `-` would be an option.
 */
const parseTarget = (target: string): { readonly login: string; readonly port: readonly string[] } => {
  const match =
    /^([a-z_][a-z0-9_.-]{0,31})@(?:([A-Za-z0-9][A-Za-z0-9.-]{0,252})|\[([0-9A-Fa-f:.]+)\])(?::(\d{1,5}))?$/i.exec(
      target,
    );
  const port = Number(match?.[4] ?? 22);
  if (match === null || port < 1 || port > 65_535)
    throw usageError('is not user@host or user@host:port', {
      field: '--host',
      next: 'write it like admin@203.0.113.11 or root@gw-1:2222',
    });
  return { login: `${match[1]}@${match[2] ?? match[3]}`, port: match[4] === undefined ? [] : ['-p', match[4]] };
};

/** A path inside an -o option: ssh expands % and splits at blanks. */
const optionPath = (path: string, field: string): string => {
  if (/["\n\\%]/.test(path))
    throw usageError('has a character that ssh would not take as it is', {
      field,
      next: 'copy the file to a plain path',
    });
  return `"${path}"`;
};

const explain = (name: string, stderr: string): HybridError => {
  const said = stderr
    .trim()
    .split('\n')
    .filter((line) => line !== '');
  const more = said.slice(-3).map((line) => line.trim().slice(0, 200));
  if (/IDENTIFICATION HAS CHANGED/.test(stderr))
    return missing(`the host key of ${name} is not the one that is known: another machine, or somebody between`, {
      more,
      next: 'find out why before you take the new key into known_hosts',
    });
  if (/host key is known|Host key verification failed/i.test(stderr)) {
    return missing(`the host key of ${name} is not known`, {
      more,
      next: 'compare its fingerprint (ssh-keygen -lf on the host, or the console output), then add it with ssh-keyscan, and give --known-hosts',
    });
  }
  if (/Permission denied|Too many authentication failures/.test(stderr))
    return missing(`${name} does not let us in`, { more, next: 'give --identity, or load the key into ssh-agent' });
  return missing(`${name} can't be reached by ssh`, {
    more,
    next: `check the address, the port and the security group; then: ssh ${name.replace(/:(\d+)$/, ' -p $1')}`,
  });
};

/**
 * A machine at the other end of the system's own ssh. One connection serves all calls. Not as root, everything goes by
 * `sudo -n`. Host keys are checked always, and nobody is asked anything.
 *
 * @throws exit 4 where it can't be reached, its host key is not known, it does not let us in, or sudo asks for a
 * password.
 */
export const connectSsh = async ({ target, identity, knownHosts, signal }: SshOptions): Promise<Machine> => {
  const { login, port } = parseTarget(target);
  // Every call under way listens; Node warns of more than ten, which several machines at once are.
  if (signal !== undefined) setMaxListeners(0, signal);
  // Nobody else may speak through our connection: the folder is 0700 from its creation.
  const folder = await mkdtemp(join(tmpdir(), 'hybridctl-ssh-'));
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'ForwardAgent=no',
    'ForwardX11=no',
    'LogLevel=ERROR',
    ...PATIENCE,
    'ControlMaster=auto',
    `ControlPath=${folder}/c`,
    `ControlPersist=${PERSIST_S}`,
    ...(knownHosts === undefined
      ? []
      : [`UserKnownHostsFile=${optionPath(knownHosts, '--known-hosts')}`, 'GlobalKnownHostsFile=/dev/null']),
    ...(identity === undefined ? [] : ['IdentitiesOnly=yes']),
  ];
  const common = [
    ...options.flatMap((option) => ['-o', option]),
    ...(identity === undefined ? [] : ['-i', identity]),
    ...port,
    '-T',
    login,
  ];

  const close = async (): Promise<void> => {
    await here
      .run('ssh', ['-o', `ControlPath=${folder}/c`, '-O', 'exit', login], { timeoutMs: 5_000 })
      .catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  };

  let elevate: readonly string[] = [];
  let turns = Array.from({ length: SESSIONS }, (): Promise<unknown> => Promise.resolve());
  /** Arguments of ssh: a script for the far side's sh, whatever shell the login has. */
  const words = (text: string, args: readonly string[]): readonly string[] => [
    ...common,
    '--',
    [...elevate, 'sh', '-c', text, 'sh', ...args].map(shellWord).join(' '),
  ];
  const script = async (text: string, args: readonly string[], given: ShellOptions = {}): Promise<ShellResult> => {
    const { input, timeoutMs, signal: own = signal } = given;
    const [turn = Promise.resolve(), ...others] = turns;
    const call = turn.then(() =>
      here.run('ssh', words(text, args), {
        ...(input === undefined ? {} : { input }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(own === undefined ? {} : { signal: own }),
      }),
    );
    turns = [...others, call.catch(() => undefined)];
    const result = await call;
    if (result.exitCode === SSH_FAILED) throw explain(target, result.stderr);
    return result;
  };

  const run: Shell['run'] = async (file, args, given = {}) => {
    if (given.inherit === true) throw failure('a program on another machine has no terminal of ours');
    const env = Object.entries(given.env ?? {}).map(([name, value]) => `${name}=${value}`);
    const at = given.cwd === undefined ? '' : `cd ${shellWord(given.cwd)} || exit; `;
    const result = await script(`${PATH}; ${at}exec env "$@"`, [...env, file, ...args], given);
    if (result.exitCode === 127 && /No such file|not found/.test(result.stderr))
      throw missing(`${file} is not installed on ${target}`);
    return result;
  };

  const refuse = (verb: string, path: string, said: string): HybridError =>
    /Permission denied/.test(said)
      ? missing(`no permission to ${verb} ${path} on ${target}`, {
          next: 'log in as root, or as somebody who has sudo',
        })
      : failure(`can't ${verb} ${path} on ${target}: ${said.trim().split('\n').at(-1)?.slice(0, 200) ?? ''}`);

  const ask = askerOf((text, args) => script(text, args));
  const files: Files = {
    async read(path, limit) {
      const { content, exitCode, said } = await ask(limit === undefined ? 'all' : limit + 1, path);
      if (exitCode === ABSENT) return undefined;
      if (exitCode === FOLDER) throw usageError('is a folder, not a file', { field: path });
      if (exitCode !== 0) throw refuse('read', path, said);
      if (limit !== undefined && Buffer.byteLength(content) > limit)
        throw usageError(`is larger than ${Math.floor(limit / 1024)} KiB`, { field: path });
      return content;
    },
    async stat(path) {
      const { exitCode, said } = await ask('stat', path);
      if (exitCode === ABSENT) return undefined;
      const [, mode, size] = /^(\d+) (\d+)$/.exec(said) ?? [];
      if (exitCode !== 0 || mode === undefined) throw refuse('read', path, said);
      return { mode: Number.parseInt(mode, 8) & 0o777, size: Number(size) };
    },
    async write(list) {
      const args = list.flatMap(({ path, content, mode }) => [path, octal(mode), String(Buffer.byteLength(content))]);
      const result = await script(WRITE, [crypto.randomUUID(), ...args], {
        input: list.map(({ content }) => content).join(''),
      });
      if (result.exitCode === FOLDER) throw failure(`${result.stderr} is a folder, not a file`);
      if (result.exitCode !== 0)
        throw refuse(
          'write',
          list
            .map(({ path }) => path)
            .join(', ')
            .slice(0, 200),
          result.stderr,
        );
    },
  };

  const which: Shell['which'] = async (file) => {
    const { exitCode, stdout } = await script(`${PATH}; PATH="$PATH:/usr/lib/frr:/usr/lib/ipsec"; command -v -- "$1"`, [
      file,
    ]);
    return exitCode === 0 ? stdout.trim() : undefined;
  };

  try {
    if ((await here.which('ssh')) === undefined)
      throw missing('ssh is not installed', { next: 'install the package openssh-client' });
    if (signal?.aborted === true) throw interrupted();
    if ((await script('id -u', [])).stdout.trim() !== '0') {
      elevate = ['sudo', '-n'];
      const { exitCode, stderr } = await script('exit 0', []);
      if (exitCode !== 0)
        throw missing(`${login} is not root on ${target}, and can't become it`, {
          more: [stderr.trim().slice(0, 200)],
          next: 'log in as root, or allow it sudo without a password',
        });
    }
  } catch (error) {
    await close();
    throw error;
  }
  const vici: Machine['vici'] = (uri) =>
    viciBySsh(uri, { name: target, words, explain: (stderr) => explain(target, stderr), signal });
  return { name: target, shell: { run, which }, files, vici, close };
};
