import { missing } from '../../core/errors.ts';
import type { LinuxDialect } from '../../domain/site.ts';
import type { RenderedFile } from '../../render/types.ts';
import type { Where } from './box.ts';

/** Where Debian, Fedora, EPEL and others keep strongSwan's plugins. */
const FOLDERS = [
  '/usr/lib/ipsec/plugins',
  '/usr/lib64/strongswan/plugins',
  '/usr/lib/strongswan/plugins',
  '/usr/libexec/ipsec/plugins',
];
/** In every installation: the folder that has it is the right one. */
const ALWAYS = 'nonce';

interface Needed {
  /** One of them is enough. */
  readonly plugins: readonly string[];
  readonly for: string;
  /** That bring the first plugin: Debian's package, and in brackets Fedora's. */
  readonly package: string;
  /** What in a rendered file needs it. */
  readonly said: RegExp;
}

/** A connection with certificates, in either of strongSwan's dialects. */
const CERTIFICATES = /^\s*(?:auth = pubkey|leftauth=pubkey)$/m;

/**
 * Packages by "dpkg -S" on Debian 12 and by the spec file of Fedora's strongswan package. Without one charon starts all
 * the same, says so in its log alone, and the tunnel never comes up.
 */
const NEEDED: readonly Needed[] = [
  {
    plugins: ['kernel-libipsec'],
    for: 'ESP in userspace (interface: tun)',
    package: 'libcharon-extra-plugins (Fedora: strongswan-libipsec)',
    said: /kernel-libipsec \{\s+load = yes/,
  },
  {
    plugins: ['openssl', 'botan', 'wolfssl'],
    for: 'the elliptic curves of the proposals',
    package: 'libstrongswan-standard-plugins',
    said: /(?:proposals|ike|esp) ?=.*ecp\d/,
  },
  {
    plugins: ['gcm', 'openssl', 'botan', 'wolfssl'],
    for: 'AES-GCM of the proposals',
    package: 'libstrongswan-standard-plugins',
    said: /(?:proposals|ike|esp) ?=.*gcm/,
  },
  ...(['x509', 'pem', 'pkcs1', 'pkcs8', 'constraints'] as const).map((plugin) => ({
    plugins: [plugin],
    for: 'certificates and their keys',
    package: 'libstrongswan',
    said: CERTIFICATES,
  })),
  {
    plugins: ['revocation'],
    for: 'the revocation list, without which nobody would look into it',
    package: 'libstrongswan',
    said: CERTIFICATES,
  },
];

/** @throws exit 4 for a plugin that the files need and that is not installed, with its package. */
export const needPlugins = async (
  { files }: Pick<Where, 'files'>,
  dialect: LinuxDialect,
  rendered: readonly RenderedFile[],
): Promise<void> => {
  if (dialect !== 'swanctl' && dialect !== 'ipsec-conf') return;
  const has = async (folder: string, plugin: string): Promise<boolean> =>
    (await files.stat(`${folder}/libstrongswan-${plugin}.so`)) !== undefined;
  for (const folder of FOLDERS) {
    if (!(await has(folder, ALWAYS))) continue;
    for (const { plugins, for: what, package: name, said } of NEEDED) {
      if (!rendered.some(({ content }) => said.test(content))) continue;
      if ((await Promise.all(plugins.map((plugin) => has(folder, plugin)))).includes(true)) continue;
      throw missing(`strongSwan's plugin ${plugins[0]} is not installed there; it is needed for ${what}`, {
        next: `install the package ${name}, then restart strongSwan`,
      });
    }
    return;
  }
};
