import { dirname, join } from 'node:path';
import { failure, usageError } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import {
  authorityName,
  certAddresses,
  certDevices,
  EXPIRY_WARNING_MS,
  keyKindOf,
  type Credentials,
  type OwnCertificate,
} from '../domain/certificates.ts';
import { layoutOf } from '../domain/layout.ts';
import { refuseOpenFile } from '../domain/file-mode.ts';
import { isLinux, type Tunnel } from '../domain/tunnel.ts';
import { pemBlock, readCertificate, readRevocations, type Certificate } from './certificate.ts';
import type { LoadedSite } from './file.ts';

/** Where the CA of a site is kept: a folder of its own beside the site file, so that two sites never share a key. */
export const pkiFolder = ({ site, path }: Pick<LoadedSite, 'site' | 'path'>): string =>
  join(dirname(path), layoutOf(site).pki);
export const authorityPath = (folder: string): string => join(folder, 'authority.pem');
export const devicePath = (folder: string, device: string): string => join(folder, 'devices', `${device}.pem`);
export const crlPath = (folder: string): string => join(folder, 'crl.pem');

export type CertificateState = 'good' | 'expiring' | 'expired' | 'revoked' | 'absent' | 'other';

export interface IssuedCertificate {
  readonly serial: string;
  readonly device: string;
  readonly revoked: boolean;
  /** Wall time, ms. */
  readonly notAfter: number;
}

export interface DeviceStatus {
  readonly device: string;
  readonly state: CertificateState;
  readonly certificate: Certificate | undefined;
  /** Why it has to be issued again, or for the first time; empty where it is good. */
  readonly why: readonly string[];
}

export interface PkiState {
  readonly folder: string;
  readonly authority: Certificate | undefined;
  /** Whether the list that is given to the boxes has what is revoked, and is not about to expire. */
  readonly crlCurrent: boolean;
  readonly issued: readonly IssuedCertificate[];
  readonly devices: readonly DeviceStatus[];
}

type Read = Pick<Ports, 'files'>;

/** A private file of the CA. @throws usage error where others can read it. */
const privateFile = async ({ files }: Read, path: string): Promise<string | undefined> => {
  const stat = await files.stat(path);
  if (stat === undefined) return undefined;
  refuseOpenFile({ path, mode: stat.mode, field: 'pki', written: path });
  return files.read(path);
};

/** OpenSSL's index: state, expiry, revocation, serial, file, subject, by tabs (ca(1), "database"). */
const readIndex = (text: string): readonly IssuedCertificate[] =>
  text.split('\n').flatMap((line) => {
    const [state, expiry = '', , serial, , subject = ''] = line.split('\t');
    const device = /\/CN=([A-Za-z0-9-]+)$/.exec(subject)?.[1];
    if (serial === undefined || device === undefined) return [];
    const [, year, rest] = /^(\d{2}|\d{4})(\d{10})Z$/.exec(expiry) ?? [];
    const digits = rest ?? '0101000000';
    const at = [0, 2, 4, 6, 8].map((start) => Number(digits.slice(start, start + 2)));
    const full = Number(year ?? 0) < 100 ? 2000 + Number(year ?? 0) : Number(year);
    return [
      { serial, device, revoked: state === 'R', notAfter: Date.UTC(full, at[0]! - 1, at[1], at[2], at[3], at[4]) },
    ];
  });

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** What stands against a certificate, in sentences. */
const troubles = (
  certificate: Certificate,
  tunnels: readonly Tunnel[],
  device: string,
  issuer: string,
): readonly string[] => {
  const wanted = certAddresses(tunnels, device);
  const lacking = wanted.filter((address) => !certificate.addresses.includes(address));
  const kind = keyKindOf(tunnels, device);
  return [
    ...(certificate.issuer === issuer ? [] : [`it was issued by ${certificate.issuer}, not by ${issuer}`]),
    ...(lacking.length === 0 ? [] : [`it lacks ${lacking.join(' and ')}, which its tunnels know ${device} by`]),
    ...(certificate.keyKind === kind ? [] : [`its key is ${certificate.keyKind}, and its tunnels need ${kind}`]),
  ];
};

const deviceStatus = (
  text: string | undefined,
  device: string,
  {
    tunnels,
    issuer,
    revoked,
    now,
  }: { tunnels: readonly Tunnel[]; issuer: string; revoked: ReadonlySet<string>; now: number },
): DeviceStatus => {
  if (text === undefined) return { device, state: 'absent', certificate: undefined, why: ['none was issued'] };
  const certificate = readCertificate(text);
  const { notAfter } = certificate;
  if (revoked.has(certificate.serial)) return { device, state: 'revoked', certificate, why: ['it is revoked'] };
  if (notAfter <= now) return { device, state: 'expired', certificate, why: [`it expired on ${day(notAfter)}`] };
  const why = troubles(certificate, tunnels, device, issuer);
  if (why.length > 0) return { device, state: 'other', certificate, why };
  return notAfter - now < EXPIRY_WARNING_MS
    ? { device, state: 'expiring', certificate, why: [`it expires on ${day(notAfter)}`] }
    : { device, state: 'good', certificate, why: [] };
};

