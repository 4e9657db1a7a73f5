import { api, type Output } from '../../core/aws.ts';
import type { Step } from '../../core/procedure.ts';
import { part } from '../kit/resource.ts';

type Instance = NonNullable<
  NonNullable<Output<'ec2', 'DescribeInstances'>['Reservations']>[number]['Instances']
>[number];

/**
 * Source/dest check off on the instance of the slot `instance/NAME`: while it is on, EC2 drops what the instance
 * forwards.
 */
export const forwarding = (name: string): Step => {
  const instance = `instance/${name}`;
  const off = (InstanceId: string) => [
    api('ec2', 'ModifyInstanceAttribute', { InstanceId, SourceDestCheck: { Value: false } }),
  ];
  return part<Partial<Instance>>({
    key: `forwarding/${name}`,
    title: `source/dest check off on ${name}`,
    parent: instance,
    async read({ aws, values }) {
      const { Reservations: [reservation] = [] } = await aws.ask('ec2', 'DescribeInstances', {
        InstanceIds: [values(instance)],
      });
      return reservation?.Instances?.[0] ?? {};
    },
    id: (_is, values) => values(instance),
    diff: ({ SourceDestCheck }) => (SourceDestCheck === false ? [] : [{ field: 'source/dest check', is: 'on' }]),
    create: (values) => off(values(instance)),
    update: (values) => off(values(instance)),
  });
};
