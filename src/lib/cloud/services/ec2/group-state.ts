import { ApiError, invalidValue } from '../../error.ts';
import { canonical, findIn, findVpc, fresh, hasInterface, idOf, replaced, type CloudState } from '../../state.ts';
import type { Tags } from '../../tags.ts';
import { addTags, withoutTags } from './tag-state.ts';

export interface SecurityGroup {
  readonly id: string;
  readonly vpc: string;
  readonly name: string;
  readonly description: string;
  readonly rules: readonly GroupRule[];
}

/** One rule with one peer: EC2 takes them in bundles and keeps them one by one. */
export interface GroupRule extends Permission {
  readonly id: string;
}

export interface Permission {
  readonly egress: boolean;
  /** `tcp`, `udp`, `icmp`, `icmpv6`, `-1` for all, or the number: `50` is ESP. */
  readonly protocol: string;
  /** Ports, or ICMP's type and code; both undefined where the protocol has none. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly peer: Peer;
  readonly description: string | undefined;
}

export interface Peer {
  readonly kind: 'cidr' | 'cidr6' | 'prefixList' | 'group';
  readonly value: string;
}

export const EVERYWHERE: Peer = { kind: 'cidr', value: '0.0.0.0/0' };
/** Source: "Amazon VPC quotas", rules a group in each direction. */
const MOST_RULES = 60;

export const findGroup = (state: CloudState, id: string): SecurityGroup => {
  const found = state.securityGroups.find((group) => group.id === id);
  if (found === undefined) throw new ApiError('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
  return found;
};

const BY_NUMBER: Readonly<Record<string, string>> = { '1': 'icmp', '6': 'tcp', '17': 'udp', '58': 'icmpv6', all: '-1' };

/** A permission as EC2 keeps it: names for the protocols that have one, no ports where there are none, no host bits. */
export const permission = (given: Permission): Permission => {
  const lower = given.protocol.toLowerCase();
  const protocol = BY_NUMBER[lower] ?? lower;
  if (!/^(?:tcp|udp|icmp|icmpv6|-1)$/.test(protocol) && !(/^\d{1,3}$/.test(protocol) && Number(protocol) <= 255))
    throw invalidValue(`Invalid value '${given.protocol}' for IP protocol. Unknown protocol.`);
  return {
    ...given,
    protocol,
    ...portsOf(protocol, given),
    peer: peerOf(given.peer),
    description: refuseWords(given.description),
  };
};

const portsOf = (protocol: string, { from, to }: Permission): Pick<Permission, 'from' | 'to'> => {
  if (protocol === 'icmp' || protocol === 'icmpv6') return { from: from ?? -1, to: to ?? -1 };
  if (protocol !== 'tcp' && protocol !== 'udp') return { from: undefined, to: undefined };
  if (from === undefined || to === undefined)
    throw invalidValue("Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.");
  if (!(from >= 0 && to <= 65_535 && from <= to)) throw invalidValue(`Invalid TCP/UDP port range (${from}:${to})`);
  return { from, to };
};

const peerOf = (peer: Peer): Peer => {
  if (peer.kind !== 'cidr') return peer;
  const value = canonical(peer.value);
  if (value === undefined) throw invalidValue(`CIDR block ${peer.value} is malformed`);
  return { ...peer, value };
};

const refuseWords = (description: string | undefined): string | undefined => {
  if (description !== undefined && !/^[A-Za-z0-9 ._\-:/()#,@[\]+=&;{}!$*]{0,255}$/.test(description)) {
    throw invalidValue(
      'Invalid rule description. Valid descriptions are strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*',
    );
  }
  return description;
};

const alike = (a: Permission, b: Permission): boolean =>
  a.egress === b.egress &&
  a.protocol === b.protocol &&
  a.from === b.from &&
  a.to === b.to &&
  a.peer.kind === b.peer.kind &&
  a.peer.value === b.peer.value;

const said = ({ peer, protocol, from, to }: Permission): string =>
  `peer: ${peer.value}, ${protocol === '-1' ? 'ALL' : protocol.toUpperCase()}${from === undefined ? '' : `, from port: ${from}, to port: ${to}`}, ALLOW`;

/** A group with the rule every new one has: all may leave. */
export const createGroup = (
  state: CloudState,
  { vpc, name, description }: Pick<SecurityGroup, 'vpc' | 'name' | 'description'>,
  tags: Tags,
): readonly [CloudState, string] => {
  findVpc(state, vpc);
  const words = /^[A-Za-z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,255}$/;
  if (!words.test(name) || name.startsWith('sg-'))
    throw invalidValue(
      `Invalid security group name. Valid names are non-empty strings less than 256 characters and do not start with 'sg-'.`,
    );
  if (!words.test(description))
    throw invalidValue(
      'Invalid security group description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*',
    );
  if (name === 'default')
    throw new ApiError('InvalidParameterValue', 'Cannot use reserved security group name: default');
  if (state.securityGroups.some((group) => group.vpc === vpc && group.name === name))
    throw new ApiError('InvalidGroup.Duplicate', `The security group '${name}' already exists for VPC '${vpc}'`);
  const [id, next] = fresh(state, 'sg');
  const rule: GroupRule = {
    id: idOf('sgr', id, 'egress'),
    egress: true,
    protocol: '-1',
    from: undefined,
    to: undefined,
    peer: EVERYWHERE,
    description: undefined,
  };
  return [
    addTags(
      { ...next, securityGroups: [...next.securityGroups, { id, vpc, name, description, rules: [rule] }] },
      [id],
      tags,
    ),
    id,
  ];
};

export const deleteGroup = (state: CloudState, id: string): CloudState => {
  const group = findGroup(state, id);
  if (group.name === 'default')
    throw new ApiError('CannotDelete', `the specified group: "${id}" name: "default" cannot be deleted by a user`);
  const used = state.instances.some((one) => hasInterface(one) && one.groups.includes(id));
  const named = state.securityGroups.some(
    (other) => other.id !== id && other.rules.some(({ peer }) => peer.kind === 'group' && peer.value === id),
  );
  if (used || named) throw new ApiError('DependencyViolation', `resource ${id} has a dependent object`);
  return withoutTags(
    { ...state, securityGroups: state.securityGroups.filter((other) => other.id !== id) },
    id,
    ...group.rules.map((rule) => rule.id),
  );
};

const withGroup = (state: CloudState, group: SecurityGroup): CloudState => ({
  ...state,
  securityGroups: replaced(state.securityGroups, group),
});

/** All rules or none. @returns the new rules' ids too. */
export const authorize = (
  state: CloudState,
  id: string,
  given: readonly Permission[],
  tags: Tags,
): readonly [CloudState, readonly GroupRule[]] => {
  const group = findGroup(state, id);
  const wanted = given.map(permission);
  wanted.forEach((one, at) => {
    if (wanted.slice(0, at).some((other) => alike(one, other)))
      throw invalidValue('The same permission must not appear multiple times');
    if (group.rules.some((rule) => alike(rule, one)))
      throw new ApiError('InvalidPermission.Duplicate', `the specified rule "${said(one)}" already exists`);
    if (one.peer.kind === 'group') findGroup(state, one.peer.value);
    if (one.peer.kind === 'prefixList')
      findIn(state.prefixLists, one.peer.value, 'InvalidPrefixListID.NotFound', 'prefix list ID');
  });
  let next = state;
  const made = wanted.map((one): GroupRule => {
    const [rule, numbered] = fresh(next, 'sgr');
    next = numbered;
    return { ...one, id: rule };
  });
  const rules = [...group.rules, ...made];
  if ([true, false].some((egress) => rules.filter((rule) => rule.egress === egress).length > MOST_RULES))
    throw new ApiError(
      'RulesPerSecurityGroupLimitExceeded',
      'The maximum number of rules per security group has been reached.',
    );
  return [
    addTags(
      withGroup(next, { ...group, rules }),
      made.map((rule) => rule.id),
      tags,
    ),
    made,
  ];
};

/**
 * All rules or none, by what they say or by id. @throws ApiError where one is not there: a VPC that is not the default
 * one takes no slip.
 */
export const revoke = (
  state: CloudState,
  id: string,
  egress: boolean,
  given: readonly Permission[],
  ids: readonly string[],
): CloudState => {
  const group = findGroup(state, id);
  const wanted = given.map(permission);
  const gone = group.rules.filter(
    (rule) => rule.egress === egress && (ids.includes(rule.id) || wanted.some((one) => alike(rule, one))),
  );
  const missing = ids.find((rule) => !gone.some((other) => other.id === rule));
  if (missing !== undefined)
    throw new ApiError('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${missing}' does not exist`);
  if (wanted.some((one) => !gone.some((rule) => alike(rule, one))))
    throw new ApiError('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.');
  return withoutTags(
    withGroup(state, { ...group, rules: group.rules.filter((rule) => !gone.includes(rule)) }),
    ...gone.map((rule) => rule.id),
  );
};
