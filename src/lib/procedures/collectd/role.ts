import type { Step } from '../../core/procedure.ts';
import { senderPolicy, type Sender } from '../../domain/collectd/policy.ts';
import { instanceProfile } from '../aws/instance-profile.ts';
import { role, rolePolicy } from '../aws/role.ts';

const WHAT = 'collectd';

/** The field document's role4collectd: EC2 takes it, and it may publish metrics. */
export const senderRole = (site: string, region: string, sender: Sender): readonly Step[] => [
  role(site, { name: WHAT, service: 'ec2', region, description: `hybridctl: host metrics of ${site}` }),
  rolePolicy(site, { name: WHAT, needs: [], document: () => senderPolicy(sender) }),
  instanceProfile(site, WHAT),
];
