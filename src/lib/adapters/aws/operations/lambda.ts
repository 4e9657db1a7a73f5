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
import type { Operations } from './types.ts';

export const lambda: Operations = {
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
};
