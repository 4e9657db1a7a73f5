import { api, type Output } from '../../core/aws.ts';
import type { Step } from '../../core/procedure.ts';
import { isOurs } from '../../domain/tags.ts';
import { resource } from '../kit/resource.ts';

type Address = NonNullable<Output<'ec2', 'DescribeAddresses'>['Addresses']>[number];

/**
 * The Elastic IP of the slot `eip/NAME` on the instance of the slot `instance/NAME`. One that is in use elsewhere is
 * not taken away. It is made for an adopted address too, since that is what the address was adopted for.
 */
export const elasticIpAssociation = (site: string, name: string): Step => {
  const [address, instance] = [`eip/${name}`, `instance/${name}`];
  return resource<Address>(site, {
    key: `association/${name}`,
    title: `Elastic IP on ${name}`,
    kind: 'association',
    needs: [address, instance],
    async byName({ aws, values }) {
      const { Addresses = [] } = await aws.ask('ec2', 'DescribeAddresses', { AllocationIds: [values(address)] });
      return Addresses.find(({ AssociationId }) => AssociationId !== undefined);
    },
    id: ({ AssociationId }) => AssociationId!,
    tags: ({ Tags }) => Tags,
    owned: ({ Tags, InstanceId }, values) => isOurs(Tags, site) && InstanceId === values(instance),
    foreign: 'use',
    diff: ({ InstanceId, NetworkInterfaceId, PublicIp }, values) =>
      InstanceId === values(instance)
        ? []
        : [
            {
              field: `instance of ${PublicIp}`,
              is: InstanceId ?? NetworkInterfaceId ?? 'another',
              wanted: values(instance),
              fixable: false,
            },
          ],
    create: (values) => [
      api('ec2', 'AssociateAddress', {
        AllocationId: values(address),
        InstanceId: values(instance),
        AllowReassociation: false,
      }),
    ],
    idPath: 'AssociationId',
    delete: (_values, id) => [api('ec2', 'DisassociateAddress', { AssociationId: id })],
  });
};
