import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { files } from '../../src/lib/adapters/files.ts';
import type { RenderedFile } from '../../src/lib/render/types.ts';
import { until } from './charon-pair.ts';

const exec = promisify(execFile);
const PLUGINS =
  'random nonce aes sha1 sha2 hmac kdf gmp curve25519 openssl gcm pem pkcs1 pkcs8 pubkey x509 revocation constraints kernel-libipsec kernel-netlink socket-default stroke vici updown';

/** A network namespace of the tests' own. */
export interface Space {
  readonly name: string;
  /**
   * Runs a program inside. @returns its stdout. @throws when it exits with anything but 0; the error has its stderr.
   */
  run(file: string, ...args: string[]): Promise<string>;
  remove(): Promise<void>;
}

/** @param name at most 15 characters, beginning with `hyr-`. Needs root. */
export const makeSpace = async (name: string): Promise<Space> => {
  await exec('ip', ['netns', 'add', name]).catch((error: Error) => {
    throw new Error(`can't make the network namespace ${name} (root is needed): ${error.message}`);
  });
  await exec('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  return {
    name,
    run: async (file, ...args) => (await exec('ip', ['netns', 'exec', name, file, ...args])).stdout,
    remove: async () => {
      const { stdout } = await exec('ip', ['netns', 'pids', name]);
      for (const pid of stdout.split('\n').filter((line) => line !== '')) {
        try {
          process.kill(Number(pid), 'SIGKILL');
        } catch {
          // Already gone.
        }
      }
      await exec('ip', ['netns', 'del', name]);
    },
  };
};

export interface Charon {
  /** Where the box's files are: `etc/…`, `usr/local/lib/…`, as rendered and with their modes. */
  readonly root: string;
  /** Talks to this daemon. @returns stdout; throws when swanctl exits with anything but 0. */
  swanctl(...args: string[]): Promise<string>;
  /** Runs a program as this daemon's own host would, with its `--uri` where it is swanctl. */
  env: NodeJS.ProcessEnv;
  readonly uri: string;
  /** The daemon's and starter's own words so far. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * A real charon in a namespace, with the box's own `etc/strongswan.d` included: the test adds only what a namespace
 * needs (a load list, sockets). Where the box has an `etc/ipsec.conf`, strongSwan's starter runs it and feeds it that.
 */
export const startCharon = async (space: Space, rendered: readonly RenderedFile[]): Promise<Charon> => {
  const root = await mkdtemp(join(tmpdir(), 'hyr-'));
  const uri = `unix://${root}/charon.vici`;
  const config = join(root, 'strongswan.conf');
  await files.write([
    ...rendered.map(({ path, content, mode }) => ({ path: join(root, path), content, mode })),
    {
      path: config,
      mode: 0o600,
      content: `charon {
  load = ${PLUGINS}
  plugins {
    vici {
      socket = ${uri}
    }
    stroke {
      secrets_file = ${root}/etc/ipsec.secrets
    }
  }
  filelog {
    stderr {
      default = 1
      flush_line = yes
    }
  }
}
include ${root}/etc/strongswan.d/*.conf
`,
    },
  ]);
  const byStarter = rendered.some(({ path }) => path === 'etc/ipsec.conf');
  const daemon = byStarter ? `/usr/lib/ipsec/starter --nofork --conf ${root}/etc/ipsec.conf` : '/usr/lib/ipsec/charon';
  const env = { ...process.env, STRONGSWAN_CONF: config, SWANCTL_DIR: `${root}/etc/swanctl` };
  let said = '';
  // A /run of its own: charon's and starter's pid files are one per machine otherwise.
  const child = spawn(
    'ip',
    ['netns', 'exec', space.name, 'unshare', '-m', 'sh', '-c', `mount -t tmpfs t /run && exec ${daemon}`],
    {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  child.stdout.on('data', (chunk) => (said += String(chunk)));
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const swanctl = async (...args: string[]): Promise<string> =>
    (await exec('swanctl', [...args, '--uri', uri], { env })).stdout;
  const stop = async (): Promise<void> => {
    // SIGTERM to starter stops its charon too.
    child.kill('SIGTERM');
    await Promise.race([ended, delay(5_000).then(() => child.kill('SIGKILL'))]);
    await rm(root, { recursive: true, force: true });
  };
  try {
    await until('charon answers', () => swanctl('--stats'));
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message}\n${said}`);
  }
  return { root, swanctl, env, uri, log: () => said, stop };
};

/** A cable between two namespaces; each end gets its address and is up. */
export const cable = async (
  a: Space,
  aName: string,
  aAddress: string,
  b: Space,
  bName: string,
  bAddress: string,
): Promise<void> => {
  await exec('ip', ['link', 'add', aName, 'netns', a.name, 'type', 'veth', 'peer', 'name', bName, 'netns', b.name]);
  await a.run('ip', 'addr', 'add', aAddress, 'dev', aName);
  await b.run('ip', 'addr', 'add', bAddress, 'dev', bName);
  await a.run('ip', 'link', 'set', aName, 'up');
  await b.run('ip', 'link', 'set', bName, 'up');
};

/** Makes a namespace the internet in front of a gateway, with the gateway's Elastic IP: the gateway itself never sees it. */
export const elasticIp = async (net: Space, outside: string, inside: string): Promise<void> => {
  await net.run('sysctl', '-q', '-w', 'net.ipv4.ip_forward=1');
  await net.run(
    'nft',
    [
      'add table ip eip',
      'add chain ip eip in { type nat hook prerouting priority dstnat; }',
      'add chain ip eip out { type nat hook postrouting priority srcnat; }',
      `add rule ip eip in ip daddr ${outside} dnat to ${inside}`,
      `add rule ip eip out ip saddr ${inside} snat to ${outside}`,
    ].join('; '),
  );
};
