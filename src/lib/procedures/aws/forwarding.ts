import { api } from '../../core/aws.ts';
import type { Step } from '../../core/procedure.ts';

/**
 * Source/dest check off on the instance of the slot `instance/NAME`: while it is on, EC2 drops what the instance
 * forwards.
 */
export const forwarding = (name: string): Step => {
  const instance = `instance/${name}`;
  const off = (InstanceId: string) => [
    api('ec2', 'ModifyInstanceAttribute', { InstanceId, SourceDestCheck: { Value: false } }),
  ];
  return {
    key: `forwarding/${name}`,
    title: `source/dest check off on ${name}`,
    needs: [instance],
    async read({ aws, values }) {
      const { Reservations: [reservation] = [] } = await aws.ask('ec2', 'DescribeInstances', {
        InstanceIds: [values(instance)],
      });
      const found = { id: values(instance), owned: true };
      return reservation?.Instances?.[0]?.SourceDestCheck === false
        ? { state: 'ready', found }
        : { state: 'differs', found, differences: ['source/dest check is on'] };
    },
    create: (values) => off(values(instance)),
    update: (_values, { id }) => off(id),
  };
};
