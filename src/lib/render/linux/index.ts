import type { LinuxDialect } from '../../domain/site.ts';
import type { RenderedFile, Renderer } from '../types.ts';
import { linuxBox, type LinuxBox } from './box.ts';
import { hostFiles } from './host.ts';
import { ipsecConfFiles } from './ipsec-conf.ts';
import { swanFiles } from './swan.ts';
import { swanctlFiles } from './swanctl.ts';

const DAEMON_FILES: Readonly<Record<LinuxDialect, (box: LinuxBox) => readonly RenderedFile[]>> = {
  swanctl: swanctlFiles,
  'ipsec-conf': ipsecConfFiles,
  libreswan: (box) => swanFiles(box, 'libreswan'),
  openswan: (box) => swanFiles(box, 'openswan'),
};

/**
 * Every file of one Linux box, a cloud gateway or an on-prem router: the daemon's in its dialect, and the host's.
 * @throws HybridError (usage) when the dialect can't express the site, or a key can't be quoted safely.
 */
export const renderLinux: Renderer = (device) => {
  const box = linuxBox(device);
  return [...DAEMON_FILES[box.dialect](box), ...hostFiles(box)];
};
