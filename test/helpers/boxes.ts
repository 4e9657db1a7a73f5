import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './charon-pair.ts';
import { builtProgram } from './program.ts';

const exec = promisify(execFile);

export interface Said {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/**
 * A bare machine: a network of its own, and folders of its own over the system's: what is written there is gone with
 * it.
 */
export interface Box {
  /** Words that enter it. */
  readonly enter: readonly string[];
  /** Runs a program inside. @throws when it exits with anything but 0. */
  run(file: string, ...args: string[]): Promise<string>;
  /** The whole command line, as it is shipped. @param killAt ends it the hard way when it says this. */
  hybridctl(line: string, killAt?: RegExp): Promise<Said>;
  /** The same from a neighbour that shares its network alone: files, sockets below /run and daemons are another's. */
  beside(line: string): Promise<Said>;
}

export interface Boxes {
  readonly folder: string;
  readonly a: Box;
  readonly b: Box;
  stop(): Promise<void>;
}

/** Folders that a box writes to, as the packages left them. */
const OVER = ['/etc', '/usr/local/lib', '/var/lib'];

/**
 * Two bare boxes at one cable, `wan`: a is 172.16.1.157 behind 203.0.113.11, b is 198.51.100.77. Needs root. Nothing
 * runs in them yet.
 */
export const twoBoxes = async (): Promise<Boxes> => {
  const tag = `hyu-${randomBytes(3).toString('hex')}`;
  const program = await builtProgram();
  const folder = await mkdtemp(join(tmpdir(), `${tag}-`));
  const stop = async (): Promise<void> => {
    for (const letter of ['a', 'b']) {
      const { stdout } = await exec('ip', ['netns', 'pids', `${tag}-${letter}`]).catch(() => ({ stdout: '' }));
      for (const pid of stdout.split('\n').filter((line) => line !== '')) {
        try {
          process.kill(Number(pid), 'SIGKILL');
        } catch {
          // Already gone.
        }
      }
      await exec('ip', ['netns', 'del', `${tag}-${letter}`]).catch(() => undefined);
    }
    await rm(folder, { recursive: true, force: true });
  };
  const box = async (letter: 'a' | 'b', address: string): Promise<Box> => {
    const space = `${tag}-${letter}`;
    const own = join(folder, letter);
    await mkdir(own);
    await exec('ip', ['-n', space, 'link', 'set', 'lo', 'up']);
    await exec('ip', ['-n', space, 'addr', 'add', `${address}/32`, 'dev', 'wan']);
    await exec('ip', ['-n', space, 'link', 'set', 'wan', 'up']);
    await exec('ip', ['-n', space, 'route', 'add', 'default', 'dev', 'wan']);
    const mounts = [
      'set -e',
      `mount -t tmpfs t ${own}`,
      ...OVER.map(
        (path, at) =>
          `mkdir -p ${own}/u${at} ${own}/w${at}; mount -t overlay o -o lowerdir=${path},upperdir=${own}/u${at},workdir=${own}/w${at} ${path}`,
      ),
      'mount -t tmpfs t /run',
      'echo $$ > /run/box; exec sleep 100000',
    ];
    const holder = spawn('ip', ['netns', 'exec', space, 'unshare', '-m', 'sh', '-c', mounts.join('\n')], {
      stdio: 'ignore',
    });
    await until(`box ${letter}`, async () => (await readFile(`/proc/${holder.pid}/root/run/box`, 'utf8')) !== '');
    const enter = ['nsenter', '-t', String(holder.pid), '-m', '-n'];
    return {
      enter,
      run: async (file, ...args) => (await exec(enter[0]!, [...enter.slice(1), file, ...args])).stdout,
      hybridctl: (line, killAt) => called(enter, line, killAt),
      beside: (line) =>
        called(
          enter.filter((word) => word !== '-m'),
          line,
        ),
    };
  };
  const called = ([first, ...words]: readonly string[], line: string, killAt?: RegExp): Promise<Said> =>
    new Promise((resolve) => {
      const child = spawn(
        first!,
        [...words, 'sh', '-c', `cd ${folder} && exec ${process.execPath} ${program} ${line}`],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk) => (out += String(chunk)));
      child.stderr.on('data', (chunk) => {
        err += String(chunk);
        if (killAt?.test(err) === true) child.kill('SIGKILL');
      });
      child.once('close', (code) => resolve({ exit: code ?? 137, out, err }));
    });
  try {
    for (const letter of ['a', 'b']) await exec('ip', ['netns', 'add', `${tag}-${letter}`]);
    await exec('ip', [
      'link',
      'add',
      'wan',
      'netns',
      `${tag}-a`,
      'type',
      'veth',
      'peer',
      'name',
      'wan',
      'netns',
      `${tag}-b`,
    ]);
    const a = await box('a', '172.16.1.157');
    // What the cloud does for an Elastic IP: the instance never sees the address that others send to.
    await a.run('ip', 'addr', 'add', '203.0.113.11/32', 'dev', 'lo');
    await a.run(
      'nft',
      'add table ip eip; add chain ip eip in { type nat hook prerouting priority dstnat; }; add rule ip eip in ip daddr 203.0.113.11 dnat to 172.16.1.157; add chain ip eip out { type nat hook postrouting priority srcnat; }; add rule ip eip out ip saddr 172.16.1.157 snat to 203.0.113.11',
    );
    return { folder, a, b: await box('b', '198.51.100.77'), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** A site of one tunnel between the two, with userspace ESP. */
export const writeSite = async (folder: string, crypto = 'modern'): Promise<void> => {
  await mkdir(join(folder, 'psk'), { recursive: true, mode: 0o700 });
  await writeFile(join(folder, 'psk/vpn1'), 'Key.of.vpn1.for.two.boxes\n', { mode: 0o600 });
  await writeFile(
    join(folder, 'hybridctl.yaml'),
    `version: 1
site: two
crypto: ${crypto}
cloud: { region: cn-north-1, vpc: vpc-0d5a1b2c3d4e5f607, cidr: 172.16.0.0/16 }
gateways:
  - { name: gw-1, az: cn-north-1a, private_ip: 172.16.1.157, public_ip: 203.0.113.11, instance: i-0e1466e8a5dd4892c, eni: eni-023fbd87a1b2c3d4e, interface: tun, wan: wan }
onprem:
  networks: [10.10.0.0/16]
  routers:
    - { name: rtr-1, public_ip: 198.51.100.77, dialect: swanctl, interface: tun, wan: wan }
tunnels:
  - { name: vpn1, gateway: gw-1, router: rtr-1, inside: 169.254.100.0/30, psk_file: psk/vpn1 }
links: [{ name: vpn-a, kind: vpn, tunnel: vpn1 }]
route_tables: [{ id: rtb-0468f52220000000a, name: private-1, az: cn-north-1a, subnets: [172.16.11.0/24], links: [vpn-a] }]
`,
  );
};
