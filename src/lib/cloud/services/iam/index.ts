import { awsQuery } from '../../codec/query.ts';
import { cloudService } from '../../service.ts';
import { roleOperations } from './roles.ts';
import { userOperations } from './users.ts';

export const service = cloudService('iam', {
  protocol: awsQuery('https://iam.amazonaws.com/doc/2010-05-08/'),
  operations: { ...roleOperations, ...userOperations },
});
