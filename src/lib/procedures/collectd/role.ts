import type { Step } from '../../core/procedure.ts';
import { senderPolicy, type Sender } from '../../domain/collectd/policy.ts';
import { instanceProfile } from '../aws/instance-profile.ts';
import { nameOf } from '../aws/names.ts';
import { role, rolePolicy } from '../aws/role.ts';
import { accessKey, user, userPolicy } from '../aws/user.ts';

const WHAT = 'collectd';

/** The field document's role4collectd: EC2 takes it, and it may publish metrics. */
export const senderRole = (site: string, region: string, sender: Sender): readonly Step[] => [
  role(site, { name: WHAT, service: 'ec2', region, description: `hybridctl: host metrics of ${site}` }),
  rolePolicy(site, { name: WHAT, needs: [], document: () => senderPolicy(sender) }),
  instanceProfile(site, WHAT),
];

/** As the AWS CLI writes it, which the plugin and the agent both read. */
const KEY_FORMAT = '[default]\\naws_access_key_id = %s\\naws_secret_access_key = %s\\n';

/** Names of IAM users are at most this long. */
export const LONGEST_USER = 64;

/** The user of one host: nobody else has its key, so a host that is lost is locked out alone. */
export const userNameOf = (site: string, host: string): string => nameOf(site, `${WHAT}-${host}`);

/**
 * The field document's IAM user, for a host that is not on EC2: it may publish metrics, and its key is on that host
 * alone.
 * @param machine of the host, as `machineOf` gives it: another of the same name does not take its key away
 */
export const senderUser = (
  site: string,
  host: string,
  machine: string | undefined,
  sender: Sender,
  path: string,
): readonly Step[] => {
  const name = `${WHAT}-${host}`;
  return [
    user(site, name, machine),
    userPolicy(site, name, senderPolicy(sender)),
    accessKey({
      name,
      path,
      format: KEY_FORMAT,
      machine,
      idIn: (text) => /^\s*aws_access_key_id\s*=\s*(\S+)/m.exec(text)?.[1],
    }),
  ];
};
