import { api } from '../../core/aws.ts';
import type { Step } from '../../core/procedure.ts';
import { isOurs } from '../../domain/tags.ts';

/**
 * The Elastic IP of the slot `eip/NAME` on the instance of the slot `instance/NAME`. One that is in use elsewhere is
 * not taken away.
 */
export const elasticIpAssociation = (site: string, name: string): Step => {
  const [address, instance] = [`eip/${name}`, `instance/${name}`];
  return {
    key: `association/${name}`,
    title: `Elastic IP on ${name}`,
    needs: [address, instance],
    async read({ aws, values }) {
      const { Addresses: [found] = [] } = await aws.ask('ec2', 'DescribeAddresses', {
        AllocationIds: [values(address)],
      });
      if (found?.AssociationId === undefined) return { state: 'absent' };
      const what = { id: found.AssociationId, owned: isOurs(found.Tags, site) };
      if (found.InstanceId === values(instance)) return { state: 'ready', found: what };
      return {
        state: 'differs',
        found: { ...what, owned: false },
        differences: [`${found.PublicIp} is on ${found.InstanceId ?? found.NetworkInterfaceId}`],
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
