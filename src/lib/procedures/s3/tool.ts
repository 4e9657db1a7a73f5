import { missing } from '../../core/errors.ts';
import type { Step, ReadContext } from '../../core/procedure.ts';
import type { Engine } from '../../domain/s3/spec.ts';
import { ENGINE } from '../../render/s3/engines.ts';

/** Slot of the installed version, `1.90`. */
export const VERSION = 'tool/version';
const MANAGER = 'tool/manager';

const MANAGERS = ['apt-get', 'dnf', 'yum'] as const;
type Manager = (typeof MANAGERS)[number];

/** Where packages are that a distribution does not bring itself. */
const WHERE: Readonly<Record<Engine, string>> = {
  s3fs: 'on RHEL and its kin it is in EPEL (dnf install epel-release); Amazon Linux 2023 has none: use --engine mountpoint-s3',
  'mountpoint-s3': 'download the package of "Installing Mountpoint for Amazon S3", or use --engine s3fs',
  rclone: 'on RHEL and its kin it is in EPEL (dnf install epel-release)',
};

/** @returns the version of an engine's program; undefined where it is not installed. */
export const versionOf = async ({ shell }: Pick<ReadContext, 'shell'>, engine: Engine): Promise<string | undefined> => {
  const { program, version } = ENGINE[engine];
  if ((await shell.which(program)) === undefined) return undefined;
  const { stdout, stderr } = await shell.run(program, ['--version'], { timeoutMs: 20_000 });
  return version.exec(`${stdout}${stderr}`)?.[1] ?? 'unknown';
};

const installedBy = async ({ shell }: Pick<ReadContext, 'shell'>): Promise<Manager | undefined> => {
  for (const manager of MANAGERS) if ((await shell.which(manager)) !== undefined) return manager;
  return undefined;
};

/** The program that mounts, by the distribution's packages. It stays when a mount goes. */
export const toolStep = (engine: Engine): Step => {
  const { program, packages } = ENGINE[engine];
  return {
    key: 'tool',
    title: program,
    async read(context) {
      const version = await versionOf(context, engine);
      if (version !== undefined)
        return {
          state: 'ready',
          found: { id: `${program} ${version}`, outputs: { [VERSION]: version }, owned: false },
        };
      const manager = await installedBy(context);
      if (manager === undefined)
        throw missing(`${program} is not installed, and there is no apt-get, dnf or yum to install it`, {
          next: `install ${program} yourself`,
        });
      const root = (await context.shell.run('id', ['-u'])).stdout.trim() === '0';
      if (!root)
        throw missing(`${program} is not installed, and only root can install it`, {
          next: `sudo ${manager} install ${packages[manager]}`,
        });
      return { state: 'absent', outputs: { [MANAGER]: manager } };
    },
    create: (values) => {
      const manager = MANAGERS.find((one) => one === values(MANAGER)) ?? 'apt-get';
      const what = `${packages[manager]} can't be installed; ${WHERE[engine]}`;
      if (manager !== 'apt-get')
        return [{ kind: 'run', file: manager, args: ['install', '-y', '-q', packages[manager]], what }];
      return [
        { kind: 'run', file: 'apt-get', args: ['update', '-q'], what: 'the package lists can not be fetched' },
        {
          kind: 'run',
          file: 'env',
          args: [
            'DEBIAN_FRONTEND=noninteractive',
            'apt-get',
            'install',
            '-q',
            '-y',
            '--no-install-recommends',
            '-o',
            'DPkg::Lock::Timeout=120',
            packages[manager],
          ],
          what,
        },
      ];
    },
  };
};
