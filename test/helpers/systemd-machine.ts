import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { plugCable, removeSpace, startBox, type Box, type Said } from './boxes.ts';
import { until } from './charon-pair.ts';
import { debianTree } from './debian-tree.ts';
import { CGROUPS, NSPAWN_FOLDERS } from './leftovers.ts';
import { builtProgram } from './program.ts';

const exec = promisify(execFile);

/** Where a machine sees this project, read only. A service can start from there: it is no temporary folder. */
export const PROJECT = '/opt/hybridctl';

/** A Debian whose process 1 is systemd: its own files, processes and network. It takes two seconds to boot. */
export interface Machine {
  /** Its files, as seen from here. */
  readonly root: string;
  /** Runs a line of shell inside as root. @throws when it exits with anything but 0, with what it said. */
  sh(line: string): Promise<string>;
  /** The whole command line as it is shipped, started in /root. */
  hybridctl(line: string): Promise<Said>;
  /** `systemctl reboot`: its disk stays, the kernel's settings, addresses and packet filters are made anew. */
  reboot(): Promise<void>;
  /** The same, but the power goes in the middle of whatever runs. */
  powerCut(): Promise<void>;
}

export interface MachineAndBox {
  /** 172.16.1.157 behind 203.0.113.11. */
  readonly machine: Machine;
  /** 198.51.100.77, at the other end of the cable. It has a folder `folder` and no systemd. */
  readonly box: Box;
  readonly folder: string;
  stop(): Promise<void>;
}

const quietlyKill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
};

/** The process that is number 1 inside, as it is numbered here. */
const processOne = (nspawn: number): Promise<number> =>
  until('process 1 of the machine', async () => {
    const child = Number((await exec('pgrep', ['-P', String(nspawn)])).stdout.split('\n')[0]);
    return /^NSpid:\s+\d+\s+1$/m.test(await readFile(`/proc/${child}/status`, 'utf8')) && child;
  });

/**
 * A machine at a cable with a plain box. Both are gone after `stop`; what a killed test leaves is found by its names
 * (see leftovers.ts).
 */
export const machineAndBox = async (): Promise<MachineAndBox> => {
  const tree = await debianTree();
  const program = await builtProgram();
  const tag = `${basename(tmpdir())}-${randomBytes(3).toString('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), 'hybridctl-machine-'));
  const root = join(folder, 'root');
  const spaces = [`${tag}-a`, `${tag}-b`] as const;
  let nspawn: ChildProcess | undefined;
  let log = '';
  let one = 0;

  /** Words that enter it: none of our environment goes along. */
  const enter = (): readonly string[] => [
    ...['nsenter', '-t', String(one), '-a', '-w', '--', 'env', '-i'],
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ...['HOME=/root', 'LANG=C.UTF-8', 'NO_COLOR=1'],
  ];
  const called = async (script: string): Promise<Said> => {
    const [first, ...words] = [...enter(), 'sh', '-c', `cd /root && ${script}`];
    try {
      const { stdout, stderr } = await exec(first!, words, { maxBuffer: 2 ** 26, timeout: 150_000 });
      return { exit: 0, out: stdout, err: stderr };
    } catch (error) {
      const { code, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string };
      return { exit: typeof code === 'number' ? code : 137, out: stdout, err: stderr };
    }
  };
  const sh = async (line: string): Promise<string> => {
    const { exit, out, err } = await called(line);
    if (exit !== 0) throw new Error(`${line}: exit ${exit}\n${out}${err}`);
    return out;
  };

  const boot = async (): Promise<void> => {
    await removeSpace(spaces[0]);
    // The kernel takes its time to remove a namespace; the cable's other end may still be there.
    await exec('ip', ['-n', spaces[1], 'link', 'del', 'wan']).catch(() => undefined);
    await exec('ip', ['netns', 'add', spaces[0]]);
    await plugCable(...spaces);
    // A group of processes of its own: two machines in one would end each other's services.
    const own = CGROUPS.map(
      (place) =>
        `! test -e ${place}/cgroup.procs || { mkdir -p ${place}/${tag} && echo $$ >${place}/${tag}/cgroup.procs; }`,
    );
    const words = [
      ...['systemd-nspawn', '--quiet', '--boot', `--directory=${root}`, `--machine=${tag}`, '--hostname=gw-1'],
      // This host may have no systemd of its own to ask.
      ...['--register=no', '--keep-unit', '--console=pipe', '--link-journal=no'],
      `--network-namespace-path=/run/netns/${spaces[0]}`,
      '--capability=CAP_NET_ADMIN,CAP_NET_RAW',
      ...['--bind=/dev/fuse', `--bind-ro=${process.execPath}:/usr/local/bin/node`],
      `--bind-ro=${resolve('.')}:${PROJECT}`,
    ];
    [log, one] = ['', 0];
    nspawn = spawn('sh', ['-c', `${own.join('\n')}\nexec "$@"`, 'boot', ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // The network is its own, so its settings are its to change.
      env: { ...process.env, SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network' },
    });
    for (const stream of [nspawn.stdout!, nspawn.stderr!]) stream.on('data', (chunk) => (log += String(chunk)));
    one = await processOne(nspawn.pid!).catch((error: unknown) => {
      throw new Error(`it does not boot: ${log}`, { cause: error });
    });
    // "degraded" is for the test to judge.
    await until(
      'the end of the boot',
      async () => /^(running|degraded)$/m.test((await called('systemctl is-system-running --wait')).out),
      60_000,
    );
  };
  const ended = async (): Promise<void> => {
    if (nspawn === undefined || nspawn.exitCode !== null || nspawn.signalCode !== null) return;
    await new Promise((gone) => nspawn!.once('exit', gone));
  };
  /** Its process 1 and with it all that runs inside; systemd-nspawn alone would leave them running. */
  const powerOff = async (): Promise<void> => {
    if (one > 0) quietlyKill(one);
    else nspawn?.kill('SIGKILL');
    await ended();
  };
  const stop = async (): Promise<void> => {
    await powerOff();
    for (const space of spaces) await removeSpace(space);
    await exec('umount', ['--lazy', root]).catch(() => undefined);
    for (const place of NSPAWN_FOLDERS) await rm(join(place, tag), { recursive: true, force: true });
    for (const place of CGROUPS)
      await exec('find', [join(place, tag), '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']).catch(
        () => undefined,
      );
    await rm(folder, { recursive: true, force: true });
  };

  try {
    for (const name of ['root', 'upper', 'work']) await mkdir(join(folder, name));
    const places = [`lowerdir=${tree}`, `upperdir=${join(folder, 'upper')}`, `workdir=${join(folder, 'work')}`];
    await exec('mount', ['-t', 'overlay', 'overlay', '-o', places.join(','), root]);
    await exec('ip', ['netns', 'add', spaces[1]]);
    await boot();
    const machine: Machine = {
      root,
      sh,
      hybridctl: (line) => called(`exec node ${PROJECT}/${program.slice(resolve('.').length + 1)} ${line}`),
      async reboot() {
        // It answers before it is down, or not at all.
        await called('systemctl poweroff');
        await ended();
        await boot();
      },
      async powerCut() {
        await powerOff();
        await boot();
      },
    };
    return { machine, box: await startBox(spaces[1], folder, 'b'), folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
