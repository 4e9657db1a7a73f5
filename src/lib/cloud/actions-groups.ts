import { arn } from '../domain/partition.ts';
import type { Action } from './actions.ts';
import {
  authorize,
  createGroup,
  deleteGroup,
  revoke,
  type GroupRule,
  type Peer,
  type Permission,
  type SecurityGroup,
} from './group-state.ts';
import { FILTERS, numberIn, PAGES, structures, TAGGED, tagsByKind, tagSet, takes } from './params.ts';
import { list, optional, required, select, set, type Params, type Xml } from './protocol.ts';
import { ApiError } from './error.ts';
import type { CloudState } from './state.ts';
import { tagsOf } from './tag-state.ts';

const PERMISSIONS = [
  ...['IpProtocol', 'FromPort', 'ToPort'],
  ...[
    'IpRanges.#.CidrIp',
    'Ipv6Ranges.#.CidrIpv6',
    'PrefixListIds.#.PrefixListId',
    'Groups.#.GroupId',
    'Groups.#.UserId',
  ],
  ...['IpRanges', 'Ipv6Ranges', 'PrefixListIds', 'Groups'].map((peers) => `${peers}.#.Description`),
].map((name) => `IpPermissions.#.${name}`);

/** A kind of peer, where a bundle lists them, and how the parameter of one is called. */
const PEERS: readonly (readonly [Peer['kind'], string, string])[] = [
  ['cidr', 'IpRanges', 'CidrIp'],
  ['cidr6', 'Ipv6Ranges', 'CidrIpv6'],
  ['prefixList', 'PrefixListIds', 'PrefixListId'],
  ['group', 'Groups', 'GroupId'],
];

/** The bundles of a request, one permission a peer. */
const permissionsIn = (params: Params, egress: boolean): readonly Permission[] =>
  structures(params, 'IpPermissions').flatMap((bundle) => {
    const one = {
      egress,
      protocol: required(bundle, 'IpProtocol'),
      from: numberIn(bundle, 'FromPort'),
      to: numberIn(bundle, 'ToPort'),
    };
    const found = PEERS.flatMap(([kind, name, parameter]) =>
      structures(bundle, name).map(
        (peer): Permission => ({
          ...one,
          peer: { kind, value: required(peer, parameter) },
          description: optional(peer, 'Description'),
        }),
      ),
    );
    if (found.length === 0)
      throw new ApiError('MissingParameter', 'Source group, CIDR or prefix list must be specified.');
    return found;
  });

const givenIn = (params: Params, egress: boolean): readonly Permission[] => {
  const found = permissionsIn(params, egress);
  if (found.length === 0)
    throw new ApiError(
      'MissingParameter',
      'Either the parameter ipPermissions or the parameter securityGroupRuleIds must be specified.',
    );
  return found;
};

/** Rules with the same protocol and ports come as one bundle. */
const bundles = ({ owner }: CloudState, rules: readonly GroupRule[]): Xml | string => {
  const keyOf = ({ protocol, from, to }: GroupRule): string => [protocol, from, to].join();
  const keys = [...new Set(rules.map(keyOf))];
  return set(
    keys.map((key) => {
      const own = rules.filter((rule) => keyOf(rule) === key);
      const { protocol, from, to } = own[0]!;
      const peers = (kind: Peer['kind'], name: string, more: Readonly<Record<string, string>> = {}): Xml | string =>
        set(
          own
            .filter(({ peer }) => peer.kind === kind)
            .map(({ peer, description }) => ({ ...more, [name]: peer.value, description })),
        );
      return {
        ipProtocol: protocol,
        fromPort: from,
        toPort: to,
        groups: peers('group', 'groupId', { userId: owner }),
        ipRanges: peers('cidr', 'cidrIp'),
        ipv6Ranges: peers('cidr6', 'cidrIpv6'),
        prefixListIds: peers('prefixList', 'prefixListId'),
      };
    }),
  );
};

const PEER_ELEMENT = { cidr: 'cidrIpv4', cidr6: 'cidrIpv6', prefixList: 'prefixListId' } as const;
const ruleElement = (
  state: CloudState,
  group: string,
  { id, egress, protocol, from, to, peer, description }: GroupRule,
): Xml => ({
  securityGroupRuleId: id,
  groupId: group,
  groupOwnerId: state.owner,
  isEgress: egress,
  ipProtocol: protocol,
  fromPort: from ?? -1,
  toPort: to ?? -1,
  ...(peer.kind === 'group'
    ? { referencedGroupInfo: { groupId: peer.value, userId: state.owner } }
    : { [PEER_ELEMENT[peer.kind]]: peer.value }),
  description,
  tagSet: tagSet(tagsOf(state, id)),
});

