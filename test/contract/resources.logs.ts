import { api } from '../../src/lib/core/aws.ts';
import { unlessAbsent } from '../../src/lib/core/errors.ts';
import type { Step } from '../../src/lib/core/procedure.ts';
import { servicePrincipal } from '../../src/lib/domain/partition.ts';
import { lambdaFunction } from '../../src/lib/procedures/aws/function.ts';
import { logGroup, subscriptionFilter } from '../../src/lib/procedures/aws/log-group.ts';
import { account } from '../../src/lib/procedures/aws/lookups.ts';
import { role } from '../../src/lib/procedures/aws/role.ts';
import { debuggerZip, HANDLER } from '../../src/lib/render/events/function.ts';
import type { Row } from '../helpers/resources.ts';

const [SITE, REGION, GROUP] = ['contract', 'cn-north-1', '/contract/flows'] as const;

/** CloudWatch Logs may call the function: without it no subscription to it is taken. */
const mayCall: Step = {
  key: 'permission/logs',
  title: 'CloudWatch Logs may call the function',
  needs: ['function/fn'],
  async read({ aws, values }) {
    const answer = await unlessAbsent(aws.ask('lambda', 'GetPolicy', { FunctionName: values('function/fn') }));
    return answer === undefined ? { state: 'absent' } : { state: 'ready', found: { id: 'logs', owned: true } };
  },
  create: (values) => [
    api('lambda', 'AddPermission', {
      FunctionName: values('function/fn'),
      StatementId: 'logs',
      Action: 'lambda:InvokeFunction',
      Principal: servicePrincipal('logs', REGION),
    }),
  ],
};

/** Log groups, and what their events go to. */
export const logRows = (): readonly Row[] => [
  {
    what: 'log group with retention and subscription',
    setup: [
      account(),
      role(SITE, { name: 'fn', service: 'lambda', region: REGION, description: 'for a contract' }),
      lambdaFunction(SITE, {
        name: 'fn',
        fn: 'contract-fn',
        region: REGION,
        runtime: 'nodejs22.x',
        handler: HANDLER,
        description: 'for a contract',
        zip: debuggerZip(),
      }),
      mayCall,
    ],
    steps: [
      ...logGroup(SITE, { name: 'flows', group: GROUP, retentionDays: 30 }),
      subscriptionFilter({ group: 'flows', filter: 'etl', pattern: '', destination: 'function/fn' }),
    ],
    drift: {
      make: async ({ aws }, logGroupName) => {
        await aws.ask('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays: 7 });
        const { subscriptionFilters: [one] = [] } = await aws.ask('logs', 'DescribeSubscriptionFilters', {
          logGroupName,
        });
        await aws.ask('logs', 'PutSubscriptionFilter', {
          logGroupName,
          filterName: 'etl',
          filterPattern: 'REJECT',
          destinationArn: one!.destinationArn!,
        });
      },
      fields: ['retention is 7 days instead of 30 days', 'filter pattern differs'],
      calls: ['PutRetentionPolicy', 'PutSubscriptionFilter'],
    },
    foreign: async ({ aws }) => {
      await aws.ask('logs', 'CreateLogGroup', { logGroupName: GROUP });
      return GROUP;
    },
    adopted: 'refused',
  },
];
