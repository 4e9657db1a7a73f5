import type { Output } from '../../core/aws.ts';
import { api } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { Step } from '../../core/procedure.ts';
import { filtersOf, isOurs, oursIn, tagsOf } from '../../domain/tags.ts';

export interface ElasticIp {
  /** `gw-1`: the step is `eip/gw-1`, its public address is in the slot `eip/gw-1/address`. */
  readonly name: string;
  /** Address that the user has already: used, never released. */
  readonly address?: string;
}

type Address = NonNullable<Output<'ec2', 'DescribeAddresses'>['Addresses']>[number];

/** An Elastic IP of the account. One in use is kept where a run that broke off made two. */
export const elasticIp = (site: string, { name, address }: ElasticIp): Step => {
  const key = `eip/${name}`;
  return {
    key,
    title: `Elastic IP of ${name}`,
    cost: 'an Elastic IP, by the hour',
    async read({ aws, adopted }) {
      const id = adopted.get(key);
      const ask = async (asked: { AllocationIds: string[] } | { Filters: { Name: string; Values: string[] }[] }) =>
        (await aws.ask('ec2', 'DescribeAddresses', asked)).Addresses ?? [];
      const known = async (): Promise<Address[]> => {
        if (id !== undefined) return ask({ AllocationIds: [id] });
        if (address === undefined) return oursIn(await ask({ Filters: filtersOf(site, key) }), site, key);
        return (await ask({ Filters: [{ Name: 'public-ip', Values: [address] }] })).filter(
          ({ PublicIp }) => PublicIp === address,
        );
      };
      const [first, ...surplus] = (await known()).sort(byUse);
      if (first === undefined) {
        if (address !== undefined)
          throw failure(`${address} is no Elastic IP of this account in ${aws.region}`, {
            field: 'public_ip',
            next: `correct the address in the site file, or say --gateway name=${name},public=new to have one made`,
          });
        return { state: 'absent' };
      }
      return {
        state: 'ready',
        found: {
          id: first.AllocationId!,
          outputs: { [`${key}/address`]: first.PublicIp! },
          owned: isOurs(first.Tags, site, key),
          surplus: surplus.map(({ AllocationId }) => AllocationId!),
        },
      };
    },
    create: () => [
      api('ec2', 'AllocateAddress', {
        Domain: 'vpc',
        TagSpecifications: [{ ResourceType: 'elastic-ip', Tags: tagsOf(site, key) }],
      }),
    ],
    idPath: 'AllocationId',
    delete: (_values, id) => [api('ec2', 'ReleaseAddress', { AllocationId: id })],
  };
};

const byUse = (a: Address, b: Address): number =>
  Number(b.AssociationId !== undefined) - Number(a.AssociationId !== undefined) ||
  (a.AllocationId! < b.AllocationId! ? -1 : 1);
