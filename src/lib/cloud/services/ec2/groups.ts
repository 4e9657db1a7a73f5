import * as sdk from '@aws-sdk/client-ec2';
import type { IpPermission, SecurityGroupRule, TagSpecification } from '@aws-sdk/client-ec2';
import { arn } from '../../../domain/partition.ts';
import type { OperationSchema } from '../../codec/schema.ts';
import { ApiError } from '../../error.ts';
import type { Call, Operations } from '../../service.ts';
import type { CloudState } from '../../state.ts';
import { tagList } from '../../tags.ts';
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
import { needed, tagsByKind, takes } from './input.ts';
import { select } from './select.ts';
import { tagsOf } from './tag-state.ts';

const PERMISSIONS = [
  ...['IpProtocol', 'FromPort', 'ToPort', 'IpRanges', 'Ipv6Ranges', 'PrefixListIds'],
  ...['GroupId', 'UserId', 'Description'].map((name) => `UserIdGroupPairs.${name}`),
].map((name) => `IpPermissions.${name}` as const);

/** The peers of a bundle, each with what was said of it. */
const peersIn = ({
  IpRanges = [],
  Ipv6Ranges = [],
  PrefixListIds = [],
  UserIdGroupPairs = [],
}: IpPermission): readonly Pick<Permission, 'peer' | 'description'>[] => {
  const peer = (kind: Peer['kind'], name: string) => (value: string | undefined, description: string | undefined) => ({
    peer: { kind, value: needed(value, name) },
    description: description === '' ? undefined : description,
  });
  return [
    ...IpRanges.map((one) => peer('cidr', 'CidrIp')(one.CidrIp, one.Description)),
    ...Ipv6Ranges.map((one) => peer('cidr6', 'CidrIpv6')(one.CidrIpv6, one.Description)),
    ...PrefixListIds.map((one) => peer('prefixList', 'PrefixListId')(one.PrefixListId, one.Description)),
    ...UserIdGroupPairs.map((one) => peer('group', 'GroupId')(one.GroupId, one.Description)),
  ];
};

/** The bundles of a request, one permission a peer. */
const permissionsIn = (bundles: readonly IpPermission[] | undefined, egress: boolean): readonly Permission[] =>
  (bundles ?? []).flatMap((bundle) => {
    const one = {
      egress,
      protocol: needed(bundle.IpProtocol, 'IpProtocol'),
      from: bundle.FromPort,
      to: bundle.ToPort,
    };
    const found = peersIn(bundle).map((peer): Permission => ({ ...one, ...peer }));
    if (found.length === 0)
      throw new ApiError('MissingParameter', 'Source group, CIDR or prefix list must be specified.');
    return found;
  });

const givenIn = (bundles: readonly IpPermission[] | undefined, egress: boolean): readonly Permission[] => {
  const found = permissionsIn(bundles, egress);
  if (found.length === 0)
    throw new ApiError(
      'MissingParameter',
      'Either the parameter ipPermissions or the parameter securityGroupRuleIds must be specified.',
    );
  return found;
};

/** Rules with the same protocol and ports come as one bundle. */
const bundlesOf = ({ owner }: CloudState, rules: readonly GroupRule[]): IpPermission[] => {
  const keyOf = ({ protocol, from, to }: GroupRule): string => [protocol, from, to].join();
  return [...new Set(rules.map(keyOf))].map((key) => {
    const own = rules.filter((rule) => keyOf(rule) === key);
    const { protocol, from, to } = own[0]!;
    const peers = <T>(kind: Peer['kind'], write: (value: string, Description: string | undefined) => T): T[] =>
      own.filter(({ peer }) => peer.kind === kind).map(({ peer, description }) => write(peer.value, description));
    return {
      IpProtocol: protocol,
      FromPort: from,
      ToPort: to,
      UserIdGroupPairs: peers('group', (GroupId, Description) => ({ UserId: owner, GroupId, Description })),
      IpRanges: peers('cidr', (CidrIp, Description) => ({ CidrIp, Description })),
      Ipv6Ranges: peers('cidr6', (CidrIpv6, Description) => ({ CidrIpv6, Description })),
      PrefixListIds: peers('prefixList', (PrefixListId, Description) => ({ PrefixListId, Description })),
    };
  });
};

const PEER_FIELD = { cidr: 'CidrIpv4', cidr6: 'CidrIpv6', prefixList: 'PrefixListId' } as const;
const ruleOf = (
  state: CloudState,
  group: string,
  { id, egress, protocol, from, to, peer, description }: GroupRule,
): SecurityGroupRule => ({
  SecurityGroupRuleId: id,
  GroupId: group,
  GroupOwnerId: state.owner,
  IsEgress: egress,
  IpProtocol: protocol,
  FromPort: from ?? -1,
  ToPort: to ?? -1,
  ...(peer.kind === 'group'
    ? { ReferencedGroupInfo: { GroupId: peer.value, UserId: state.owner } }
    : { [PEER_FIELD[peer.kind]]: peer.value }),
  Description: description,
  Tags: tagList(tagsOf(state, id)),
});

