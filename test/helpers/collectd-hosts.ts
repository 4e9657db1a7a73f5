import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connectSsh } from '../../src/lib/adapters/ssh.ts';
import type { Machine } from '../../src/lib/core/machine.ts';
import { startSshd, type Sshd } from './sshd.ts';

const exec = promisify(execFile);

/** A machine by its name, with configuration, state and run folders of its own: the rest is this machine's. */
const ROOM = `hostname "$0"; mount --make-rprivate /
t=$(mktemp -d); mount -t tmpfs t "$t"; cp -a /etc/. "$t/"; mount --bind "$t" /etc
for d in /opt /run /var/lib /var/log; do mount -t tmpfs t $d; done
mkdir -p /run/lock /var/log/apache2 /var/lib/apache2 /etc/collectd
exec "$@"`;

export interface CollectdHostRoom {
  readonly name: string;
  readonly sshd: Sshd;
  readonly machine: Machine;
  /** Runs a shell line there. */
  sh(line: string): Promise<string>;
  stop(): Promise<void>;
}

/** A host with collectd installed and configured by its owner: real sshd, real collectd, every second. Needs root. */
export const startRoom = async (name: string, port: number): Promise<CollectdHostRoom> => {
  const sshd = await startSshd(['unshare', '-m', '-u', 'sh', '-c', ROOM, name], port);
  const machine = await connectSsh({ target: sshd.target, identity: sshd.identity, knownHosts: sshd.knownHosts });
  const sh = async (line: string): Promise<string> => (await machine.shell.run('sh', ['-c', line])).stdout;
  await machine.files.write([
    {
      path: '/etc/collectd/collectd.conf',
      content: `Hostname "${name}"\nFQDNLookup false\nBaseDir "/var/lib/collectd"\nPIDFile "/run/collectd.pid"\nInterval 1\nLoadPlugin logfile\n<Plugin logfile>\n  File "/run/collectd.log"\n</Plugin>\n`,
      mode: 0o644,
    },
  ]);
  return {
    name,
    sshd,
    machine,
    sh,
    async stop() {
      await sh(
        'for p in /run/collectd.pid /run/apache2/apache2.pid; do [ -e $p ] && kill "$(cat $p)"; done; sleep 0.5; exit 0',
      ).catch(() => undefined);
      await machine.close();
      await sshd.stop();
    },
  };
};

export interface PluginArchive {
  readonly path: string;
  readonly sha256: string;
  remove(): Promise<void>;
}

/**
 * The tests' own plugin as GitHub would pack it: `NAME-REF/src/…`. @param url where it publishes. @param spoil what is
 * changed in it first.
 */
export const packPlugin = async (
  url: string,
  spoil?: { readonly file: string; readonly content: string },
): Promise<PluginArchive> => {
  const folder = await mkdtemp(join(tmpdir(), 'hyp-'));
  const src = join(folder, 'collectd-cloudwatch-1a2b3c', 'src');
  await cp(fileURLToPath(new URL('../fixtures/collectd/plugin', import.meta.url)), src, { recursive: true });
  await writeFile(join(src, 'cloudwatch', 'endpoint'), `${url}\n`);
  if (spoil !== undefined) await writeFile(join(src, spoil.file), spoil.content);
  const path = join(folder, 'plugin.tar.gz');
  await exec('tar', ['-czf', path, '-C', folder, 'collectd-cloudwatch-1a2b3c']);
  return {
    path,
    sha256: createHash('sha256')
      .update(await readFile(path))
      .digest('hex'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
};
