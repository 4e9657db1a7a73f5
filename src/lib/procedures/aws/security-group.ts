import { api, type Output } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { Step } from '../../core/procedure.ts';
import { filtersOf, isOurs, oursIn, tagsOf } from '../../domain/tags.ts';
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

/** A security group in the VPC of the slot `vpc`, and what it lets in. Rules that others added stay, and are told. */
export const securityGroup = (site: string, { name, description, ingress }: SecurityGroup): readonly Step[] => {
  const key = `security-group/${name}`;
  const GroupName = nameOf(site, name);
  const group: Step = {
    key,
    title: `security group ${GroupName}`,
    async read({ aws, adopted, values }) {
      const id = adopted.get(key);
      const groups = async (asked: { GroupIds: string[] } | { Filters: { Name: string; Values: string[] }[] }) =>
        aws.all('ec2', 'DescribeSecurityGroups', asked, 'SecurityGroups');
      const [found, ...surplus] =
        id === undefined
          ? oursIn(await groups({ Filters: filtersOf(site, key) }), site, key)
          : await groups({ GroupIds: [id] });
      if (found !== undefined)
        return {
          state: 'ready',
          found: {
            id: found.GroupId!,
            owned: isOurs(found.Tags, site, key),
            surplus: surplus.map(({ GroupId }) => GroupId!),
          },
        };
      if (values.has('vpc')) {
        const Filters = [
          { Name: 'vpc-id', Values: [values('vpc')] },
          { Name: 'group-name', Values: [GroupName] },
        ];
        const foreign = (await groups({ Filters })).find(
          (one) => one.GroupName === GroupName && one.VpcId === values('vpc'),
        );
        if (foreign !== undefined && !isOurs(foreign.Tags, site, key))
          throw failure(`a security group ${GroupName} (${foreign.GroupId}) is there and is not hybridctl's`, {
            field: key,
            next: `rename or remove it, or say --adopt ${key}=${foreign.GroupId} to use it`,
          });
      }
      return { state: 'absent' };
    },
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
  };
  const authorize = (GroupId: string, rules: readonly IngressRule[]) => [
    api('ec2', 'AuthorizeSecurityGroupIngress', { GroupId, IpPermissions: rules.map(permissionOf) }),
  ];
  const rules: Step = {
    key: `${key}/rules`,
    title: `what ${GroupName} lets in`,
    needs: [key],
    async read({ aws, values }) {
      // By filter: a group that is not visible yet is then absent, where its id would be an error.
      const [found] = await aws.all(
        'ec2',
        'DescribeSecurityGroups',
        { Filters: [{ Name: 'group-id', Values: [values(key)] }] },
        'SecurityGroups',
      );
      const has = (found?.IpPermissions ?? []).flatMap(texts);
      const wanted = ingress.map(ruleText);
      const lacks = wanted.filter((text) => !has.includes(text));
      if (lacks.length === wanted.length && has.length === 0) return { state: 'absent' };
      const common = {
        id: values(key),
        owned: isOurs(found?.Tags, site, key),
        notes: has.filter((text) => !wanted.includes(text)).map((text) => `also lets in ${text}`),
      };
      return lacks.length === 0
        ? { state: 'ready', found: common }
        : { state: 'differs', found: common, differences: lacks.map((text) => `does not let in ${text}`) };
    },
    create: (values) => authorize(values(key), ingress),
    update: (_values, { id }, differences) =>
      authorize(
        id,
        ingress.filter((rule) => differences.includes(`does not let in ${ruleText(rule)}`)),
      ),
  };
  return [group, rules];
};
