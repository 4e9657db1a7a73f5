import { api } from '../core/aws.ts';
import { cidr, covers, parseCidr } from '../domain/cidr.ts';
import { relaysOf } from '../domain/relay.ts';
import { vpcCidrs } from '../domain/vpc.ts';
import type { Site } from '../domain/site.ts';
import { isOurs } from '../domain/tags.ts';
import type { Tunnel } from '../domain/tunnel.ts';
import { interfaceOf } from './cloud-instance.ts';
import { noGateway, unseen, type Acl, type Group } from './cloud-view.ts';
import { skipped, type CloudCheck, type Level, type CheckResult } from './types.ts';

type Permission = NonNullable<Group['IpPermissions']>[number];

/** Traffic as a security group sees it. */
interface Traffic {
  /** `50`: ESP; `-1`: whatever there is. */
  readonly protocol: 'udp' | 'tcp' | '50' | '-1';
  readonly port?: number;
  readonly network: string;
}

const NUMBERS: Readonly<Record<string, string>> = { '17': 'udp', '6': 'tcp', '1': 'icmp' };
const within = (outer: string | undefined, inner: string): boolean => {
  const parsed = outer === undefined ? 'none' : parseCidr(outer);
  return typeof parsed !== 'string' && covers(parsed, cidr(inner));
};

/** A rule that names a group or a prefix list in place of a network does not count: who is in it is not read. */
const allows = (
  { IpProtocol = '-1', FromPort, ToPort, IpRanges = [] }: Permission,
  { protocol, port, network }: Traffic,
): boolean => {
  const given = NUMBERS[IpProtocol] ?? IpProtocol;
  const ports =
    port === undefined ||
    FromPort === undefined ||
    FromPort === -1 ||
    (FromPort <= port && port <= (ToPort ?? FromPort));
  return (given === '-1' || (given === protocol && ports)) && IpRanges.some(({ CidrIp }) => within(CidrIp, network));
};

const textOf = ({ protocol, port, network }: Traffic): string =>
  `${protocol === '50' ? 'ESP (protocol 50)' : protocol === '-1' ? 'everything' : `${protocol.toUpperCase()} ${port}`} from ${network}`;

interface Wanted extends Traffic {
  readonly level: Level;
  readonly why: string;
  readonly case: 1 | 2;
}

/**
 * What a gateway has to let in. ESP in UDP is what an Elastic IP leaves; plain ESP is let in for the day that a peer
 * insists.
 */
const wantedBy = (site: Site, tunnels: readonly Tunnel[], gateway: string): readonly Wanted[] => {
  const peers = [
    ...new Set(
      tunnels.filter(({ cloud }) => cloud.device === gateway).map(({ onprem }) => `${onprem.publicAddress}/32`),
    ),
  ];
  const vpc = vpcCidrs(site).map(({ text }) => text);
  return [
    ...peers.flatMap((network): readonly Wanted[] => [
      { protocol: 'udp', port: 500, network, level: 'error', why: 'the peer can not begin IKE', case: 1 },
      {
        protocol: 'udp',
        port: 4500,
        network,
        level: 'error',
        why: 'behind an Elastic IP all of IKE and ESP moves to this port',
        case: 1,
      },
      { protocol: '50', network, level: 'warning', why: 'a peer that sends ESP without UDP is dropped', case: 1 },
    ]),
    ...vpc.map(
      (network): Wanted => ({
        protocol: '-1',
        network,
        level: 'error',
        why: 'what the VPC sends through the tunnel is dropped before the gateway',
        case: 2,
      }),
    ),
    ...relaysOf(
      site,
      tunnels.filter(({ cloud }) => cloud.device === gateway),
    ).flatMap(({ port }) =>
      vpc.map(
        (network): Wanted => ({
          protocol: 'tcp',
          port,
          network,
          level: 'warning',
          why: 'a monitor of the VPC can not probe through the gateway',
          case: 2,
        }),
      ),
    ),
  ];
};

