import { failure, unlessAbsent } from '../../core/errors.ts';
import type { Existing, Step, ReadContext } from '../../core/procedure.ts';
import { cidr, contains } from '../../domain/cidr.ts';

/** Something that must be there already: found, used and never made. What `find` can't find it throws. */
const lookup = (
  key: string,
  title: string,
  needs: readonly string[],
  find: (context: ReadContext) => Promise<Omit<Existing, 'owned'>>,
): Step => ({
  key,
  title,
  needs,
  adoptable: key === 'vpc' || key.startsWith('subnet/'),
  read: async (context) => ({ state: 'ready', found: { ...(await find(context)), owned: false } }),
  create: () => [],
});

/** The account's number, for ARNs, in the slot `account`. */
export const account = (): Step =>
  lookup('account', 'AWS account', [], async ({ aws }) => {
    const { Account } = await aws.ask('sts', 'GetCallerIdentity', {});
    return { id: Account! };
  });

/** A role that is there, in the slot `role/NAME`; whoever made it keeps it. */
export const existingRole = (name: string, RoleName: string): Step =>
  lookup(`role/${name}`, `role ${RoleName}`, [], async ({ aws }) => {
    const { Role } = (await unlessAbsent(aws.ask('iam', 'GetRole', { RoleName }))) ?? {};
    if (Role === undefined)
      throw failure(`there is no role ${RoleName}`, {
        field: '--role',
        next: 'name the role of the instance profile of this instance',
      });
    return { id: Role.RoleName! };
  });

/** The VPC, in the slot `vpc`. @param known its id, else it is found by its CIDR. */
export const vpc = (network: string, known: string | undefined): Step =>
  lookup('vpc', `VPC ${network}`, [], async ({ aws, adopted }) => {
    const id = adopted.get('vpc') ?? known;
    const vpcs = await aws.all(
      'ec2',
      'DescribeVpcs',
      id === undefined ? { Filters: [{ Name: 'cidr', Values: [network] }] } : { VpcIds: [id] },
      'Vpcs',
    );
    const [found, ...others] = vpcs;
    if (found === undefined)
      throw failure(`no VPC in ${aws.region} has the CIDR ${network}`, {
        field: 'cloud.cidr',
        next: 'correct the CIDR or the region, or set cloud.vpc',
      });
    if (others.length > 0)
      throw failure(`${vpcs.length} VPCs have the CIDR ${network}: ${vpcs.map(({ VpcId }) => VpcId).join(', ')}`, {
        field: 'cloud.vpc',
        next: 'set cloud.vpc to the right one',
      });
    const networks = [found.CidrBlock!, ...(found.CidrBlockAssociationSet ?? []).map(({ CidrBlock }) => CidrBlock!)];
    if (!networks.includes(network))
      throw failure(`${found.VpcId} has the CIDR ${found.CidrBlock}, not ${network}`, {
        field: 'cloud.cidr',
        next: 'correct cloud.vpc or cloud.cidr',
      });
    return { id: found.VpcId! };
  });

/** The VPC's subnet that holds an address, in the slot `subnet/NAME`. @param az where the site says it is. */
export const subnetOf = (name: string, address: string, az: string | undefined): Step =>
  lookup(`subnet/${name}`, `subnet of ${name} (${address})`, ['vpc'], async ({ aws, values, adopted }) => {
    const id = adopted.get(`subnet/${name}`);
    const subnets = await aws.all(
      'ec2',
      'DescribeSubnets',
      id === undefined ? { Filters: [{ Name: 'vpc-id', Values: [values('vpc')] }] } : { SubnetIds: [id] },
      'Subnets',
    );
    const found = subnets.find(({ CidrBlock }) => CidrBlock !== undefined && contains(cidr(CidrBlock), address));
    if (found === undefined)
      throw failure(`no subnet of ${values('vpc')} holds ${address}`, {
        field: name,
        next: `the subnets are ${subnets.map(({ CidrBlock }) => CidrBlock).join(', ')}: correct private_ip`,
      });
    if (az !== undefined && found.AvailabilityZone !== az)
      throw failure(`${address} is in ${found.SubnetId}, and that is in ${found.AvailabilityZone}, not ${az}`, {
        field: name,
        next: 'correct az or private_ip',
      });
    return { id: found.SubnetId! };
  });
