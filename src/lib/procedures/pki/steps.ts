import { join } from 'node:path';
import authorityScript from '../../../../templates/pki/authority.sh?raw';
import beginScript from '../../../../templates/pki/begin.sh?raw';
import issueScript from '../../../../templates/pki/issue.sh?raw';
import revokeScript from '../../../../templates/pki/revoke.sh?raw';
import type { Ports } from '../../core/ports.ts';
import type { Difference, ReadResult, RunCall, Step } from '../../core/procedure.ts';
import { AUTHORITY_DAYS, DAY_MS, EXPIRY_WARNING_MS, keyKindOf, plain } from '../../domain/certificates.ts';
import { ignoreText } from '../../domain/layout.ts';
import type { Tunnel } from '../../domain/tunnel.ts';
import { opensslConfig } from '../../render/openssl.ts';
import type { LoadedSite } from '../../site/file.ts';
import { isTypedAt, pkiFolder, readPki, type PkiState } from '../../site/pki.ts';

/** A box whose clock is slow must not refuse what was issued a minute ago. */
const BACKDATED_MS = DAY_MS;

/** `20270101000000Z`: GeneralizedTime, as `openssl ca` takes it. */
const stampOf = (ms: number): string => `${new Date(ms).toISOString().replace(/\D/g, '').slice(0, 14)}Z`;

export interface PkiContext {
  readonly loaded: Pick<LoadedSite, 'site' | 'path'>;
  readonly tunnels: readonly Tunnel[];
  readonly clock: Ports['clock'];
}

const script = (what: string, text: string, ...args: readonly string[]): RunCall => ({
  kind: 'run',
  file: 'sh',
  args: ['-c', `${beginScript}${text}`, 'sh', ...args],
  what,
});

const ready = (id: string): ReadResult => ({ state: 'ready', found: { id, owned: true } });
const differs = (id: string, differences: readonly Difference[]): ReadResult =>
  differences.length === 0 ? ready(id) : { state: 'differs', found: { id, owned: true }, differences };

const stateOf = (
  { loaded, tunnels, clock }: PkiContext,
  files: Pick<Ports['files'], 'read' | 'stat'>,
): Promise<PkiState> => readPki({ files: files as Ports['files'] }, loaded, tunnels, clock.now());

/** OpenSSL's settings and what keeps the folder out of git: both follow from the site file alone. */
const fileStep = ({ loaded, tunnels }: PkiContext): Step => {
  const folder = pkiFolder(loaded);
  const wanted = [
    { path: join(folder, '.gitignore'), content: ignoreText(loaded.site.site), mode: 0o600 },
    { path: join(folder, 'openssl.cnf'), content: opensslConfig(loaded.site.site, tunnels), mode: 0o600 },
  ];
  const write = () => wanted.map((file) => ({ kind: 'write' as const, secret: false, file }));
  return {
    key: 'settings',
    title: `settings of the CA of ${loaded.site.site}`,
    async read({ files }) {
      const now = await Promise.all(wanted.map(({ path }) => files.read(path)));
      if (now.every((text) => text === undefined)) return { state: 'absent' };
      return differs(
        folder,
        wanted.flatMap(({ path, content }, at) => (now[at] === content ? [] : [{ field: path }])),
      );
    },
    create: write,
    update: write,
  };
};

const authorityStep = (context: PkiContext): Step => {
  const { loaded, clock } = context;
  const folder = pkiFolder(loaded);
  const name = `${plain(loaded.site.site)} CA`;
  return {
    key: 'authority',
    title: `CA of ${loaded.site.site}`,
    async read({ files }) {
      const { authority } = await stateOf(context, files);
      if (authority === undefined) return { state: 'absent' };
      return differs(
        authority.serial,
        authority.notAfter - clock.now() > EXPIRY_WARNING_MS
          ? []
          : [
              {
                field: 'expiry',
                is: new Date(authority.notAfter).toISOString().slice(0, 10),
                fixable: false,
                next: `move ${folder} away and make a new CA: every box then needs it and a new certificate`,
              },
            ],
      );
    },
    create: () => [
      script(
        'making the CA',
        authorityScript,
        folder,
        name,
        stampOf(clock.now() - BACKDATED_MS),
        stampOf(clock.now() + AUTHORITY_DAYS * DAY_MS),
      ),
    ],
  };
};

