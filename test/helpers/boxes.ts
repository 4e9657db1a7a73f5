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

const addresses = { a: '172.16.1.157', b: '198.51.100.77' } as const;

/**
 * A cable between two network namespaces, `wan` at both ends: a is 172.16.1.157 behind 203.0.113.11, b is
 * 198.51.100.77.
 */
export const plugCable = async (a: string, b: string): Promise<void> => {
  const ip = (space: string, ...args: readonly string[]) => exec('ip', ['-n', space, ...args]);
  await exec('ip', ['link', 'add', 'wan', 'netns', a, 'type', 'veth', 'peer', 'name', 'wan', 'netns', b]);
  for (const [space, address] of [
    [a, addresses.a],
    [b, addresses.b],
  ] as const) {
    await ip(space, 'link', 'set', 'lo', 'up');
    await ip(space, 'addr', 'add', `${address}/32`, 'dev', 'wan');
    await ip(space, 'link', 'set', 'wan', 'up');
    await ip(space, 'route', 'add', 'default', 'dev', 'wan');
  }
  // What the cloud does for an Elastic IP: the instance never sees the address that others send to.
  await ip(a, 'addr', 'add', '203.0.113.11/32', 'dev', 'lo');
  await exec('ip', [
    'netns',
    'exec',
    a,
    'nft',
    'add table ip eip; add chain ip eip in { type nat hook prerouting priority dstnat; }; add rule ip eip in ip daddr 203.0.113.11 dnat to 172.16.1.157; add chain ip eip out { type nat hook postrouting priority srcnat; }; add rule ip eip out ip saddr 172.16.1.157 snat to 203.0.113.11',
  ]);
};

/** Ends all that runs in a network namespace, and removes it. */
export const removeSpace = async (space: string): Promise<void> => {
  const { stdout } = await exec('ip', ['netns', 'pids', space]).catch(() => ({ stdout: '' }));
  for (const pid of stdout.split('\n').filter((line) => line !== '')) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // Already gone.
    }
  }
  await exec('ip', ['netns', 'del', space]).catch(() => undefined);
};

const called = ([first, ...words]: readonly string[], folder: string, line: string, killAt?: RegExp): Promise<Said> =>
  builtProgram().then(
    (program) =>
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
      }),
  );

/** A box of a network namespace, with its folder below `folder`. It ends with its namespace. */
export const startBox = async (space: string, folder: string, letter: string): Promise<Box> => {
  const own = join(folder, letter);
  await mkdir(own);
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
    hybridctl: (line, killAt) => called(enter, folder, line, killAt),
    beside: (line) =>
      called(
        enter.filter((word) => word !== '-m'),
        folder,
        line,
      ),
  };
};

/**
 * Two bare boxes at one cable, `wan`: a is 172.16.1.157 behind 203.0.113.11, b is 198.51.100.77. Needs root. Nothing
 * runs in them yet.
 */
export const twoBoxes = async (): Promise<Boxes> => {
  const tag = `hyu-${randomBytes(3).toString('hex')}`;
  await builtProgram();
  const folder = await mkdtemp(join(tmpdir(), `${tag}-`));
  const spaces = [`${tag}-a`, `${tag}-b`] as const;
  const stop = async (): Promise<void> => {
    for (const space of spaces) await removeSpace(space);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const space of spaces) await exec('ip', ['netns', 'add', space]);
    await plugCable(...spaces);
    const [a, b] = [await startBox(spaces[0], folder, 'a'), await startBox(spaces[1], folder, 'b')];
    return { folder, a, b, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

const GATEWAY = `  - { name: gw-2, az: cn-north-1b, private_ip: 172.16.2.126, public_ip: 203.0.113.12, instance: i-0430fe110cdec5835, eni: eni-02d75e6061b2c3d4e, interface: tun, wan: wan }
`;
const ROUTER = `    - { name: rtr-2, public_ip: 198.51.100.140, dialect: swanctl, interface: tun, wan: wan }
`;
const TUNNEL = `  - { name: vpn2, gateway: gw-2, router: rtr-2, inside: 169.254.200.0/30, psk_file: psk/vpn2 }
`;
const TABLE = `,
  { id: rtb-04b8f522f0000000b, name: private-2, az: cn-north-1b, subnets: [172.16.12.0/24], links: [vpn-b, vpn-a] }`;

/**
 * A site of one tunnel between the two, with userspace ESP. @param second whether there is a second gateway with a
 * tunnel, of which nothing but the description exists
 */
export const writeSite = async (folder: string, crypto = 'modern', second = false): Promise<void> => {
  const also = (text: string): string => (second ? text : '');
  await mkdir(join(folder, 'psk'), { recursive: true, mode: 0o700 });
  await writeFile(join(folder, 'psk/vpn1'), 'Key.of.vpn1.for.two.boxes\n', { mode: 0o600 });
  if (second) await writeFile(join(folder, 'psk/vpn2'), 'Key.of.vpn2.for.two.boxes\n', { mode: 0o600 });
  await writeFile(
    join(folder, 'hybridctl.yaml'),
    `version: 1
site: two
crypto: ${crypto}
cloud: { region: cn-north-1, vpc: vpc-0d5a1b2c3d4e5f607, cidr: 172.16.0.0/16 }
gateways:
  - { name: gw-1, az: cn-north-1a, private_ip: 172.16.1.157, public_ip: 203.0.113.11, instance: i-0e1466e8a5dd4892c, eni: eni-023fbd87a1b2c3d4e, interface: tun, wan: wan }
${also(GATEWAY)}onprem:
  networks: [10.10.0.0/16]
  routers:
    - { name: rtr-1, public_ip: 198.51.100.77, dialect: swanctl, interface: tun, wan: wan }
${also(ROUTER)}tunnels:
  - { name: vpn1, gateway: gw-1, router: rtr-1, inside: 169.254.100.0/30, psk_file: psk/vpn1 }
${also(TUNNEL)}links: [{ name: vpn-a, kind: vpn, tunnel: vpn1 }${also(', { name: vpn-b, kind: vpn, tunnel: vpn2 }')}]
route_tables: [{ id: rtb-0468f52220000000a, name: private-1, az: cn-north-1a, subnets: [172.16.11.0/24], links: [vpn-a${also(', vpn-b')}] }${also(TABLE)}]
`,
  );
};
