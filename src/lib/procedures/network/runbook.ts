import { api } from '../../core/aws.ts';
import type { Step } from '../../core/procedure.ts';
import type { Network } from '../../render/network/network.ts';
import { CHANGE_SET, changeSetInput } from './change-set.ts';
import { findStack, stackName, type Stack } from './stack.ts';

/** The stack as a step of a runbook: the same calls, and the CLI's own waits between them. */
export const networkStep = (site: string, network: Network, stack: Stack | undefined): Step => {
  const name = stackName(site);
  const names = `--stack-name ${name} --change-set-name ${CHANGE_SET}`;
  const changeSet = api('cloudformation', 'CreateChangeSet', changeSetInput(site, network, stack));
  return {
    key: 'stack/network',
    title: `CloudFormation stack ${name}`,
    cost: 'NAT, addresses, instances and load balancer, by the hour',
    read: async ({ aws }) => {
      const found = await findStack(aws, site);
      return found === undefined
        ? { state: 'absent' }
        : {
            state: 'differs',
            found: { id: found.name, owned: true },
            differences: [{ field: 'template or parameters', is: 'for the change set to compare' }],
          };
    },
    create: () => [changeSet],
    update: () => [changeSet],
    after: () => [
      `aws cloudformation wait change-set-create-complete ${names}`,
      `aws cloudformation describe-change-set ${names} --query 'Changes[].ResourceChange.[Action,LogicalResourceId,ResourceType,Replacement]' --output table`,
      `aws cloudformation execute-change-set ${names}`,
      `aws cloudformation wait stack-${stack === undefined ? 'create' : 'update'}-complete --stack-name ${name}`,
    ],
  };
};
