import { join } from 'node:path';
import { usageError } from '../core/errors.ts';
import type { FileToWrite, Ports } from '../core/ports.ts';
import { checkSite, siteWarnings } from '../domain/check.ts';
import { crossCheck } from '../domain/cross-check.ts';
import { octal } from '../domain/file-mode.ts';
import { pathText } from '../domain/issue.ts';
import { cryptoWarnings, type CryptoLevel } from '../domain/crypto.ts';
import { layoutOf } from '../domain/layout.ts';
import { explainMtu } from '../domain/mtu.ts';
import { LINUX_DIALECTS, type Dialect, type InterfaceKind, type Site, type TunnelEntry } from '../domain/site.ts';
import { isLinux, tunnelsOf, type End, type Tunnel } from '../domain/tunnel.ts';
import { renderSite, type RenderedDevice } from '../render/index.ts';
import { absolute, loadBgpPasswords, loadPsks, type LoadedSite } from '../site/file.ts';
import { ignoreFiles } from '../site/keys.ts';
import { refuseOthersFiles } from '../site/neighbours.ts';
import { loadCredentials, NO_CREDENTIALS, type SiteCredentials } from '../site/pki.ts';

/** What a run may ask for instead of what the site file says; the file itself stays as it is. */
export interface Overrides {
  readonly crypto?: CryptoLevel;
  readonly mode?: TunnelEntry['mode'];
  /** By device name. */
  readonly dialects?: ReadonlyMap<string, Dialect>;
  readonly interfaces?: ReadonlyMap<string, InterfaceKind>;
}

export interface FileAccount {
  readonly device: string;
  readonly dialect: Dialect;
  readonly path: string;
  readonly what: string;
  /** Octal, as `ls` and `chmod` write it. */
  readonly mode: string;
  readonly state: 'new' | 'changed' | 'same';
}

export interface EndAccount {
  readonly device: string;
  readonly dialect: Dialect;
  readonly interface: InterfaceKind;
  readonly address: string;
  readonly id: string;
  readonly inside: string;
}

export interface TunnelAccount {
  readonly name: string;
  readonly mode: TunnelEntry['mode'];
  readonly crypto: CryptoLevel;
  readonly cloud: EndAccount;
  readonly onprem: EndAccount;
  readonly mtu: number;
  readonly mss: number;
  /** The arithmetic behind `mtu` and `mss`. */
  readonly sum: string;
}

export interface RenderPlan {
  readonly site: Site;
  readonly tunnels: readonly Tunnel[];
  readonly accounts: readonly TunnelAccount[];
  readonly files: readonly FileAccount[];
  /** Those of `files` that hold the BGP session of a Direct Connect link. */
  readonly bgp: readonly FileAccount[];
  readonly warnings: readonly string[];
  /** Folder of the files, as it is said to a person. */
  readonly out: string;
  /** Only what is new or changed. */
  readonly pending: readonly FileToWrite[];
}

export interface Rendered {
  readonly site: Site;
  readonly tunnels: readonly Tunnel[];
  readonly devices: readonly RenderedDevice[];
  readonly credentials: SiteCredentials;
}

/**
 * Every file of every box, with its keys. A box without a certificate that counts has the rest of its files alone:
 * `credentials.lacking` says so. @throws as `planRender`.
 */
export const renderLoaded = async (
  ports: Pick<Ports, 'files' | 'cwd' | 'clock'>,
  loaded: LoadedSite,
  overrides: Overrides = {},
  certificates: 'needed' | 'later' = 'needed',
): Promise<Rendered> => {
  const site = overrideSite(loaded.site, overrides);
  refuse(checkSite(site));
  const tunnels = tunnelsOf(site);
  refuse(crossCheck(site, tunnels));
  const psks = await loadPsks(ports, { ...loaded, site });
  const bgpPasswords = await loadBgpPasswords(ports, { ...loaded, site });
  const credentials =
    certificates === 'later' ? NO_CREDENTIALS : await loadCredentials(ports, { ...loaded, site }, tunnels);
  return {
    site,
    tunnels,
    devices: renderSite(site, tunnels, { psks, bgpPasswords, credentials: credentials.byDevice }),
    credentials,
  };
};

/**
 * Everything `vpn render` would write, one folder a device, compared with what is there. Writes nothing.
 * @param given folder, where the user named one; else the site's own.
 * @param certificates `later`: where the site is only being written, boxes get their other files without them.
 * @throws HybridError (usage) for any mistake in the site, a key, or a dialect that can't express the site; of exit 5
 * where the folder or a file in it is another site's.
 */
