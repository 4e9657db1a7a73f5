import type { Call, Difference, Step } from '../../core/procedure.ts';
import { authorityFile } from '../../domain/certificates.ts';
import type { HostBox, Where } from './box.ts';
import { daemonOf, restartCalls, run } from './daemon.ts';

/** Folders in which a certificate or a key of ours may lie. */
const FOLDERS = [
  '/etc/swanctl/x509',
  '/etc/swanctl/x509ca',
  '/etc/swanctl/x509crl',
  '/etc/swanctl/private',
  '/etc/ipsec.d/certs',
  '/etc/ipsec.d/cacerts',
  '/etc/ipsec.d/crls',
  '/etc/ipsec.d/private',
  '/etc/hybridctl/pki/ca',
  '/etc/hybridctl/pki/crl',
  '/etc/hybridctl/pki/certificate',
  '/etc/hybridctl/pki/private',
];

const inFolders = (path: string): boolean => FOLDERS.some((folder) => path.startsWith(`${folder}/`));

/** Certificates and keys of this site that the box should no longer have: of another name, or no longer in use. */
const leftovers = async ({ site, files }: HostBox, { shell }: Pick<Where, 'shell'>): Promise<readonly string[]> => {
  const name = authorityFile(site);
  // A folder that is not there is nothing to look into: find(1) says so, and goes on.
  const { stdout } = await shell.run('find', [
    ...FOLDERS,
    '-maxdepth',
    '1',
    '-type',
    'f',
    '(',
    '-name',
    `${name}.pem`,
    '-o',
    '-name',
    `${name}_*.pem`,
    ')',
  ]);
  const wanted = files.map(({ path }) => path);
  return stdout.split('\n').filter((path) => path !== '' && !wanted.includes(path));
};

/** Takes away what was revoked or is no longer in use. It comes back on no rollback. */
export const credentialStep = (box: HostBox): Step => ({
  key: 'credentials',
  title: 'certificates and keys that are no longer in use',
  async read(context) {
    const found = await leftovers(box, context);
    const differences = found.map((field): Difference => ({ field, is: 'no longer in use' }));
    const existing = { id: box.device, owned: true };
    return differences.length === 0
      ? { state: 'ready', found: existing }
      : { state: 'differs', found: existing, differences };
  },
  create: () => [],
  update: (_values, _found, differences) => [run('rm', '-f', '--', ...differences.map(({ field }) => field))],
});

/**
 * What has to follow once changed credentials are loaded.
 * @param stale files that are newer than what the daemon has.
 */
export const afterLoading = (box: HostBox, stale: readonly string[]): readonly Call[] => {
  const daemon = daemonOf(box);
  const changed = stale.filter(inFolders);
  const listed = changed.some((path) => /\/(?:x509crl|crls|crl)\//.test(path));
  // NSS keeps a list that it has looked into for as long as pluto lives: pluto shows the new one (`ipsec whack
  // --listcrls`) and goes on letting in who is on it. Tried with Libreswan 4.10. Its connections begin by themselves.
  if (box.dialect === 'libreswan' && listed && box.revoked.length > 0) return restartCalls(box, daemon);
  // An association outlives the certificate that it was made with: what a revoked one brought up has to be ended.
  const ended = listed ? box.revoked : [];
  const renewed = changed.some((path) => /\/(?:x509|certs|certificate)\//.test(path))
    ? box.begins.filter((name) => !ended.includes(name))
    : [];
  return [
    ...ended.map(daemon.end),
    ...box.begins.filter((name) => ended.includes(name)).map(daemon.begin),
    ...renewed.flatMap((name) => daemon.renew?.(name) ?? []),
  ];
};
