import { api, type Input, type Output } from '../../core/aws.ts';
import { unlessAbsent } from '../../core/errors.ts';
import type { ReadContext, Step } from '../../core/procedure.ts';
import { covers, cidr } from '../../domain/cidr.ts';
import { filtersOf, oursIn, tagsOf } from '../../domain/tags.ts';
import { part, resource } from '../kit/resource.ts';
import { nameOf } from './names.ts';

/** One network that is let in. */
export interface IngressRule {
  /** `50`: ESP; `-1`: everything. */
  readonly protocol: 'udp' | 'tcp' | 'icmp' | '50' | '-1';
  /** UDP and TCP only. */
  readonly port?: number;
  readonly cidr: string;
  /** Shown in the console: what it is for. */
  readonly why: string;
}

export interface SecurityGroup {
  /** `gateways`: the step is `security-group/gateways`, its rules `security-group/gateways/rules`. */
  readonly name: string;
  readonly description: string;
  readonly ingress: readonly IngressRule[];
}

type Permission = NonNullable<
  NonNullable<Output<'ec2', 'DescribeSecurityGroups'>['SecurityGroups']>[number]['IpPermissions']
>[number];

const ruleText = ({ protocol, port, cidr }: Pick<IngressRule, 'protocol' | 'port' | 'cidr'>): string =>
  `${NAMES[protocol] ?? protocol}${port === undefined ? '' : ` ${port}`} from ${cidr}`;
const NAMES: Readonly<Record<string, string>> = { '50': 'ESP', '-1': 'everything' };

/** What a permission lets in, a text a source; ports of one number look as ours do. */
const texts = ({
  IpProtocol = '-1',
  FromPort,
  ToPort,
  IpRanges = [],
  Ipv6Ranges = [],
  UserIdGroupPairs = [],
  PrefixListIds = [],
}: Permission): readonly string[] => {
  const ports =
    FromPort === undefined || FromPort === -1 || IpProtocol === '-1' || IpProtocol === '50'
      ? ''
      : ` ${FromPort === ToPort ? FromPort : `${FromPort}-${ToPort}`}`;
  const from = [
    ...IpRanges.map(({ CidrIp }) => CidrIp),
    ...Ipv6Ranges.map(({ CidrIpv6 }) => CidrIpv6),
    ...UserIdGroupPairs.map(({ GroupId }) => GroupId),
    ...PrefixListIds.map(({ PrefixListId }) => PrefixListId),
  ];
  return from.map((source) => `${NAMES[IpProtocol] ?? IpProtocol}${ports} from ${source}`);
};

const permissionOf = ({ protocol, port, cidr, why }: IngressRule): Permission => ({
  IpProtocol: protocol,
  ...(port !== undefined ? { FromPort: port, ToPort: port } : protocol === '-1' ? {} : { FromPort: -1, ToPort: -1 }),
  IpRanges: [{ CidrIp: cidr, Description: why }],
});

/** Whether a permission lets in all that a rule would, in whatever form. */
const letsIn = (
  { IpProtocol = '-1', FromPort, ToPort, IpRanges = [] }: Permission,
  { protocol, port, cidr: network }: IngressRule,
): boolean => {
  const ports = port === undefined || FromPort === undefined || (FromPort <= port && port <= (ToPort ?? FromPort));
  return (
    (IpProtocol === '-1' || (IpProtocol === protocol && ports)) &&
    IpRanges.some(({ CidrIp }) => CidrIp !== undefined && covers(cidr(CidrIp), cidr(network)))
  );
};

type Group = NonNullable<Output<'ec2', 'DescribeSecurityGroups'>['SecurityGroups']>[number];

const groups = async ({ aws }: ReadContext, asked: Input<'ec2', 'DescribeSecurityGroups'>): Promise<readonly Group[]> =>
  (await unlessAbsent(aws.all('ec2', 'DescribeSecurityGroups', asked, 'SecurityGroups'))) ?? [];

/** A security group in the VPC of the slot `vpc`, and what it lets in. Rules that others added stay, and are told. */
export const securityGroup = (site: string, { name, description, ingress }: SecurityGroup): readonly Step[] => {
  const key = `security-group/${name}`;
  const GroupName = nameOf(site, name);
  const group = resource<Group>(site, {
    key,
    title: `security group ${GroupName}`,
    kind: 'security group',
    label: ({ GroupId }) => `${GroupName} (${GroupId})`,
    byId: async (context, id) => (await groups(context, { GroupIds: [id] }))[0],
    byTags: async (context) => oursIn(await groups(context, { Filters: filtersOf(site, key) }), site, key),
    async byName(context) {
      if (!context.values.has('vpc')) return undefined;
      const vpc = context.values('vpc');
      const Filters = [
        { Name: 'vpc-id', Values: [vpc] },
        { Name: 'group-name', Values: [GroupName] },
      ];
      return (await groups(context, { Filters })).find((one) => one.GroupName === GroupName && one.VpcId === vpc);
    },
    id: ({ GroupId }) => GroupId!,
    tags: ({ Tags }) => Tags,
    create: (values) => [
      api('ec2', 'CreateSecurityGroup', {
        GroupName,
        Description: description,
        VpcId: values('vpc'),
        TagSpecifications: [{ ResourceType: 'security-group', Tags: tagsOf(site, key) }],
      }),
    ],
    idPath: 'GroupId',
    delete: (_values, id) => [api('ec2', 'DeleteSecurityGroup', { GroupId: id })],
  });
  const wanted = ingress.map(ruleText);
  /** Ours are known by their form; of an adopted group counts what it lets in. */
  const lacks = ({ IpPermissions = [] }: Group, owned: boolean): readonly IngressRule[] => {
    const has = IpPermissions.flatMap(texts);
    return ingress.filter((rule) =>
      owned ? !has.includes(ruleText(rule)) : !IpPermissions.some((one) => letsIn(one, rule)),
    );
  };
  const authorize = (GroupId: string, rules: readonly IngressRule[]) => [
    api('ec2', 'AuthorizeSecurityGroupIngress', { GroupId, IpPermissions: rules.map(permissionOf) }),
  ];
  const rules = part<Group>({
    key: `${key}/rules`,
    title: `inbound rules of ${GroupName}`,
    parent: key,
    async read(context) {
      // By filter: a group that is not visible yet is then absent, where its id would be an error.
      const [found] = await groups(context, { Filters: [{ Name: 'group-id', Values: [context.values(key)] }] });
      const none = (found?.IpPermissions ?? []).length === 0;
      return none && !context.adopted.has(key) ? undefined : found;
    },
    id: ({ GroupId }) => GroupId!,
    notes: ({ IpPermissions = [] }) =>
      IpPermissions.flatMap(texts)
        .filter((text) => !wanted.includes(text))
        .map((text) => `also allows ${text}`),
    diff: (is, _values, owned) => lacks(is, owned).map((rule) => ({ field: 'ingress', wanted: ruleText(rule) })),
    create: (values) => authorize(values(key), ingress),
    update: (_values, is, _differences, { owned }) => authorize(is.GroupId!, lacks(is, owned)),
  });
  return [group, rules];
};
