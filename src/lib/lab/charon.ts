import { readFile, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { failure, missing } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { addressText, contains } from '../domain/cidr.ts';
import { tunnelsOf } from '../domain/tunnel.ts';
import { template } from '../render/engine.ts';
import strongswanConf from '../../../templates/lab/strongswan.conf.hbs?raw';
import { inGuest } from './guest/shell.ts';
import { daemon, inside, must, ownMachine, withOwnRun } from './run.ts';
import { paths, type LabRecord } from './state.ts';
import type { LabNode } from './topology.ts';
import { until } from './wait.ts';

const PLUGINS = [
  'random',
  'nonce',
  'aes',
  'sha1',
  'sha2',
  'hmac',
  'kdf',
  'gmp',
  'curve25519',
  'openssl',
  'pem',
  'pkcs1',
  'pkcs8',
  'pubkey',
  'x509',
  'revocation',
  'constraints',
];
/** kernel-libipsec before kernel-netlink: the first that offers ESP has it. */
const KERNEL = { userspace: ['kernel-libipsec', 'kernel-netlink'], kernel: ['kernel-netlink'] } as const;

const render = template(strongswanConf);

/** charon and the tunnels script take under a second here, and up to a minute in a user-mode kernel on a busy machine. */
const ANSWER_MS = 120_000;

type Lab = { readonly record: LabRecord; readonly node: LabNode };

/** Files below the node's copy of the rendered tree whose path matches, sorted, relative to the node's folder. */
const rendered = async (lab: string, node: string, match: RegExp): Promise<readonly string[]> => {
  const entries = await readdir(paths(lab).files(node), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(paths(lab).node(node).length + 1))
    .filter((path) => match.test(path))
    .sort();
};

/** The name of charon's VICI socket in the node's folder; of a box in the guest, the other one is handed on to it. */
const viciName = ({ record, node }: Lab): string =>
  basename(inGuest(record, node.name) ? paths('').viciInGuest('') : paths('').vici(''));

/** The lab's own strongswan.conf of a node; the rendered snippets come first, so that the load list is the lab's. */
const configure = async ({ files }: Ports, lab: Lab): Promise<void> => {
  const { record, node } = lab;
  const snippets = await rendered(record.name, node.name, /^files\/etc\/strongswan\.d\/.*\.conf$/);
  const kind = record.esp[node.name] ?? 'userspace';
  const connections = await rendered(record.name, node.name, /^files\/etc\/swanctl\/(conf\.d\/.*|swanctl)\.conf$/);
  const folder = paths(record.name).node(node.name);
  const content = render({
    includes: snippets.map((path) => `/run/${path}`),
    vici: viciName(lab),
    plugins: [...PLUGINS, ...KERNEL[kind], 'socket-default', 'vici', 'updown'].join(' '),
  });
  await files.write([
    { path: join(folder, 'strongswan.conf'), content, mode: 0o600 },
    {
      path: join(folder, 'swanctl.conf'),
      content: connections.map((path) => `include /run/${path}\n`).join(''),
      mode: 0o600,
    },
  ]);
};

/** Applies the rendered kernel settings; only `net.*`, which belongs to the namespace and not to this machine. */
const applySysctl = async ({ shell, files }: Ports, { record, node }: Lab): Promise<void> => {
  for (const path of await rendered(record.name, node.name, /^files\/etc\/sysctl\.d\/.*\.conf$/)) {
    const text = (await files.read(join(paths(record.name).node(node.name), path))) ?? '';
    const lines = text.split('\n').flatMap((line) => {
      const [, key, value] = /^\s*-?\s*(net\.[A-Za-z0-9._-]+)\s*=\s*([\d ]+?)\s*$/.exec(line) ?? [];
      return key === undefined
        ? []
        : [`[ ! -e /proc/sys/${key.replaceAll('.', '/')} ] || echo ${value} > /proc/sys/${key.replaceAll('.', '/')}`];
    });
    if (lines.length > 0) await must(shell, 'ip', inside(node.netns, ['sh', '-c', lines.join('\n')]));
  }
};

/**
 * kernel-libipsec installs a policy only on a box that has an address inside its own selectors, which a gateway in a
 * public subnet has not. The last host address of each goes on the loopback; nobody else sees it.
 */
const addressesForPolicies = async ({ shell }: Ports, { record, node }: Lab): Promise<void> => {
  if (record.esp[node.name] !== 'userspace') return;
  const ends = tunnelsOf(record.site).flatMap(({ mode, cloud, onprem }) => (mode === 'policy' ? [cloud, onprem] : []));
  const lacking = ends.filter(({ device }) => device === node.name).flatMap(({ selectors }) => selectors);
  const own = node.addresses.map(({ address }) => address.split('/')[0]!);
  for (const network of lacking.filter((selector) => !own.some((address) => contains(selector, address)))) {
    await must(shell, 'ip', ['-n', node.netns, 'addr', 'replace', `${addressText(network.last - 1)}/32`, 'dev', 'lo']);
  }
};

/**
 * Runs the rendered `tunnels` script: tunnel interface, policy routing, MSS clamp. It starts the rendered tunnel watch,
 * which judges others by their silence and so is a machine of its own too.
 */
const tunnels = async ({ shell }: Ports, { record, node }: Lab, verb: 'up' | 'down'): Promise<void> => {
  for (const script of await rendered(record.name, node.name, /^files\/usr\/local\/lib\/hybridctl\/tunnels$/)) {
    await must(
      shell,
      'ip',
      withOwnRun(node.netns, paths(record.name).node(node.name), ownMachine(['sh', `/run/${script}`, verb])),
      { timeoutMs: ANSWER_MS },
    );
  }
};

/** Loads the rendered probe relay, before anything of the box can answer in the place of its tunnel. */
export const loadRelay = async ({ shell }: Pick<Ports, 'shell'>, { record, node }: Lab): Promise<void> => {
  for (const path of await rendered(record.name, node.name, /^files\/etc\/hybridctl\/probe\.nft$/)) {
    await must(shell, 'ip', inside(node.netns, ['nft', '-f', join(paths(record.name).node(node.name), path)]));
  }
};

/** Boots a box: kernel settings, charon, tunnel interface, connections. Throws a failure with the log's last words. */
export const startCharon = async (ports: Ports, lab: Lab): Promise<void> => {
  const { record, node } = lab;
  const { shell } = ports;
  const folder = paths(record.name).node(node.name);
  const charon = await shell.which('charon');
  if (charon === undefined) throw missing('charon is not installed', { next: 'install the package strongswan-charon' });
  await configure(ports, lab);
  await applySysctl(ports, lab);
  await loadRelay(ports, lab);
  await addressesForPolicies(ports, lab);
  const own = viciName(lab);
  // A killed charon leaves both. Until somebody reaps it, its number is alive, and the next one would refuse to start.
  for (const left of [own, 'charon.pid']) await rm(join(folder, left), { force: true });
  let gone = false;
  const env = { STRONGSWAN_CONF: '/run/strongswan.conf' };
  if (inGuest(record, node.name)) {
    const apart = ['sh', '-c', 'setsid "$0" "$@" </dev/null >/dev/null 2>&1 &', ...ownMachine([charon])];
    await must(shell, 'ip', withOwnRun(node.netns, folder, apart), { env });
  } else {
    const child = daemon('ip', withOwnRun(node.netns, folder, ownMachine([charon])), { lab: record.name, env });
    child.once('exit', () => (gone = true));
  }
  const answers = async (): Promise<boolean> => {
    if (gone) throw failure(`charon of ${node.name} ended at once`, { more: await lastWords(record.name, node.name) });
    return (
      ports
        .vici(paths(record.name).vici(node.name))
        .then((vici) => vici.request('version').finally(() => vici.close()))
        // Of a box in a guest there is a socket before charon listens on its own.
        .then(
          (version) => version !== undefined,
          () => false,
        )
    );
  };
  await until(answers, {
    what: `charon of ${node.name} did not answer`,
    withinMs: ANSWER_MS,
    everyMs: 25,
    signal: ports.signal,
    more: () => lastWords(record.name, node.name),
  });
  await tunnels(ports, lab, 'up');
  await loadConnections(ports, lab);
};

/** Loads connections and keys from the rendered files, as `swanctl --load-all` does on any gateway. */
export const loadConnections = async ({ shell }: Ports, { record, node }: Lab): Promise<void> => {
  const folder = paths(record.name).node(node.name);
  await must(
    shell,
    'ip',
    withOwnRun(node.netns, folder, [
      'swanctl',
      '--load-all',
      '--noprompt',
      '--file',
      '/run/swanctl.conf',
      '--uri',
      `unix:///run/${viciName({ record, node })}`,
    ]),
    {
      // Certificates, keys and lists are found in the folders beside it.
      env: { STRONGSWAN_CONF: '/run/strongswan.conf', SWANCTL_DIR: '/run/files/etc/swanctl' },
      timeoutMs: ANSWER_MS,
    },
  );
};

/** @returns process numbers of a program inside a node's namespace. */
export const processesOf = async (
  { shell }: Pick<Ports, 'shell'>,
  netns: string,
  program: string,
): Promise<readonly number[]> => {
  const { stdout } = await shell.run('ip', ['netns', 'pids', netns]);
  const pids = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
  const names = await Promise.all(
    pids.map((pid) =>
      readFile(`/proc/${pid}/comm`, 'utf8').then(
        (name) => name.trim(),
        () => '',
      ),
    ),
  );
  return pids.filter((_, at) => names[at] === program);
};

/**
 * Sends a signal to every process of a program inside a node's namespace, by its own kernel.
 *
 * @returns how many there were.
 */
export const signalProgram = async (
  { shell }: Pick<Ports, 'shell'>,
  { netns }: LabNode,
  program: string,
  signal: 'KILL' | 'TERM' | 'STOP' | 'CONT' | '0',
): Promise<number> => {
  const script = [
    'n=0',
    'for p in $(ip netns pids "$0"); do',
    '  read -r name 2>/dev/null </proc/$p/comm && [ "$name" = "$1" ] && kill -s "$2" $p 2>/dev/null && n=$((n + 1))',
    'done',
    'echo $n',
  ].join('\n');
  return Number(await must(shell, 'ip', inside(netns, ['sh', '-c', script, netns, program, signal])));
};

/** Ends the rendered tunnel watch, as the loss of an instance does. */
export const killWatch = async (ports: Pick<Ports, 'shell'>, node: LabNode): Promise<void> => {
  for (const program of ['tunnel-watch', 'ping']) await signalProgram(ports, node, program, 'KILL');
};

/** Ends charon the hard way, as the loss of an instance does: no delete message reaches the peer. */
export const killCharon = async (ports: Pick<Ports, 'shell'>, node: LabNode): Promise<void> => {
  await signalProgram(ports, node, 'charon', 'KILL');
  const none = async (): Promise<boolean> => (await signalProgram(ports, node, 'charon', '0')) === 0;
  await until(none, { what: `charon of ${node.name} did not end`, withinMs: 5_000, everyMs: 20 });
};

/** Lines of a log that say why, newest last. */
const TELLING =
  /failed|error|no matching|mismatch|unable to (install|find)|giving up|NO_PROP|AUTHENTICATION_FAILED|already running|refused|not found|invalid/i;

export const lastWords = async (lab: string, node: string, count = 4): Promise<readonly string[]> => {
  const text = await readFile(paths(lab).charonLog(node), 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  const telling = lines.filter((line) => TELLING.test(line));
  return (telling.length > 0 ? telling : lines).slice(-count).map((line) => `${node}: ${line}`);
};
