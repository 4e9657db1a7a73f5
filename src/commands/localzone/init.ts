import { defineCommand, flag, FLAG, list, text, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { blindSpots } from '../../lib/domain/check.ts';
import { cidr, parseCidr } from '../../lib/domain/cidr.ts';
import { utilitySteps } from '../../lib/procedures/localzone.ts';
import { utilitySite } from '../../lib/site/utility.ts';
import {
  APPLY_FLAGS,
  humanProcedure,
  procedureOptions,
  runApply,
  type ProcedureOptions,
  type ProcedureResult,
} from '../procedure.ts';
import { KEY_FILE, keyFileOf, loadOverrideSite, siteOf } from './shared.ts';

interface Options extends ProcedureOptions {
  readonly site: string;
  readonly subnet: string;
  readonly type: string;
  readonly keyFile: string | undefined;
  readonly admins: readonly string[];
  readonly sessions: boolean;
  readonly url: string;
  readonly sha256: string;
}

/** The value goes into user data, which whoever sees the instance can read: no signed address, which is a key. */
const SHAPES = {
  subnet: [/^subnet-[0-9a-f]{8,17}$/, 'the private subnet of the instance, like subnet-0a1b2c3d'],
  package: [
    /^(https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?\/[A-Za-z0-9._/-]{1,300}|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/[A-Za-z0-9._/-]{1,300})$/,
    'an address without a query, like s3://bucket/hybridctl-0.1.0.tgz; "npm pack" makes the file',
  ],
  sha256: [/^[0-9a-f]{64}$/, 'the 64 hexadecimal digits that sha256sum prints for the package'],
  type: [/^[a-z][a-z0-9-]{1,15}\.[a-z0-9-]{2,15}$/, 'an instance type, like t3.medium'],
} as const satisfies Record<string, readonly [RegExp, string]>;

const shaped = (raw: Raw, name: keyof typeof SHAPES): string => {
  const [pattern, what] = SHAPES[name];
  const value = text(raw, name);
  if (value === undefined || !pattern.test(value))
    throw usageError(value === undefined ? 'is needed' : `${value.slice(0, 80)} is none`, {
      field: `--${name}`,
      next: `give ${what}`,
    });
  return value;
};

const admin = (network: string): string => {
  const parsed = parseCidr(network);
  if (typeof parsed === 'string') throw usageError(parsed, { field: '--admin' });
  if (cidr(network).prefix < 8)
    throw usageError(`${network} is nearly everybody`, {
      field: '--admin',
      next: 'name the network of those who may log in',
    });
  return network;
};

export const init = defineCommand<Options, ProcedureResult>({
  path: 'localzone init',
  summary: 'a utility instance that watches Direct Connect and moves the routes of the override tables',
  details:
    'Role (it may write routes of the override tables and nothing else), instance profile, newest Amazon Linux 2023, SSH key (made here, only its public half is imported), security group, and an instance without a public address whose user data installs Node.js, hybridctl and "route monitor" as a service. ' +
    'Local Zones have no managed VPN: on loss the monitor puts a static route to the VPN gateway over the propagated one, and takes it away when Direct Connect is well again. ' +
    'The subnet must not have the routes it moves. It has to reach the EC2 API (an ec2 endpoint, or NAT) and S3 (a gateway endpoint, or NAT): the packages of Amazon Linux are there, and the package of hybridctl can be. ' +
    'An instance that is there keeps the site file it was made with: for another, destroy it and run this again.',
  flags: [
    FLAG.site,
    { flags: '--subnet <id>', summary: 'private subnet of the instance' },
    {
      flags: '--package <url>',
      summary: 'the file that "npm pack" makes: https://…, or s3://bucket/key, read by the role',
    },
    { flags: '--sha256 <hex>', summary: 'its SHA-256; another file is not installed' },
    { flags: '--type <name>', summary: 'instance type; it must be offered in the Local Zone', default: 't3.medium' },
    { flags: '--admin <cidr...>', summary: 'networks from which SSH is let in (default: none)' },
    { flags: '--session-manager', summary: 'let the role keep Session Manager channels, in place of SSH' },
    KEY_FILE,
    ...APPLY_FLAGS,
  ],
  examples: [
    {
      line: `hybridctl localzone init --subnet subnet-0a1b2c3d --package s3://tools/hybridctl-0.1.0.tgz --sha256 ${'0'.repeat(64)} --dry-run`,
      why: 'what is there, and what would be made',
    },
    {
      line: `hybridctl localzone init --subnet subnet-0a1b2c3d --package s3://tools/hybridctl-0.1.0.tgz --sha256 ${'0'.repeat(64)} --admin 10.10.0.0/16 --yes`,
      why: 'made, with SSH from the office',
    },
  ],

  parse: (raw) => ({
    site: siteOf(raw),
    subnet: shaped(raw, 'subnet'),
    type: shaped(raw, 'type'),
    url: shaped(raw, 'package'),
    sha256: shaped(raw, 'sha256'),
    keyFile: text(raw, 'keyFile'),
    admins: list(raw, 'admin').map(admin),
    sessions: flag(raw, 'sessionManager'),
    ...procedureOptions(raw),
  }),

  async run(options, ports) {
    const loaded = await loadOverrideSite(ports, options.site);
    const { site } = loaded;
    const { text: siteFile, lacks } = utilitySite(loaded.text);
    for (const lack of [...lacks, ...blindSpots(site).map(({ message }) => message)])
      ports.progress(`warning: ${lack}`);
    const steps = utilitySteps(site, { ...options, siteFile, keyFile: keyFileOf(ports, options.keyFile, site.site) });
    return runApply(
      ports,
      { title: `the utility instance of ${site.site}`, site: site.site, region: site.cloud.region, steps },
      options,
    );
  },
  human: humanProcedure,
});