const securityGroup: CloudCheck = {
  id: 'security-group',
  side: 'cloud',
  about: "the gateways' security groups let in UDP 500, UDP 4500 and ESP from the routers, and what comes from the VPC",
  inapplicable: noGateway,
  async run({ cloud, site, tunnels }) {
    const groups = await cloud.groups();
    return (await cloud.gateways()).flatMap(({ gateway, instance }): readonly CheckResult[] => {
      if (instance === undefined) return unseen([{ gateway, instance }]);
      // What comes to the interface is judged by the interface's groups; the instance's are those of its first.
      const { Groups = [] } = interfaceOf({ gateway, instance }) ?? {};
      const ids = (Groups.length > 0 ? Groups : (instance.SecurityGroups ?? [])).map(({ GroupId }) => GroupId!);
      const own = groups.filter(({ GroupId }) => ids.includes(GroupId!));
      const permissions = own.flatMap(({ IpPermissions = [] }) => IpPermissions);
      const evidence = `${ids.join(', ')}: ${permissions.length} rules`;
      const partly = permissions.some(
        ({ IpRanges = [], UserIdGroupPairs = [], PrefixListIds = [] }) =>
          UserIdGroupPairs.length + PrefixListIds.length > 0 ||
          IpRanges.some(({ CidrIp }) =>
            vpcCidrs(site).some(({ text }) => within(CidrIp, text) || within(text, CidrIp ?? '0.0.0.0/0')),
          ),
      );
      const ours = own.find(({ Tags }) => isOurs(Tags, site.site));
      const absent = wantedBy(site, tunnels, gateway.name).filter(
        (wanted) => !permissions.some((one) => allows(one, wanted)),
      );
      // Where nothing of the VPC gets in, the monitor's port needs no word of its own.
      const closed = absent.some(({ protocol }) => protocol === '-1') && !partly;
      const inward = absent
        .filter(({ protocol }) => !(closed && protocol === 'tcp'))
        .map((wanted): CheckResult => {
          const { protocol, port, network, level, why } = wanted;
          const some = protocol === '-1' && partly;
          const rule = {
            IpProtocol: protocol,
            ...(port === undefined ? {} : { FromPort: port, ToPort: port }),
            IpRanges: [{ CidrIp: network, Description: `hybridctl: ${gateway.name}` }],
          };
          return {
            level: some ? 'warning' : level,
            subject: gateway.name,
            found: some
              ? `the security group lets in only a part of what comes from ${network}`
              : `the security group does not let in ${textOf(wanted)}: ${why}`,
            evidence,
            next:
              ours === undefined
                ? `add the rule to one of ${ids.join(', ')} (not made by hybridctl, so --fix leaves it alone)`
                : 'add the rule: "hybridctl vpn doctor --fix"',
            case: wanted.case,
            ...(ours === undefined || some
              ? {}
              : {
                  fix: [api('ec2', 'AuthorizeSecurityGroupIngress', { GroupId: ours.GroupId!, IpPermissions: [rule] })],
                }),
          };
        });
      const leave = own.flatMap(({ IpPermissionsEgress = [] }) => IpPermissionsEgress);
      const stuck = wantedBy(site, tunnels, gateway.name).filter(
        (wanted) => wanted.protocol === 'udp' && !leave.some((one) => allows(one, wanted)),
      );
      return [
        ...inward,
        ...stuck.map(
          (wanted): CheckResult => ({
            level: 'error',
            subject: gateway.name,
            found: `the security group does not let out ${textOf(wanted).replace('from', 'to')}`,
            evidence: ids.join(', '),
            next: 'add an outbound rule, or the default one: everything to 0.0.0.0/0',
            case: 1,
          }),
        ),
      ];
    });
  },
};

type Entry = NonNullable<Acl['Entries']>[number];

/**
 * The first entry by number that fits decides ("Network ACL rules", VPC user guide); one that fits only in part lets
 * nobody be sure, and counts.
 */
const verdict = (entries: readonly Entry[], egress: boolean, port: number, network: string): Entry | undefined =>
  [...entries]
    .filter(({ Egress }) => (Egress ?? false) === egress)
    .sort((a, b) => (a.RuleNumber ?? 0) - (b.RuleNumber ?? 0))
    .find(
      ({ Protocol, PortRange, CidrBlock }) =>
        (Protocol === '-1' ||
          (Protocol === '17' &&
            (PortRange === undefined || ((PortRange.From ?? 0) <= port && port <= (PortRange.To ?? 65_535))))) &&
        within(CidrBlock, network),
    );

const networkAcl: CloudCheck = {
  id: 'network-acl',
  side: 'cloud',
  about: "the network ACLs of the gateways' subnets let IKE and ESP in UDP pass both ways",
  inapplicable: noGateway,
  async run({ cloud, tunnels }) {
    const acls = await cloud.acls();
    return (await cloud.gateways()).flatMap(({ gateway, instance }): readonly CheckResult[] => {
      if (instance === undefined) return unseen([{ gateway, instance }]);
      const acl = acls.find(({ Associations = [] }) =>
        Associations.some(({ SubnetId }) => SubnetId === instance.SubnetId),
      );
      if (acl === undefined)
        return [skipped(gateway.name, `no network ACL of its subnet ${instance.SubnetId ?? ''} is shown`)];
      const peers = [
        ...new Set(
          tunnels
            .filter(({ cloud: end }) => end.device === gateway.name)
            .map(({ onprem }) => `${onprem.publicAddress}/32`),
        ),
      ];
      return peers.flatMap((network) =>
        [500, 4500].flatMap((port) =>
          [false, true].flatMap((egress): readonly CheckResult[] => {
            const entry = verdict(acl.Entries ?? [], egress, port, network);
            if (entry?.RuleAction === 'allow') return [];
            return [
              {
                level: 'error',
                subject: gateway.name,
                found: `the network ACL denies UDP ${port} ${egress ? 'to' : 'from'} ${network}`,
                evidence: `${acl.NetworkAclId}, rule ${entry === undefined ? 'none fits' : entry.RuleNumber}`,
                next: `allow UDP ${port} ${egress ? 'to' : 'from'} ${network} with a lower rule number`,
                case: 1,
              },
            ];
          }),
        ),
      );
    });
  },
};

export const networkChecks: readonly CloudCheck[] = [securityGroup, networkAcl];
