import type { Outcome, Style } from '../../../lib/core/command.ts';
import { defineCommand } from '../../../lib/core/define.ts';
import { jsonShape } from '../../../lib/core/json-shape.ts';
import { EXIT } from '../../../lib/core/errors.ts';
import { toggle } from '../../../lib/core/flags.ts';
import { CERTIFICATE_METRIC, namespaceOf } from '../../../lib/domain/alarms.ts';
import { DAY_MS } from '../../../lib/domain/certificates.ts';
import type { CertificateState, DeviceStatus } from '../../../lib/site/pki.ts';
import { FLAG } from '../../flags.ts';
import { openPki } from './shared.ts';

interface Row {
  readonly device: string;
  readonly state: CertificateState;
  readonly serial: string | null;
  /** ISO 8601. */
  readonly expires: string | null;
  readonly daysLeft: number;
  readonly addresses: readonly string[];
  readonly key: string | null;
  readonly why: readonly string[];
}

interface Result {
  readonly site: string;
  readonly folder: string;
  readonly authority: { readonly serial: string; readonly expires: string } | null;
  /** Serial numbers of certificates that have not expired. */
  readonly revoked: readonly { readonly serial: string; readonly device: string }[];
  readonly certificates: readonly Row[];
  readonly published: boolean;
}

const iso = (ms: number): string => new Date(ms).toISOString();

const rowOf = ({ device, state, certificate, why }: DeviceStatus, now: number): Row => ({
  device,
  state,
  serial: certificate?.serial ?? null,
  expires: certificate === undefined ? null : iso(certificate.notAfter),
  // What nobody may use has no day left, whatever its date says.
  daysLeft: certificate === undefined || state === 'revoked' ? 0 : Math.floor((certificate.notAfter - now) / DAY_MS),
  addresses: certificate?.addresses ?? [],
  key: certificate?.keyKind ?? null,
  why,
});

const PAINT: Readonly<Record<CertificateState, 'good' | 'warn' | 'bad'>> = {
  good: 'good',
  expiring: 'warn',
  expired: 'bad',
  revoked: 'bad',
  absent: 'bad',
  other: 'bad',
};

export const status = defineCommand({
  path: 'vpn pki status',
  summary: 'show the certificates of the boxes: how long they are valid, and what is revoked',
  details:
    'Reads the files beside the site file alone. Exit 0 when every box has a certificate that is good for more than 30 days, 1 when one has not. ' +
    'With --publish the days that are left go to CloudWatch as CertificateDaysLeft (dimensions Site, Device): run it daily, and "alarm create --set certificates" makes the alarms on it.',
  flags: {
    site: FLAG.site,
    publish: toggle('send the days that are left to CloudWatch'),
    region: FLAG.region,
    profile: FLAG.profile,
  },
  examples: [
    { line: 'hybridctl vpn pki status', why: 'exit 1 when something is to be renewed, for cron' },
    { line: 'hybridctl vpn pki status --publish', why: 'daily, for the alarms of "alarm create --set certificates"' },
  ],
  async run({ site: file, publish, region, profile }, ports): Promise<Outcome<Result>> {
    const { context, state } = await openPki(ports, file);
    const { site } = context.loaded;
    const now = ports.clock.now();
    const certificates = state.devices.map((one) => rowOf(one, now));
    if (publish) {
      const store = await (await ports.outlets()).metricStore({ region: region ?? site.cloud.region, profile });
      await store.put(
        namespaceOf(site),
        certificates.map(({ device, daysLeft }) => ({
          name: CERTIFICATE_METRIC,
          unit: 'Count',
          dimensions: { Site: site.site, Device: device },
          at: now,
          value: daysLeft,
        })),
        ports.signal,
      );
    }
    const good = state.authority !== undefined && state.crlCurrent && certificates.every((one) => one.state === 'good');
    return {
      result: {
        site: site.site,
        folder: state.folder,
        authority:
          state.authority === undefined
            ? null
            : { serial: state.authority.serial, expires: iso(state.authority.notAfter) },
        revoked: state.issued
          .filter(({ revoked, notAfter }) => revoked && notAfter > now)
          .map(({ serial, device }) => ({ serial, device })),
        certificates,
        published: publish,
      },
      exit: good ? EXIT.ok : EXIT.failed,
    };
  },
  json: jsonShape(1, async () => (await import('../json.ts')).vpnPkiStatus),
  data: (result) => result,
  human({ site, authority, certificates, revoked, folder }: Result, style: Style) {
    if (authority === null) return `${site} has no CA in ${folder}: run "hybridctl vpn pki init"`;
    return [
      style.table(
        ['device', 'certificate', 'days left', 'key', 'serial', 'why'],
        certificates.map(({ device, state, daysLeft, key, serial, why }) => [
          device,
          style[PAINT[state]](state),
          String(daysLeft),
          key ?? '-',
          serial ?? '-',
          why.join('; '),
        ]),
      ),
      '',
      ...revoked.map(({ serial, device }) => `revoked: ${serial} of ${device}`),
      `the CA expires on ${authority.expires.slice(0, 10)}`,
    ].join('\n');
  },
});