const authorizing = (egress: boolean): Action =>
  takes(['GroupId', ...PERMISSIONS, ...TAGGED], ({ cloud, params }) => {
    const id = required(params, 'GroupId');
    const tags = tagsByKind(params, 'security-group-rule')['security-group-rule'];
    const [after, rules] = cloud.make((state) => authorize(state, id, givenIn(params, egress), tags));
    return { return: true, securityGroupRuleSet: set(rules.map((rule) => ruleElement(after, id, rule))) };
  });

const revoking = (egress: boolean): Action =>
  takes(['GroupId', 'SecurityGroupRuleId.#', ...PERMISSIONS], ({ cloud, params }) => {
    const ids = list(params, 'SecurityGroupRuleId');
    const given = ids.length > 0 ? permissionsIn(params, egress) : givenIn(params, egress);
    cloud.change((state) => revoke(state, required(params, 'GroupId'), egress, given, ids));
    return { return: true };
  });

const peersOf = ({ rules }: SecurityGroup, egress: boolean, kind: Peer['kind']): readonly string[] =>
  rules.filter((rule) => rule.egress === egress && rule.peer.kind === kind).map(({ peer }) => peer.value);

export const GROUP_ACTIONS: Readonly<Record<string, Action>> = {
  CreateSecurityGroup: takes(['GroupName', 'GroupDescription', 'VpcId', ...TAGGED], ({ cloud, params }) => {
    const tags = tagsByKind(params, 'security-group')['security-group'];
    const [name, description] = [required(params, 'GroupName'), required(params, 'GroupDescription')];
    const vpc = optional(params, 'VpcId');
    if (vpc === undefined) throw new ApiError('VPCIdNotSpecified', 'No default VPC for this user');
    const [after, id] = cloud.make((state) => createGroup(state, { vpc, name, description }, tags));
    return {
      return: true,
      groupId: id,
      securityGroupArn: arn(after.region, 'ec2', after.owner, `security-group/${id}`),
      tagSet: tagSet(tags),
    };
  }),

  DeleteSecurityGroup: takes(['GroupId'], ({ cloud, params }) => {
    const id = required(params, 'GroupId');
    cloud.change((state) => deleteGroup(state, id));
    return { return: true, groupId: id };
  }),

  AuthorizeSecurityGroupIngress: authorizing(false),
  AuthorizeSecurityGroupEgress: authorizing(true),
  RevokeSecurityGroupIngress: revoking(false),
  RevokeSecurityGroupEgress: revoking(true),

  DescribeSecurityGroups: takes(['GroupId.#', ...FILTERS, ...PAGES], ({ state, params }) => {
    const page = select(params, state.securityGroups, {
      idParameter: 'GroupId',
      absent: (id) => new ApiError('InvalidGroup.NotFound', `The security group '${id}' does not exist`),
      id: ({ id }) => id,
      fields: (group) => ({
        'group-id': [group.id],
        'group-name': [group.name],
        description: [group.description],
        'vpc-id': [group.vpc],
        'owner-id': [state.owner],
        'ip-permission.cidr': peersOf(group, false, 'cidr'),
        'ip-permission.group-id': peersOf(group, false, 'group'),
        'ip-permission.protocol': group.rules.filter(({ egress }) => !egress).map(({ protocol }) => protocol),
        'egress.ip-permission.cidr': peersOf(group, true, 'cidr'),
      }),
      tags: ({ id }) => tagsOf(state, id),
    });
    return {
      securityGroupInfo: set(
        page.items.map((group) => ({
          ownerId: state.owner,
          groupId: group.id,
          groupName: group.name,
          groupDescription: group.description,
          vpcId: group.vpc,
          securityGroupArn: arn(state.region, 'ec2', state.owner, `security-group/${group.id}`),
          ipPermissions: bundles(
            state,
            group.rules.filter(({ egress }) => !egress),
          ),
          ipPermissionsEgress: bundles(
            state,
            group.rules.filter(({ egress }) => egress),
          ),
          tagSet: tagSet(tagsOf(state, group.id)),
        })),
      ),
      nextToken: page.nextToken,
    };
  }),

  DescribeSecurityGroupRules: takes(['SecurityGroupRuleId.#', ...FILTERS, ...PAGES], ({ state, params }) => {
    const all = state.securityGroups.flatMap((group) => group.rules.map((rule) => ({ group: group.id, rule })));
    const page = select(params, all, {
      idParameter: 'SecurityGroupRuleId',
      absent: (id) =>
        new ApiError('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${id}' does not exist`),
      id: ({ rule }) => rule.id,
      fields: ({ group, rule }) => ({ 'group-id': [group], 'security-group-rule-id': [rule.id] }),
      tags: ({ rule }) => tagsOf(state, rule.id),
    });
    return {
      securityGroupRuleSet: set(page.items.map(({ group, rule }) => ruleElement(state, group, rule))),
      nextToken: page.nextToken,
    };
  }),
};
