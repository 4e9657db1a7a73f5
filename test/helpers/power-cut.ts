import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shell } from '../../src/lib/adapters/shell.ts';

export type FileSystem = 'ext4' | 'xfs';

/** A file system on a loop device, whose power can be cut. */
export interface Disk {
  readonly folder: string;
  /**
   * From this moment on nothing reaches the disk; then `kill` ends who wrote, and it is mounted again, as after the
   * next boot.
   */
  cutPower(kill: () => Promise<void>): Promise<void>;
  /** Not one block is free after it. */
  fill(): Promise<void>;
  remove(): Promise<void>;
}

const must = async (file: string, ...args: readonly string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await shell.run(file, args);
  if (exitCode !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
  return stdout;
};

/**
 * FS_IOC_SHUTDOWN (ioctl 0x8004587d, the same for ext4 and xfs) with NOLOGFLUSH (2): the file system takes no more
 * writes, and what lay in memory is lost, as when the power goes. It is what xfstests cut with ("godown").
 */
const GO_DOWN = 'open(my $f, "<", $ARGV[0]) or die $!; my $how = pack("L", 2); ioctl($f, 0x8004587d, $how) or die $!;';

/** mkfs.xfs makes none below 300 MB. The file is sparse. */
const SIZE: Readonly<Record<FileSystem, string>> = { ext4: '24M', xfs: '320M' };

/** Whether this machine can make and mount one. */
export const canMake = async (kind: FileSystem): Promise<boolean> => {
  if (process.getuid?.() !== 0 || (await shell.which(`mkfs.${kind}`)) === undefined) return false;
  return (
    (await shell.which('perl')) !== undefined &&
    (await shell.run('sh', ['-c', `modprobe ${kind} 2>/dev/null; grep -qw ${kind} /proc/filesystems`])).exitCode ===
      0 &&
    (await shell.run('losetup', ['-f'])).exitCode === 0
  );
};

export const makeDisk = async (kind: FileSystem): Promise<Disk> => {
  const home = await mkdtemp(join(tmpdir(), 'hybridctl-disk-'));
  let image = join(home, 'image');
  const folder = join(home, 'mounted');
  await mkdir(folder);
  await must('truncate', '-s', SIZE[kind], image);
  await must(`mkfs.${kind}`, '-q', image);
  const mount = () => must('mount', '-t', kind, '-o', kind === 'xfs' ? 'loop,nouuid' : 'loop', image, folder);
  const unmount = async (): Promise<void> => {
    // Who was killed a moment ago may still be on its way out.
    for (let tries = 0; ; tries += 1) {
      const { exitCode, stderr } = await shell.run('umount', [folder]);
      if (exitCode === 0) return;
      if (tries > 50) throw new Error(stderr);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  let cuts = 0;
  await mount();
  return {
    folder,
    async cutPower(kill) {
      await must('perl', '-e', GO_DOWN, folder);
      await kill();
      await unmount();
      // A copy: a mount namespace of somebody else (a lab's) may hold the old mount, and with it a file system that is
      // shut down.
      cuts += 1;
      const copy = join(home, `image-${cuts}`);
      await must('cp', '--sparse=always', image, copy);
      await rm(image);
      image = copy;
      await mount();
    },
    async fill() {
      // Smaller and smaller pieces, until not even one block is left.
      for (const size of ['1M', '64k', '4k'])
        await shell.run('sh', [
          '-c',
          `dd if=/dev/zero of="$1/fill.${size}" bs=${size} 2>/dev/null; sync; true`,
          'fill',
          folder,
        ]);
    },
    async remove() {
      await unmount();
      await rm(home, { recursive: true, force: true });
    },
  };
};

/** A program that runs until it is killed, and its last whole line. */
export const until = (file: string, args: readonly string[]) => {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    last: (): string | undefined => out.split('\n').at(-2),
    error: () => err,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
};
