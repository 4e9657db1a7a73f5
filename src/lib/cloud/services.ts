import { EC2_ACTIONS, type Action } from './actions.ts';
import { IAM_ACTIONS, STS_ACTIONS } from './actions-iam.ts';
import { IAM_USER_ACTIONS } from './actions-iam-users.ts';
import { CFN_ACTIONS } from './actions-cfn.ts';
import { DX_ACTIONS } from './actions-dx.ts';
import { EVENTS_ACTIONS } from './actions-events.ts';
import { LAMBDA_ACTIONS, LAMBDA_ROUTES } from './actions-lambda.ts';
import { METRIC_ACTIONS } from './actions-metrics.ts';
import { SNS_ACTIONS } from './actions-sns.ts';
import { SQS_ACTIONS } from './actions-sqs.ts';
import { BALANCER_ACTIONS } from './actions-balancers.ts';
import { SSM_ACTIONS } from './actions-ssm.ts';
import { AWS_JSON, AWS_JSON_10, awsQuery, EC2_QUERY, restJson, yes, type Params, type Protocol } from './protocol.ts';
import { Ec2Error } from './state.ts';

/** One service behind the endpoint. All share the state, the faults and the record of calls. */
export interface CloudService {
  readonly protocol: Protocol;
  readonly operations: Readonly<Record<string, Action>>;
  /** Refuses a rehearsal (EC2's DryRun) with the word that it would have gone well. */
  rehearse(operation: string, input: { readonly params: Params }): void;
  unknown(operation: string | undefined): Ec2Error;
  readonly throttled: Ec2Error;
}

/** A service without a rehearsal of its own. */
const service = (
  protocol: Protocol,
  operations: CloudService['operations'],
  unknown = 'InvalidAction',
): CloudService => ({
  protocol,
  operations,
  rehearse: () => undefined,
  unknown: (operation) => new Ec2Error(unknown, `The operation ${operation ?? ''} is not known.`),
  throttled: new Ec2Error(
    protocol.contentType.includes('json') ? 'ThrottlingException' : 'Throttling',
    'Rate exceeded',
  ),
});

/** A service's name is the one its requests are signed for. */
const SERVICES: Readonly<Record<string, CloudService>> = {
  ec2: {
    protocol: EC2_QUERY,
    operations: EC2_ACTIONS,
    // EC2's own rehearsal: permissions would be enough, nothing is done.
    rehearse(operation, { params }) {
      if (!/^(Describe|Get)/.test(operation) && yes(params, 'DryRun'))
        throw new Ec2Error('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
    },
    unknown: (operation) =>
      operation === undefined
        ? new Ec2Error('MissingAction', 'The request is missing an action.')
        : new Ec2Error('InvalidAction', `The action ${operation} is not valid for this web service.`),
    throttled: new Ec2Error('RequestLimitExceeded', 'Request limit exceeded.', 503),
  },
  iam: service(awsQuery('https://iam.amazonaws.com/doc/2010-05-08/'), { ...IAM_ACTIONS, ...IAM_USER_ACTIONS }),
  sts: service(awsQuery('https://sts.amazonaws.com/doc/2011-06-15/'), STS_ACTIONS),
  cloudformation: service(awsQuery('http://cloudformation.amazonaws.com/doc/2010-05-15/'), CFN_ACTIONS),
  elasticloadbalancing: service(
    awsQuery('http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/'),
    BALANCER_ACTIONS,
  ),
  directconnect: service(AWS_JSON, DX_ACTIONS, 'UnknownOperationException'),
  ssm: service(AWS_JSON, SSM_ACTIONS, 'UnknownOperationException'),
  monitoring: service(AWS_JSON_10, METRIC_ACTIONS, 'UnknownOperationException'),
  sqs: service(AWS_JSON_10, SQS_ACTIONS, 'UnknownOperationException'),
  events: service(AWS_JSON, EVENTS_ACTIONS, 'UnknownOperationException'),
  lambda: service(restJson(LAMBDA_ROUTES), LAMBDA_ACTIONS, 'UnknownOperationException'),
  sns: service(awsQuery('http://sns.amazonaws.com/doc/2010-03-31/'), SNS_ACTIONS),
};

/**
 * By the credential scope of the signature, `Credential=KEY/20261120/cn-north-1/iam/aws4_request`; EC2 where nothing
 * says otherwise.
 */
export const serviceNamed = (authorization: string | undefined): CloudService => {
  const name = /Credential=[^/,\s]+\/\d{8}\/[^/]+\/([a-z0-9-]+)\/aws4_request/.exec(authorization ?? '')?.[1] ?? 'ec2';
  return (Object.hasOwn(SERVICES, name) ? SERVICES[name] : undefined) ?? SERVICES['ec2']!;
};
