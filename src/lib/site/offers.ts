import type { Aws } from '../core/aws.ts';
import type { Ports } from '../core/ports.ts';

/** What the account has in a region, to choose from. Names are those of the tag Name. */
export interface Offers {
  readonly vpcs: readonly { readonly id: string; readonly cidr: string; readonly name: string }[];
  readonly subnets: readonly Subnet[];
  readonly instances: readonly {
    readonly id: string;
    readonly vpc: string;
    readonly az: string;
    readonly privateIp: string;
    readonly publicIp: string | undefined;
    readonly name: string;
  }[];
  readonly tables: readonly {
    readonly id: string;
    readonly vpc: string;
    readonly name: string;
    readonly subnets: readonly Subnet[];
  }[];
}

export interface Subnet {
  readonly id: string;
  readonly vpc: string;
  readonly az: string;
  readonly cidr: string;
  readonly name: string;
}

/** A person waits for it. An account that answers at all does so within a second. */
const PATIENCE_MS = 3_000;

type Tags = { readonly Tags?: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined };
const nameOf = ({ Tags = [] }: Tags): string => Tags.find(({ Key }) => Key === 'Name')?.Value ?? '';

const read = async (aws: Aws): Promise<Offers> => {
  const [vpcs, subnets, reservations, tables] = await Promise.all([
    aws.all('ec2', 'DescribeVpcs', {}, 'Vpcs'),
    aws.all('ec2', 'DescribeSubnets', {}, 'Subnets'),
    aws.all(
      'ec2',
      'DescribeInstances',
      { Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] }] },
      'Reservations',
    ),
    aws.all('ec2', 'DescribeRouteTables', {}, 'RouteTables'),
  ]);
  const known = subnets.map(
    (one): Subnet => ({
      id: one.SubnetId!,
      vpc: one.VpcId!,
      az: one.AvailabilityZone!,
      cidr: one.CidrBlock!,
      name: nameOf(one),
    }),
  );
  return {
    vpcs: vpcs.map((one) => ({ id: one.VpcId!, cidr: one.CidrBlock!, name: nameOf(one) })),
    subnets: known,
    instances: reservations
      .flatMap(({ Instances = [] }) => Instances)
      .flatMap((one) =>
        one.PrivateIpAddress === undefined || one.VpcId === undefined
          ? []
          : [
              {
                id: one.InstanceId!,
                vpc: one.VpcId,
                az: one.Placement?.AvailabilityZone ?? '',
                privateIp: one.PrivateIpAddress,
                publicIp: one.PublicIpAddress,
                name: nameOf(one),
              },
            ],
      ),
    tables: tables.map((one) => ({
      id: one.RouteTableId!,
      vpc: one.VpcId!,
      name: nameOf(one),
      subnets: known.filter(({ id }) => one.Associations?.some(({ SubnetId }) => SubnetId === id)),
    })),
  };
};

/**
 * What the account offers in a region, asked once for each. Without credentials, without a network or after three
 * seconds there is nothing to choose from, and that is said once.
 */
export const offersOf = (ports: Pick<Ports, 'aws' | 'clock' | 'progress'>) => {
  const known = new Map<string, Offers | undefined>();
  let saidWhy = false;
  return {
    known: (region: string): Offers | undefined => known.get(region),
    async ask(region: string): Promise<Offers | undefined> {
      if (known.has(region)) return known.get(region);
      let why = `no answer within ${PATIENCE_MS / 1_000} s`;
      const asked = ports
        .aws({ region })
        .then(read)
        .catch((error: unknown) => {
          why = error instanceof Error ? error.message.split('\n')[0]!.slice(0, 120) : 'it failed';
          return undefined;
        });
      const found = await Promise.race([asked, ports.clock.sleep(PATIENCE_MS).then(() => undefined)]);
      known.set(region, found);
      if (found === undefined && !saidWhy) {
        saidWhy = true;
        ports.progress(`nothing of the AWS account is offered (${why}): type the values`);
      }
      return found;
    },
  };
};
