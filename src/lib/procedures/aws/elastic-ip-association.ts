import { api, type Output } from '../../core/aws.ts';
import type { ReadResult, Step } from '../../core/procedure.ts';
import { isOurs } from '../../domain/tags.ts';

type Address = NonNullable<Output<'ec2', 'DescribeAddresses'>['Addresses']>[number];

/**
 * The Elastic IP of the slot `eip/NAME` on the instance of the slot `instance/NAME`. One that is in use elsewhere is
 * not taken away. It is made for an adopted address too, since that is what the address was adopted for.
 */
export const elasticIpAssociation = (site: string, name: string): Step => {
  const [address, instance] = [`eip/${name}`, `instance/${name}`];
  return {
    key: `association/${name}`,
    title: `Elastic IP on ${name}`,
    needs: [address, instance],
    async read({ aws, values }): Promise<ReadResult> {
      const { Addresses = [] } = await aws.ask('ec2', 'DescribeAddresses', { AllocationIds: [values(address)] });
      const found: Address | undefined = Addresses[0];
      if (found?.AssociationId === undefined) return { state: 'absent' };
      const what = { id: found.AssociationId, owned: isOurs(found.Tags, site) };
      if (found.InstanceId === values(instance)) return { state: 'ready', found: what };
      return {
        state: 'differs',
        found: { ...what, owned: false },
        differences: [
          {
            field: `instance of ${found.PublicIp}`,
            is: found.InstanceId ?? found.NetworkInterfaceId ?? 'another',
            wanted: values(instance),
            fixable: false,
          },
        ],
      };
    },
    create: (values) => [
      api('ec2', 'AssociateAddress', {
        AllocationId: values(address),
        InstanceId: values(instance),
        AllowReassociation: false,
      }),
    ],
    idPath: 'AssociationId',
    delete: (_values, id) => [api('ec2', 'DisassociateAddress', { AssociationId: id })],
  };
};
