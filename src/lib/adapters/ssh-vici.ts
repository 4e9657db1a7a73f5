import { spawn, type ChildProcess } from 'node:child_process';
import { Duplex } from 'node:stream';
import { failure, interrupted, missing, type HybridError } from '../core/errors.ts';
import type { Vici } from '../core/ports.ts';
import { cantConnect, parseViciUri, viciOver } from './vici/client.ts';

/**
 * charon's control socket on another machine, through the standard input and output of a small program there. sshd's own
 * forwarding of sockets would reach it as the login user, and the socket is root's; it may be switched off besides. What
 * the program needs is one of Python 3 and Perl: dnf is written in the one, and dpkg needs the other.
 */

/** The program's exit codes; the interpreters and ssh use none of these. */
const [REFUSED, DENIED, NO_INTERPRETER] = [92, 93, 94];
/** What stands before it on the output is a greeting of the login shell. */
const READY = 'hybridctl-vici-is-open';

const PYTHON = `
import os, select, socket, sys
try:
  if len(sys.argv) > 2: s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
  else:
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
  s.settimeout(None)
except OSError as e:
  sys.stderr.write(str(e))
  sys.exit(${DENIED} if e.errno in (1, 13) else ${REFUSED})
os.write(1, b"${READY}\\n")
pairs = ((0, s.fileno()), (s.fileno(), 1))
while True:
  ready = select.select([0, s.fileno()], [], [])[0]
  for source, sink in pairs:
    if source in ready:
      data = os.read(source, 65536)
      if not data: sys.exit()
      while data: data = data[os.write(sink, data):]
`;

const PERL = `
use Socket; my ($where, $port) = @ARGV; my $s;
my $open = defined $port
  ? socket($s, PF_INET, SOCK_STREAM, 0) && connect($s, sockaddr_in($port, inet_aton($where) || exit ${REFUSED}))
  : socket($s, PF_UNIX, SOCK_STREAM, 0) && connect($s, sockaddr_un($where));
unless ($open) { print STDERR "$!"; exit(($! + 0 == 1 || $! + 0 == 13) ? ${DENIED} : ${REFUSED}) }
syswrite STDOUT, "${READY}\\n";
my $all = ""; vec($all, 0, 1) = 1; vec($all, fileno($s), 1) = 1;
while (select(my $ready = $all, undef, undef, undef) > 0) {
  for my $pair ([\\*STDIN, $s], [$s, \\*STDOUT]) {
    my ($source, $sink) = @$pair;
    next unless vec($ready, fileno($source), 1);
    my $size = sysread $source, my $data, 65536; exit unless $size;
    for (my $at = 0; $at < $size;) { my $sent = syswrite $sink, $data, $size - $at, $at; exit unless defined $sent; $at += $sent }
  }
}
`;

/** $1 is for Python, $2 for Perl, then a path, or a host and a port. */
const BRIDGE = `
python=$1; perl=$2; shift 2
for each in python3 /usr/libexec/platform-python; do command -v $each >/dev/null 2>&1 && exec $each -c "$python" "$@"; done
command -v perl >/dev/null 2>&1 && exec perl -e "$perl" "$@"
exit ${NO_INTERPRETER}`;

/** Above what ssh itself waits for; ms. */
const OPEN_MS = 30_000;

export interface SshLine {
  /** As the user named the machine. */
  readonly name: string;
  /** The arguments of ssh that run a script of sh over there. */
  words(script: string, args: readonly string[]): readonly string[];
  /** What ssh itself said, in words. */
  explain(stderr: string): HybridError;
  readonly signal: AbortSignal | undefined;
}

const whyNot = (uri: string, { name, explain }: SshLine, code: number | null, said: string): HybridError => {
  if (code === DENIED || code === REFUSED) {
    const error = Object.assign(new Error(said), { code: code === DENIED ? 'EACCES' : 'ECONNREFUSED' });
    return cantConnect(`${uri} on ${name}`, error);
  }
  if (code === NO_INTERPRETER)
    return missing(`${name} has neither Python 3 nor Perl, and one of them is needed to reach charon's socket`, {
      next: 'install python3 there',
    });
  if (code === 255) return explain(said);
  return failure(`can't reach charon on ${name}: ${said.trim().split('\n').at(-1)?.slice(0, 200) ?? ''}`);
};

/** Resolves once the marker came; what follows it on the output is charon's. */
const opened = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let before = Buffer.alloc(0);
    const output = child.stdout!;
    const take = (): void => {
      for (let chunk = output.read() as Buffer | null; chunk !== null; chunk = output.read() as Buffer | null) {
        before = Buffer.concat([before, chunk]);
        const at = before.indexOf(`${READY}\n`);
        if (at === -1) continue;
        output.off('readable', take);
        const rest = before.subarray(at + READY.length + 1);
        if (rest.length > 0) output.unshift(rest);
        return resolve();
      }
    };
    output.on('readable', take);
    child.once('error', reject);
    child.once('close', (code) => reject(Object.assign(new Error('closed'), { exitCode: code })));
  });

/** @throws as a connection on this machine does, and exit 4 where the machine lacks what the way needs. */
export const viciBySsh = async (uri: string, line: SshLine): Promise<Vici> => {
  const target = parseViciUri(uri);
  const where = 'path' in target ? [target.path] : [target.host, String(target.port)];
  const isStopped = (): boolean => line.signal?.aborted === true;
  if (isStopped()) throw interrupted();
  const child = spawn('ssh', [...line.words(BRIDGE, [PYTHON, PERL, ...where])], { stdio: 'pipe' });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4_000)));
  const end = (): void => void child.kill();
  const timer = setTimeout(end, OPEN_MS);
  line.signal?.addEventListener('abort', end, { once: true });
  try {
    await opened(child);
  } catch (error) {
    if (isStopped()) throw interrupted();
    throw whyNot(uri, line, (error as { exitCode?: number | null }).exitCode ?? null, said);
  } finally {
    clearTimeout(timer);
  }
  child.once('close', () => line.signal?.removeEventListener('abort', end));
  const stream = Duplex.from({ writable: child.stdin, readable: child.stdout });
  stream.once('close', end);
  return viciOver(stream, uri);
};
