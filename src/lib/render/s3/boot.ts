import mountSource from '../../../../templates/s3/unit.mount.hbs?raw';
import serviceSource from '../../../../templates/s3/unit.service.hbs?raw';
import { mountUnitName } from '../../domain/s3/mounts.ts';
import type { MountSpec } from '../../domain/s3/spec.ts';
import { template } from '../engine.ts';
import { ENGINE, s3fsOptions } from './engines.ts';

const mountUnit = template(mountSource);
const serviceUnit = template(serviceSource);

/**
 * `_netdev` and the requirement make boot wait for the network; `nofail` lets it go on where S3 is away. Sources:
 * mount(8), systemd.mount(5), and s3fs(1) for the type `fuse.s3fs`.
 */
const BOOT_OPTIONS = ['_netdev', 'nofail', 'x-systemd.requires=network-online.target', 'x-systemd.mount-timeout=60'];

export const fstabLine = (spec: MountSpec, version: string | undefined): string =>
  `${spec.bucket} ${spec.directory} fuse.s3fs ${[...BOOT_OPTIONS, ...s3fsOptions(spec, version)].join(',')} 0 0`;

export interface BootUnit {
  /** As systemd names it. */
  readonly name: string;
  readonly path: string;
  readonly content: string;
}

/**
 * In a unit a `%` begins a specifier; our allow-lists let none through. A mount unit's name has backslashes, which are
 * its own.
 */
export const bootUnit = (spec: MountSpec, version: string | undefined, program: string): BootUnit => {
  const name = spec.engine === 's3fs' ? mountUnitName(spec.directory) : `hybridctl-s3-${spec.name}.service`;
  const common = { bucket: spec.bucket, directory: spec.directory };
  const { args, env } = ENGINE[spec.engine];
  const foreground = args(spec, version, '').flatMap((arg) =>
    arg === '--daemon' || arg.startsWith('--log-file') ? [] : [arg],
  );
  const content =
    spec.engine === 's3fs'
      ? mountUnit({ ...common, options: ['_netdev', ...s3fsOptions(spec, version)].join(',') })
      : serviceUnit({
          ...common,
          engine: spec.engine,
          environment: Object.entries(env(spec)).map(([key, value]) => `${key}=${value}`),
          command: [program, ...foreground, ...(spec.engine === 'mountpoint-s3' ? ['--foreground'] : [])].join(' '),
          notify: spec.engine === 'rclone',
        });
  return { name, path: `/etc/systemd/system/${name}`, content };
};
