import { api, type Output } from '../../core/aws.ts';
import { failure, unlessAbsent } from '../../core/errors.ts';
import type { Step } from '../../core/procedure.ts';
import { filtersOf, oursIn, tagsOf } from '../../domain/tags.ts';
import { resource } from '../kit/resource.ts';

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
  return resource<Address>(site, {
    key,
    title: `Elastic IP of ${name}`,
    kind: 'Elastic IP',
    cost: 'an Elastic IP, by the hour',
    known: address,
    async byId({ aws }, id) {
      const asked = id.startsWith('eipalloc-')
        ? { AllocationIds: [id] }
        : { Filters: [{ Name: 'public-ip', Values: [id] }] };
      const { Addresses = [] } = (await unlessAbsent(aws.ask('ec2', 'DescribeAddresses', asked))) ?? {};
      return Addresses.find(({ AllocationId, PublicIp }) => AllocationId === id || PublicIp === id);
    },
    async byTags({ aws }) {
      const { Addresses = [] } = await aws.ask('ec2', 'DescribeAddresses', { Filters: filtersOf(site, key) });
      return oursIn(Addresses, site, key).sort(byUse);
    },
    missing: (id) =>
      failure(`${id} is no Elastic IP of this account in the region`, {
        field: 'public_ip',
        next: `correct the address in the site file, or say --gateway name=${name},public=new to have one made`,
      }),
    id: ({ AllocationId }) => AllocationId!,
    tags: ({ Tags }) => Tags,
    outputs: ({ PublicIp }) => ({ [`${key}/address`]: PublicIp! }),
    create: () => [
      api('ec2', 'AllocateAddress', {
        Domain: 'vpc',
        TagSpecifications: [{ ResourceType: 'elastic-ip', Tags: tagsOf(site, key) }],
      }),
    ],
    idPath: 'AllocationId',
    delete: (_values, id) => [api('ec2', 'ReleaseAddress', { AllocationId: id })],
  });
};

const byUse = (a: Address, b: Address): number =>
  Number(b.AssociationId !== undefined) - Number(a.AssociationId !== undefined) ||
  (a.AllocationId! < b.AllocationId! ? -1 : 1);