/** How the CA and the certificates of a site stand. Reads files alone. @throws usage error for a key others can read. */
export const readPki = async (
  ports: Read,
  loaded: Pick<LoadedSite, 'site' | 'path'>,
  tunnels: readonly Tunnel[],
  now: number,
): Promise<PkiState> => {
  const folder = pkiFolder(loaded);
  const text = await privateFile(ports, authorityPath(folder));
  const authority = text === undefined ? undefined : readCertificate(text);
  const issued = readIndex((await ports.files.read(join(folder, 'index.txt'))) ?? '');
  const revoked = new Set(issued.filter((one) => one.revoked).map(({ serial }) => serial));
  const crl = await ports.files.read(crlPath(folder));
  const list = crl === undefined ? undefined : readRevocations(crl);
  const devices: DeviceStatus[] = [];
  for (const device of certDevices(tunnels)) {
    const own = await privateFile(ports, devicePath(folder, device));
    devices.push(deviceStatus(own, device, { tunnels, issuer: authorityName(loaded.site.site), revoked, now }));
  }
  return {
    folder,
    authority,
    issued,
    crlCurrent:
      list !== undefined &&
      list.nextUpdate - now > EXPIRY_WARNING_MS &&
      [...revoked].every((serial) => list.serials.includes(serial)),
    devices,
  };
};

const transportOf = (text: string): OwnCertificate['transport'] => {
  const passphrase = /-----BEGIN PASSPHRASE-----\s+(\S+)\s+-----END/.exec(text)?.[1];
  // The form under a passphrase has headers, which the plain one has not.
  const pem = /-----BEGIN ((?:RSA|EC) PRIVATE KEY)-----\nProc-Type: 4,ENCRYPTED\n[\s\S]+?-----END \1-----\n/.exec(
    text,
  )?.[0];
  const pkcs12 = pemBlock(text, 'PKCS12');
  return passphrase === undefined || pem === undefined || pkcs12 === undefined
    ? undefined
    : { passphrase, pem, pkcs12 };
};

export interface SiteCredentials {
  readonly byDevice: ReadonlyMap<string, Credentials>;
  /** Boxes without a certificate that counts, each with why. */
  readonly lacking: ReadonlyMap<string, string>;
  /** Boxes of which a certificate was revoked: whoever holds it must not stay connected. */
  readonly revoked: readonly string[];
  /** What a person should know: certificates that expire soon. */
  readonly warnings: readonly string[];
}

export const NO_CREDENTIALS: SiteCredentials = { byDevice: new Map(), lacking: new Map(), revoked: [], warnings: [] };

/**
 * What every box presents and trusts, for rendering. A box whose certificate is revoked, expired or not issued has none
 * of its own; the others still get the list that says so.
 * @throws usage error where the site has certificate tunnels and no CA.
 */
export const loadCredentials = async (
  ports: Read & Pick<Ports, 'clock'>,
  loaded: Pick<LoadedSite, 'site' | 'path'>,
  tunnels: readonly Tunnel[],
): Promise<SiteCredentials> => {
  if (certDevices(tunnels).length === 0) return NO_CREDENTIALS;
  const state = await readPki(ports, loaded, tunnels, ports.clock.now());
  const next = 'run "hybridctl vpn pki init", then "hybridctl vpn pki issue"';
  const authority = await ports.files.read(authorityPath(state.folder));
  const crl = await ports.files.read(crlPath(state.folder));
  if (state.authority === undefined || authority === undefined || crl === undefined)
    throw usageError(`${state.folder} has no CA, and tunnels have auth: cert`, { field: 'tunnels', next });
  if (!state.crlCurrent)
    throw usageError('the revocation list lacks what is revoked, or is about to expire', { field: 'pki', next });
  const ca = pemBlock(authority, 'CERTIFICATE');
  if (ca === undefined) throw failure(`${authorityPath(state.folder)} has no certificate`, { next });
  const common = { ca, crl };
  const byDevice = new Map<string, Credentials>();
  const lacking = new Map<string, string>();
  const warnings: string[] = [];
  for (const { device, state: how, why } of state.devices) {
    const usable = how === 'good' || how === 'expiring';
    const text = usable ? await ports.files.read(devicePath(state.folder, device)) : undefined;
    if (how === 'expiring') warnings.push(`the certificate of ${device}: ${why.join('; ')}: run "vpn pki issue"`);
    if (!usable) lacking.set(device, why.join('; '));
    byDevice.set(device, {
      ...common,
      own:
        text === undefined
          ? undefined
          : {
              certificate: pemBlock(text, 'CERTIFICATE')!,
              key: pemBlock(text, '(?:EC |RSA )?PRIVATE KEY'),
              transport: transportOf(text),
            },
    });
  }
  return {
    byDevice,
    lacking,
    revoked: [...new Set(state.issued.filter((one) => one.revoked).map(({ device }) => device))],
    warnings,
  };
};

/** Whether a box of this dialect is typed at, and not reached by ssh. */
export const isTypedAt = (tunnels: readonly Tunnel[], device: string): boolean =>
  tunnels.some(({ cloud, onprem }) => [cloud, onprem].some((end) => end.device === device && !isLinux(end.dialect)));
