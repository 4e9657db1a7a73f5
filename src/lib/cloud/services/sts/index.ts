import * as sdk from '@aws-sdk/client-sts';
import { awsQuery } from '../../codec/query.ts';
import { iamArn } from '../iam/state.ts';
import { cloudService, op, type Operations } from '../../service.ts';

const operations = {
  GetCallerIdentity: op(sdk.GetCallerIdentity$, (_input, { state }) => ({
    Arn: iamArn(state.region, state.owner, 'role', { path: '/', name: 'lab' }),
    UserId: 'AIDALAB',
    Account: state.owner,
  })),
} satisfies Operations<'sts'>;

export const service = cloudService('sts', {
  protocol: awsQuery('https://sts.amazonaws.com/doc/2011-06-15/'),
  operations,
});
