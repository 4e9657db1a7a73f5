import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { connectVici } from '../../src/lib/adapters/vici/client.ts';
import type { Vici } from '../../src/lib/core/ports.ts';

const exec = promisify(execFile);
const CHARON = '/usr/lib/ipsec/charon';
const PLUGINS =
  'random nonce aes sha1 sha2 hmac kdf gmp curve25519 openssl pem pkcs1 pubkey x509 constraints kernel-libipsec kernel-netlink socket-default vici updown';

/** Polls until `check` returns something. Throws with `what` after `limitMs`. */
export const until = async <T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  limitMs = 15_000,
): Promise<T> => {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = await check().catch(() => undefined);
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) expect.fail(`${what}: not within ${limitMs} ms`);
    await delay(50);
  }
};

export interface CharonEnd {
  readonly uri: string;
  readonly log: string;
  readonly address: string;
  /** Loads a swanctl file in place of what was loaded before. */
  load(swanctl: string): Promise<void>;
  /** Runs a program in the end's namespace. */
  run(file: string, ...args: string[]): Promise<string>;
  vici<T>(work: (vici: Vici) => Promise<T>): Promise<T>;
  /** Kills the daemon outright, as a lost machine would. */
  kill(): void;
}

export interface CharonPair {
  readonly a: CharonEnd;
  readonly b: CharonEnd;
  stop(): Promise<void>;
}

const ip = (...args: string[]) => exec('ip', args);

/**
 * Two real charons with userspace ESP, in two namespaces joined by one cable: a is 192.0.2.1 with 10.1.0.1 behind it, b
 * is 192.0.2.2 with 10.2.0.1. Needs root. A dead peer is given up within about 2 s, not strongSwan's 165 s.
 */
export const charonPair = async (): Promise<CharonPair> => {
  const tag = `hyv-${randomBytes(3).toString('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), `${tag}-`));
  const children: ChildProcess[] = [];

  const end = async (letter: 'a' | 'b', address: string, inside: string): Promise<CharonEnd> => {
    const space = `${tag}-${letter}`;
    const uri = `unix://${folder}/${letter}.vici`;
    const log = join(folder, `${letter}.log`);
    const config = join(folder, `${letter}.conf`);
    await writeFile(
      config,
      `charon {
  load = ${PLUGINS}
  retransmit_tries = 2
  retransmit_timeout = 0.4
  retransmit_base = 1
  plugins {
    vici { socket = ${uri} }
    kernel-libipsec { allow_peer_ts = yes }
  }
  filelog { file { path = ${log}
    time_format = %Y-%m-%dT%H:%M:%S
    ike_name = yes
    flush_line = yes
    default = 1 } }
}
`,
    );
    await ip('-n', space, 'link', 'set', 'lo', 'up');
    await ip('-n', space, 'addr', 'add', `${address}/24`, 'dev', 'wan');
    await ip('-n', space, 'addr', 'add', `${inside}/32`, 'dev', 'lo');
    await ip('-n', space, 'link', 'set', 'wan', 'up');
    // A /run of its own: charon's pid file is one per machine otherwise.
    const child = spawn(
      'ip',
      ['netns', 'exec', space, 'unshare', '-m', 'sh', '-c', `mount -t tmpfs t /run && exec ${CHARON}`],
      {
        env: { ...process.env, STRONGSWAN_CONF: config },
        stdio: 'ignore',
      },
    );
    children.push(child);
    const vici = async <T>(work: (vici: Vici) => Promise<T>): Promise<T> => {
      const connection = await connectVici(uri);
      try {
        return await work(connection);
      } finally {
        connection.close();
      }
    };
    await until(`charon ${letter} answers`, () => vici((connection) => connection.request('version')));
    return {
      uri,
      log,
      address,
      async load(swanctl) {
        const file = join(folder, `${letter}.swanctl.conf`);
        await writeFile(file, swanctl, { mode: 0o600 });
        await exec('swanctl', ['--load-all', '--clear', '--file', file, '--uri', uri], {
          env: { ...process.env, STRONGSWAN_CONF: config },
        });
      },
      run: async (file, ...args) => (await exec('ip', ['netns', 'exec', space, file, ...args])).stdout,
      vici,
      kill: () => void child.kill('SIGKILL'),
    };
  };

  const stop = async (): Promise<void> => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(['a', 'b'].map((letter) => ip('netns', 'del', `${tag}-${letter}`).catch(() => undefined)));
    await rm(folder, { recursive: true, force: true });
  };

  try {
    await ip('netns', 'add', `${tag}-a`);
    await ip('netns', 'add', `${tag}-b`);
    await ip('link', 'add', 'wan', 'netns', `${tag}-a`, 'type', 'veth', 'peer', 'name', 'wan', 'netns', `${tag}-b`);
    const a = await end('a', '192.0.2.1', '10.1.0.1');
    const b = await end('b', '192.0.2.2', '10.2.0.1');
    return { a, b, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

export const logOf = (end: CharonEnd): Promise<string> => readFile(end.log, 'utf8');

export interface SwanctlOptions {
  readonly local: 'a' | 'b';
  readonly psk?: string;
  readonly proposals?: string;
  readonly espProposals?: string;
  readonly version?: 1 | 2;
  readonly localTs?: string;
  readonly remoteTs?: string;
}

/** One end's swanctl file: connection `vpn1`, child `net`. Both ends' defaults match. */
export const swanctlFor = ({
  local,
  psk = 'correct.horse.battery.staple',
  proposals = 'aes128gcm16-prfsha256-ecp256',
  espProposals = 'aes128gcm16-ecp256',
  version = 2,
  localTs,
  remoteTs,
}: SwanctlOptions): string => {
  const [own, other] = local === 'a' ? [1, 2] : [2, 1];
  return `connections {
  vpn1 {
    version = ${version}
    local_addrs = 192.0.2.${own}
    remote_addrs = 192.0.2.${other}
    proposals = ${proposals}
    encap = yes
    mobike = no
    local { auth = psk
      id = 192.0.2.${own} }
    remote { auth = psk
      id = 192.0.2.${other} }
    children {
      net {
        local_ts = ${localTs ?? `10.${own}.0.0/16`}
        remote_ts = ${remoteTs ?? `10.${other}.0.0/16`}
        esp_proposals = ${espProposals}
      }
    }
  }
}
secrets {
  ike-vpn1 {
    id-1 = 192.0.2.1
    id-2 = 192.0.2.2
    secret = "${psk}"
  }
}
`;
};