interface Rules {
  readonly GroupId?: string | undefined;
  readonly IpPermissions?: IpPermission[] | undefined;
  readonly SecurityGroupRuleIds?: string[] | undefined;
  readonly TagSpecifications?: TagSpecification[] | undefined;
}

const authorizing = (schema: OperationSchema, egress: boolean) =>
  takes<Rules, { Return: boolean; SecurityGroupRules: SecurityGroupRule[] }>(
    schema,
    ['GroupId', 'TagSpecifications', ...PERMISSIONS],
    ({ GroupId, IpPermissions, TagSpecifications }, cloud: Call) => {
      const id = needed(GroupId, 'GroupId');
      const tags = tagsByKind(TagSpecifications, 'security-group-rule')['security-group-rule'];
      const [after, rules] = cloud.make((state) => authorize(state, id, givenIn(IpPermissions, egress), tags));
      return { Return: true, SecurityGroupRules: rules.map((rule) => ruleOf(after, id, rule)) };
    },
  );

const revoking = (schema: OperationSchema, egress: boolean) =>
  takes<Rules, { Return: boolean }>(
    schema,
    ['GroupId', 'SecurityGroupRuleIds', ...PERMISSIONS],
    ({ GroupId, IpPermissions, SecurityGroupRuleIds: ids = [] }, cloud: Call) => {
      const group = needed(GroupId, 'GroupId');
      const given = ids.length > 0 ? permissionsIn(IpPermissions, egress) : givenIn(IpPermissions, egress);
      cloud.change((state) => revoke(state, group, egress, given, ids));
      return { Return: true };
    },
  );

const peersOf = ({ rules }: SecurityGroup, egress: boolean, kind: Peer['kind']): readonly string[] =>
  rules.filter((rule) => rule.egress === egress && rule.peer.kind === kind).map(({ peer }) => peer.value);

/** Security groups and their rules. */
export const groups = {
  CreateSecurityGroup: takes(
    sdk.CreateSecurityGroup$,
    ['GroupName', 'Description', 'VpcId', 'TagSpecifications'],
    (input, cloud) => {
      const tags = tagsByKind(input.TagSpecifications, 'security-group')['security-group'];
      const { GroupName: name, Description: description, VpcId: vpc } = input;
      if (vpc === undefined || vpc === '') throw new ApiError('VPCIdNotSpecified', 'No default VPC for this user');
      const [after, id] = cloud.make((state) => createGroup(state, { vpc, name, description }, tags));
      return {
        GroupId: id,
        SecurityGroupArn: arn(after.region, 'ec2', after.owner, `security-group/${id}`),
        Tags: tagList(tags),
      };
    },
  ),

  DeleteSecurityGroup: takes(sdk.DeleteSecurityGroup$, ['GroupId'], ({ GroupId }, cloud) => {
    const id = needed(GroupId, 'GroupId');
    cloud.change((state) => deleteGroup(state, id));
    return { Return: true, GroupId: id };
  }),

  AuthorizeSecurityGroupIngress: authorizing(sdk.AuthorizeSecurityGroupIngress$, false),
  AuthorizeSecurityGroupEgress: authorizing(sdk.AuthorizeSecurityGroupEgress$, true),
  RevokeSecurityGroupIngress: revoking(sdk.RevokeSecurityGroupIngress$, false),
  RevokeSecurityGroupEgress: revoking(sdk.RevokeSecurityGroupEgress$, true),

  DescribeSecurityGroups: takes(
    sdk.DescribeSecurityGroups$,
    ['GroupIds', 'Filters', 'MaxResults', 'NextToken'],
    (input, { state }) => {
      const { items, NextToken } = select(input, state.securityGroups, {
        ids: input.GroupIds,
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
        SecurityGroups: items.map((group) => ({
          OwnerId: state.owner,
          GroupId: group.id,
          GroupName: group.name,
          Description: group.description,
          VpcId: group.vpc,
          SecurityGroupArn: arn(state.region, 'ec2', state.owner, `security-group/${group.id}`),
          IpPermissions: bundlesOf(
            state,
            group.rules.filter(({ egress }) => !egress),
          ),
          IpPermissionsEgress: bundlesOf(
            state,
            group.rules.filter(({ egress }) => egress),
          ),
          Tags: tagList(tagsOf(state, group.id)),
        })),
        NextToken,
      };
    },
  ),

  DescribeSecurityGroupRules: takes(
    sdk.DescribeSecurityGroupRules$,
    ['SecurityGroupRuleIds', 'Filters', 'MaxResults', 'NextToken'],
    (input, { state }) => {
      const all = state.securityGroups.flatMap((group) => group.rules.map((rule) => ({ group: group.id, rule })));
      const { items, NextToken } = select(input, all, {
        ids: input.SecurityGroupRuleIds,
        absent: (id) =>
          new ApiError('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${id}' does not exist`),
        id: ({ rule }) => rule.id,
        fields: ({ group, rule }) => ({ 'group-id': [group], 'security-group-rule-id': [rule.id] }),
        tags: ({ rule }) => tagsOf(state, rule.id),
      });
      return { SecurityGroupRules: items.map(({ group, rule }) => ruleOf(state, group, rule)), NextToken };
    },
  ),
} satisfies Operations<'ec2'>;
