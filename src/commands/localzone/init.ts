import { flag, toggle } from '../../lib/core/flags.ts';
import { text } from '../../lib/core/flags/kinds.ts';
import { blindSpots } from '../../lib/domain/check.ts';
import { cidr, instanceType, resourceId } from '../../lib/domain/kinds.ts';
import { utilitySteps } from '../../lib/procedures/localzone.ts';
import { utilitySite } from '../../lib/site/utility.ts';
import { FLAG } from '../flags.ts';
import { procedureCommand } from '../procedure.ts';
import { KEY_FILE, keyFileOf, loadOverrideSite } from './shared.ts';

/** The value goes into user data, which whoever sees the instance can read: no signed address, which is a key. */
const packageUrl = text({
  placeholder: 'url',
  shape:
    /^(https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?\/[A-Za-z0-9._/-]{1,300}|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/[A-Za-z0-9._/-]{1,300})$/,
  what: 'an address without a query',
  like: 's3://bucket/hybridctl-0.1.0.tgz',
});

const sha256 = text({
  placeholder: 'hex',
  shape: /^[0-9a-f]{64}$/,
  what: 'the 64 hexadecimal digits that sha256sum prints',
  like: `${'0'.repeat(64)}`,
});

export const init = procedureCommand({
  verb: 'apply',
  path: 'localzone init',
  summary: 'create a utility instance that watches Direct Connect and moves the routes of the override tables',
  details:
    'Role (it may write routes of the override tables and nothing else), instance profile, newest Amazon Linux 2023, SSH key (made here, only its public half is imported), security group, and an instance without a public address whose user data installs Node.js, hybridctl and "route monitor" as a service. ' +
    'Local Zones have no managed VPN: on loss the monitor puts a static route to the VPN gateway over the propagated one, and takes it away when Direct Connect is well again. ' +
    'The subnet must not have the routes it moves. It has to reach the EC2 API (an ec2 endpoint, or NAT) and S3 (a gateway endpoint, or NAT): the packages of Amazon Linux are there, and the package of hybridctl can be. ' +
    'An instance that is there keeps the site file it was made with: for another, destroy it and run this again.',
  flags: {
    site: FLAG.site,
    subnet: flag(resourceId('subnet', 'a subnet id'), 'private subnet of the instance', { required: true }),
    package: flag(packageUrl, 'the file that "npm pack" makes: https://…, or s3://bucket/key, read by the role', {
      required: true,
    }),
    sha256: flag(sha256, 'its SHA-256; another file is not installed', { required: true }),
    type: flag(instanceType(), 'instance type; it must be offered in the Local Zone', { default: 't3.medium' }),
    admin: flag(cidr({ from: 8, tooWide: 'is nearly everybody' }), 'network from which SSH is let in (default: none)', {
      many: true,
    }),
    sessionManager: toggle('let the role keep Session Manager channels, in place of SSH'),
    keyFile: KEY_FILE,
  },
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

  async procedure({ subnet, type, sha256: digest, package: url, admin, sessionManager, ...options }, ports) {
    const loaded = await loadOverrideSite(ports, options.site);
    const { site } = loaded;
    const { text: siteFile, lacks } = utilitySite(loaded.text);
    for (const lack of [...lacks, ...blindSpots(site).map(({ message }) => message)])
      ports.progress(`warning: ${lack}`);
    const steps = utilitySteps(site, {
      subnet,
      type,
      sha256: digest,
      url,
      admins: admin,
      sessions: sessionManager,
      siteFile,
      keyFile: keyFileOf(ports, options.keyFile, site.site),
    });
    return { title: `the utility instance of ${site.site}`, site: site.site, region: site.cloud.region, steps };
  },
});