export const planRender = async (
  ports: Pick<Ports, 'files' | 'cwd' | 'clock'>,
  loaded: LoadedSite,
  given: string | undefined,
  overrides: Overrides = {},
  certificates: 'needed' | 'later' = 'needed',
): Promise<RenderPlan> => {
  const { site, tunnels, devices, credentials } = await renderLoaded(ports, loaded, overrides, certificates);
  const named = given ?? layoutOf(site).rendered;
  const out = absolute(ports.cwd, named);

  const accounts: FileAccount[] = [];
  const bgpAccounts: FileAccount[] = [];
  const pending: FileToWrite[] = [];
  for (const { device, dialect, files } of devices) {
    const lack = credentials.lacking.get(device);
    if (lack !== undefined && !credentials.revoked.includes(device))
      throw usageError(`${device} has no certificate that counts: ${lack}`, {
        field: 'pki',
        next: 'run "hybridctl vpn pki issue"',
      });
    // Whoever took the box must not be helped; the others still need what says so.
    if (lack !== undefined) continue;
    for (const { path: relative, content, mode, what, bgp } of files) {
      const path = join(out, device, relative);
      const [before, stat] = await Promise.all([ports.files.read(path), ports.files.stat(path)]);
      const state = before === undefined ? 'new' : before === content && stat?.mode === mode ? 'same' : 'changed';
      const account: FileAccount = { device, dialect, path, what, mode: octal(mode), state };
      accounts.push(account);
      if (bgp === true) bgpAccounts.push(account);
      if (state !== 'same') pending.push({ path, content, mode });
    }
  }
  await refuseOthersFiles(ports.files, site.site, {
    folder: out,
    paths: pending.map(({ path }) => path),
    cwd: ports.cwd,
  });
  return {
    site,
    tunnels,
    out: named,
    accounts: tunnels.map(accountOf),
    files: accounts,
    bgp: bgpAccounts,
    warnings: [...warningsOf(tunnels), ...dxWarnings(site), ...credentialWarnings(credentials)],
    pending: [...pending, ...(pending.length > 0 ? await ignoreFiles(ports, { ...loaded, site }, [out]) : [])],
  };
};

const refuse = (issues: readonly { path: readonly (string | number)[]; message: string }[]): void => {
  const [first, ...more] = issues;
  if (first === undefined) return;
  throw usageError(first.message, {
    field: pathText(first.path),
    more: more.map(({ path, message }) => `${pathText(path)}: ${message}`),
    next: 'fix the site file, or the flags that override it',
  });
};

/** Applies overrides. A Cisco dialect given for a cloud gateway, or an unknown device, is refused. */
export const overrideSite = (
  site: Site,
  { crypto, mode, dialects = new Map(), interfaces = new Map() }: Overrides,
): Site => {
  const known = [...site.gateways, ...site.onprem.routers].map(({ name }) => name);
  for (const name of [...dialects.keys(), ...interfaces.keys()]) {
    if (!known.includes(name))
      throw usageError(`no gateway or router is called ${name}`, {
        field: '--dialect',
        next: `the site has ${known.join(', ')}`,
      });
  }
  return {
    ...site,
    crypto: crypto ?? site.crypto,
    gateways: site.gateways.map((gateway) => {
      const dialect = dialects.get(gateway.name) ?? gateway.dialect;
      if (!isLinux(dialect)) {
        throw usageError(`${gateway.name} is a Linux gateway: ${dialect} can't run there`, {
          field: '--dialect',
          next: `choose one of ${LINUX_DIALECTS.join(', ')}`,
        });
      }
      return { ...gateway, dialect, interface: interfaces.get(gateway.name) ?? gateway.interface };
    }),
    onprem: {
      ...site.onprem,
      routers: site.onprem.routers.map((router) => ({
        ...router,
        dialect: dialects.get(router.name) ?? router.dialect,
        interface: interfaces.get(router.name) ?? router.interface,
      })),
    },
    tunnels: site.tunnels.map((tunnel) => ({ ...tunnel, mode: mode ?? tunnel.mode })),
  };
};

const end = ({ device, dialect, interface: kind, address, id, inside }: End): EndAccount => ({
  device,
  dialect,
  interface: kind,
  address,
  id,
  inside,
});

const accountOf = (tunnel: Tunnel): TunnelAccount => ({
  name: tunnel.name,
  mode: tunnel.mode,
  crypto: tunnel.suite.level,
  cloud: end(tunnel.cloud),
  onprem: end(tunnel.onprem),
  mtu: tunnel.mtu.mtu,
  mss: tunnel.mtu.mss,
  sum: explainMtu(tunnel.mtu),
});

const credentialWarnings = ({ warnings, lacking }: SiteCredentials): readonly string[] => [
  ...warnings,
  ...[...lacking].map(
    ([device, why]) => `${device}: ${why}; nothing is rendered for it: "vpn pki issue ${device}" gives it a new one`,
  ),
];

/** Of the files that are rendered: a session that AWS's key keeps down. */
const dxWarnings = (site: Site): readonly string[] =>
  siteWarnings(site).flatMap(({ path, message }) =>
    path.at(-1) === 'bgp_password_file' ? [`${pathText(path)}: ${message}`] : [],
  );

const warningsOf = (tunnels: readonly Tunnel[]): readonly string[] => [
  ...new Set(tunnels.flatMap(({ suite }) => cryptoWarnings(suite))),
];
