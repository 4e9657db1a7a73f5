import { clock } from '../lib/adapters/clock.ts';
import { files, namesIn } from '../lib/adapters/files.ts';
import type { Ask, Ports, Shell } from '../lib/core/ports.ts';
import { canDraw, main, wantsColour, type Output } from './main.ts';

declare const HYBRIDCTL_VERSION: string;

const colour = wantsColour(process.stdout.isTTY, process.env);

/** Back to the line's begin, and clear it (ECMA-48 EL): a line that stands there is written over. */
const ERASE = '\r\u001b[K';
let standing = '';
const tell = (line: string): void => {
  process.stderr.write(`${standing}${line}\n`);
  standing = '';
};
/** What was written over last stays, as a line of its own. */
const settle = (): void => {
  if (standing !== '') process.stderr.write('\n');
  standing = '';
};
/** @param up lines above the last one that are written over too (ECMA-48 CUU and ED) */
const tellLive = (text: string, up = 0): void => {
  process.stderr.write(`${up > 0 ? `\r\u001b[${up}A\u001b[J` : ERASE}${text}`);
  standing = ERASE;
};

/** The real ports. Anything with a cost at load (execa, inquirer, the AWS SDK) is imported by its first call. */
const realPorts = (signal: AbortSignal): Ports => {
  const shell: Shell = {
    run: async (...call) => (await import('../lib/adapters/shell.ts')).shell.run(...call),
    which: async (file) => (await import('../lib/adapters/shell.ts')).shell.which(file),
  };
  const loadAsk = async (): Promise<Ask> => (await import('../lib/adapters/ask.ts')).ask;
  const ask: Ask = {
    input: async (...call) => (await loadAsk()).input(...call),
    select: async (...call) => (await loadAsk()).select(...call),
    confirm: async (...call) => (await loadAsk()).confirm(...call),
    password: async (...call) => (await loadAsk()).password(...call),
  };
  return {
    clock,
    files,
    namesIn,
    lock: async (...given) => (await import('../lib/adapters/run-lock.ts')).runLock(...given),
    shell,
    ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
    env: process.env,
    cwd: process.cwd(),
    ownCommand: async () =>
      (await import('../lib/adapters/own-command.ts')).ownCommand(
        { node: process.execPath, program: process.argv[1] },
        shell,
      ),
    progress: tell,
    live: canDraw(process.stderr.isTTY, process.env) ? tellLive : undefined,
    signal,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    routeTables: async (options) => (await import('../lib/adapters/aws/routes.ts')).awsRouteTables(options),
    instances: async (options) => (await import('../lib/adapters/aws/instances.ts')).awsInstances(options),
    aws: async (options) => (await import('../lib/adapters/aws/api.ts')).awsApi(options),
    aliyun: async (options) => (await import('../lib/adapters/aliyun/api.ts')).aliyunApi(options),
    leaseStore: async (...file) => (await import('../lib/adapters/lease-file.ts')).leaseFile(...file),
    vici: async (uri) => (await import('../lib/adapters/vici/client.ts')).connectVici(uri),
    ssh: async (options) => (await import('../lib/adapters/ssh.ts')).connectSsh(options),
    collectd: async (path) => (await import('../lib/adapters/collectd.ts')).unixsock(path, signal),
    outlets: async () => (await import('../lib/adapters/records/outlets.ts')).outlets,
    fileLoad: async () => (await import('../lib/adapters/file-load.ts')).fileLoad,
    views: async () => (await import('../lib/adapters/views/index.ts')).views,
    screen: async (plain = false) =>
      (await import('../lib/adapters/screen.ts')).openScreen(process.stdout, {
        colour: colour && !plain,
        drawn: canDraw(process.stdout.isTTY, process.env),
      }),
    witness: async (address) => (await import('../lib/adapters/witness/index.ts')).witness(address),
    fpga: async (options) => (await import('../lib/adapters/fpga.ts')).fpga(options),
    objects: async (...bucket) => (await import('../lib/adapters/fpga.ts')).objects(...bucket),
    source: async (path) => (await import('../lib/adapters/source.ts')).openSource(path),
    save: async (...file) => (await import('../lib/adapters/save.ts')).save(...file),
    prober: async () => (await import('../lib/adapters/probe/index.ts')).prober,
  };
};

const output: Output = {
  out(text) {
    settle();
    process.stdout.write(text);
  },
  err: (text) => tell(text.replace(/\n$/, '')),
  style: async (plain) => (await import('../lib/adapters/terminal.ts')).style(colour && !plain),
  jq: async (...call) => (await import('../lib/adapters/jq.ts')).jq(...call),
};

// We pin the SDK to versions that run on Node 20; its notice about later ones would be noise in every command's stderr.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

// Debian keeps ip, nft and the daemons' tools in the sbin folders, which a user's PATH may lack, also under `su`.
process.env['PATH'] = [process.env['PATH'], '/usr/local/sbin', '/usr/sbin', '/sbin'].filter(Boolean).join(':');

const controller = new AbortController();
// The first signal asks for a clean stop; the second ends the process at once. `timeout` and a shell's job control send
// the same one to the process and to its group, so what follows in the same moment is no second one. A lost connection
// asks too, but never twice: moving routes may cut the very session we run in. Off a terminal hangups are nohup's
// business.
const ECHO_MS = 250;
let asked: number | undefined;
for (const name of ['SIGINT', 'SIGTERM', ...(process.stdin.isTTY ? (['SIGHUP'] as const) : [])] as const) {
  process.on(name, () => {
    if (name !== 'SIGHUP') {
      if (asked !== undefined && performance.now() - asked > ECHO_MS) process.exit(130);
      asked ??= performance.now();
    }
    controller.abort(name);
  });
}
// A read of standard input hears no signal. A terminal's is asked through inquirer, which does.
controller.signal.addEventListener('abort', () => {
  if (!process.stdin.isTTY) process.stdin.destroy();
});
// `hybridctl … | head` closes our stdout early; that is no error of ours. What is half done is still brought to its
// end. What could not be written otherwise (a full disk) is an error, also where it is told only after the last line.
let closed: number | undefined;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (closed === undefined && error.code !== 'EPIPE' && stream === process.stdout)
      tell(`hybridctl: can't write the output: ${error.code}\nnext: make room where it goes, and run it again`);
    closed ??= error.code === 'EPIPE' ? 0 : 1;
    process.exitCode = closed;
    controller.abort('SIGPIPE');
  });
}

void main(process.argv.slice(2), { ports: realPorts(controller.signal), output, version: HYBRIDCTL_VERSION }).then(
  (exit) => {
    process.exitCode = closed ?? exit;
    // Told to end, and all is said: sockets and timers of libraries would keep us for as long as a silent service.
    if (controller.signal.aborted) process.stdout.write('', () => process.exit());
  },
);