const listStep = (context: PkiContext): Step => {
  const folder = pkiFolder(context.loaded);
  const calls = () => [script('writing the revocation list', revokeScript, folder)];
  return {
    key: 'list',
    title: `revocation list of ${context.loaded.site.site}`,
    async read({ files }) {
      if ((await files.stat(join(folder, 'crl.pem'))) === undefined) return { state: 'absent' };
      const { crlCurrent } = await stateOf(context, files);
      return differs(folder, crlCurrent ? [] : [{ field: 'revoked serial numbers or expiry' }]);
    },
    create: calls,
    update: calls,
  };
};

/** The CA of a site: key and certificate, and a first list of what is revoked, which is empty. */
export const authoritySteps = (context: PkiContext): readonly Step[] => [
  fileStep(context),
  authorityStep(context),
  listStep(context),
];

export interface IssueRequest {
  readonly device: string;
  /** Issue it whatever there is. */
  readonly renew: boolean;
  readonly days: number;
  /** A certificate request of the box's own, an absolute path: its key stays on the box. */
  readonly request: string | undefined;
}

const issueStep = (context: PkiContext, { device, renew, days, request }: IssueRequest): Step => {
  const { loaded, tunnels, clock } = context;
  const typed = isTypedAt(tunnels, device);
  let begun = false;
  const calls = (): readonly RunCall[] => {
    begun = true;
    return [
      script(
        `issuing the certificate of ${device}`,
        issueScript,
        pkiFolder(loaded),
        plain(device),
        keyKindOf(tunnels, device),
        stampOf(clock.now() - BACKDATED_MS),
        stampOf(clock.now() + days * DAY_MS),
        typed ? 'transport' : '',
        request ?? '',
      ),
    ];
  };
  return {
    key: `certificate/${device}`,
    title: `certificate of ${device}`,
    async read({ files }) {
      const { devices } = await stateOf(context, files);
      const status = devices.find((one) => one.device === device);
      if (status?.certificate === undefined) return { state: 'absent' };
      const why = begun ? status.why.filter(() => status.state !== 'expiring') : status.why;
      return differs(status.certificate.serial, [
        ...why.map((is) => ({ field: 'certificate', is })),
        ...(renew && !begun && why.length === 0 ? [{ field: 'certificate', is: 'good', wanted: 'a new one' }] : []),
      ]);
    },
    create: calls,
    update: calls,
  };
};

export const issueSteps = (context: PkiContext, requests: readonly IssueRequest[]): readonly Step[] => [
  ...authoritySteps(context),
  ...requests.map((request) => issueStep(context, request)),
];

/**
 * Revokes what was issued to a box and has not expired.
 * @param superseded only what a newer certificate took the place of.
 */
export const revokeSteps = (context: PkiContext, device: string, superseded: boolean): readonly Step[] => {
  const folder = pkiFolder(context.loaded);
  let open: readonly string[] = [];
  return [
    fileStep(context),
    {
      key: `revocation/${device}`,
      title: `certificates of ${device}`,
      async read({ files }) {
        const { issued, devices } = await stateOf(context, files);
        const current = devices.find((one) => one.device === device)?.certificate?.serial;
        open = issued
          .filter((one) => one.device === device && !one.revoked && one.notAfter > context.clock.now())
          .map(({ serial }) => serial)
          .filter((serial) => !superseded || serial !== current);
        return differs(
          device,
          open.map((serial) => ({ field: serial, is: 'valid', wanted: 'revoked' })),
        );
      },
      create: () => [],
      update: () => [script(`revoking the certificates of ${device}`, revokeScript, folder, ...open)],
    },
    listStep(context),
  ];
};
