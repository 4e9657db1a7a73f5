import {
  AddPermissionCommand as AddPermission,
  CreateFunctionCommand as CreateFunction,
  DeleteFunctionCommand as DeleteFunction,
  GetFunctionCommand as GetFunction,
  GetPolicyCommand as GetPolicy,
  RemovePermissionCommand as RemovePermission,
  UpdateFunctionCodeCommand as UpdateFunctionCode,
  UpdateFunctionConfigurationCommand as UpdateFunctionConfiguration,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import type { ServiceDescriptor } from './service.ts';

export const lambda: ServiceDescriptor = {
  name: 'lambda',
  title: 'Lambda',
  client: (config) => new LambdaClient(config),
  commands: {
    AddPermission,
    CreateFunction,
    DeleteFunction,
    GetFunction,
    GetPolicy,
    RemovePermission,
    UpdateFunctionCode,
    UpdateFunctionConfiguration,
  },
  // ResourceConflictException is one code for every conflict: the words tell.
  errors: {
    absent: ['ResourceNotFound'],
    exists: [{ code: 'ResourceConflictException', says: /already exist/i }],
    notYet: [
      { code: 'ResourceConflictException', says: /following state: pending/i },
      // IAM takes some ten seconds until Lambda knows of a new role.
      { code: 'InvalidParameterValueException', says: /cannot be assumed by lambda/i },
    ],
    conflict: ['ResourceConflict'],
    // Of EC2, when the function's network interface was made.
    throttled: ['EC2Throttled'],
  },
};
