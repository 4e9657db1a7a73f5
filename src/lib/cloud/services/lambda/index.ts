import * as sdk from '@aws-sdk/client-lambda';
import type { FunctionConfiguration } from '@aws-sdk/client-lambda';
import { REST_JSON } from '../../codec/json.ts';
import { ApiError } from '../../error.ts';
import type { CloudModel } from '../../model.ts';
import { cloudService, op, type Operations } from '../../service.ts';
import { withoutNamed } from '../../slice.ts';
import type { CloudState } from '../../state.ts';
import { iam, iamArn } from '../iam/state.ts';
import { functionArn, functions, sha256Of, sourceIn, withFunction, type LambdaFunction } from './state.ts';

const INVALID = 'InvalidParameterValueException';

const missing = (what: string): ApiError => new ApiError('ResourceNotFoundException', `${what} not found.`, 404);

/** By name or by ARN. */
const find = (state: CloudState, given: string): LambdaFunction => {
  const found = functions.of(state).find(({ name }) => name === given || functionArn(state, name) === given);
  if (found === undefined) throw missing(`Function not found: ${given}`);
  return found;
};

/** Lambda waits until what was made or changed is done. */
const settled = (cloud: CloudModel, { name, activeAt }: LambdaFunction): void => {
  if (cloud.now() < activeAt)
    throw new ApiError(
      'ResourceConflictException',
      `The operation cannot be performed at this time. The function is currently in the following state: Pending (${name})`,
      409,
    );
};

const put = (cloud: CloudModel, step: (state: CloudState) => LambdaFunction): LambdaFunction => {
  const [, made] = cloud.make((state) => {
    const changed = step(state);
    return [withFunction(state, changed), changed] as const;
  });
  return made;
};

const configuration = (state: CloudState, made: LambdaFunction, now: number): FunctionConfiguration => ({
  FunctionName: made.name,
  FunctionArn: functionArn(state, made.name),
  Runtime: made.runtime as FunctionConfiguration['Runtime'],
  Role: made.role,
  Handler: made.handler,
  Description: made.description,
  Timeout: made.timeout,
  MemorySize: made.memory,
  CodeSize: made.zip.length,
  CodeSha256: sha256Of(made.zip),
  State: now < made.activeAt ? 'Pending' : 'Active',
  LastUpdateStatus: now < made.activeAt ? 'InProgress' : 'Successful',
  PackageType: 'Zip',
});

/** Lambda tries to take the role before it keeps it. */
const roleIn = (state: CloudState, wanted: string): string => {
  const role = iam.of(state).roles.find((one) => iamArn(state.region, state.owner, 'role', one) === wanted);
  if (role === undefined || !role.trust.includes('"lambda.amazonaws.com"'))
    throw new ApiError(INVALID, 'The role defined for the function cannot be assumed by Lambda.');
  return wanted;
};

const zipIn = (zip: Uint8Array | undefined, handler: string): Buffer => {
  if (zip === undefined) throw new ApiError(INVALID, REST_JSON.missing('zipFile'));
  if (sourceIn(zip, handler) === '') throw new ApiError(INVALID, `The file of ${handler} is not in the zip file.`);
  return Buffer.from(zip);
};

const operations = {
  CreateFunction: op(sdk.CreateFunction$, (input, cloud) => {
    const { FunctionName: name, Runtime: runtime = '', Handler: handler = '' } = input;
    if (!/^nodejs(20|22|24)\.x$/.test(runtime))
      throw new ApiError(
        INVALID,
        `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set`,
      );
    const zip = zipIn(input.Code.ZipFile, handler);
    const made = put(cloud, (state) => {
      const role = roleIn(state, input.Role);
      if (functions.of(state).some((one) => one.name === name))
        throw new ApiError('ResourceConflictException', `Function already exist: ${name}`, 409);
      return {
        name,
        runtime,
        role,
        handler,
        zip,
        description: input.Description ?? '',
        timeout: input.Timeout ?? 3,
        memory: input.MemorySize ?? 128,
        tags: input.Tags ?? {},
        permissions: [],
        activeAt: cloud.now() + cloud.times.startMs,
        logs: [],
      };
    });
    return configuration(cloud.state, made, cloud.now());
  }),
  GetFunction: op(sdk.GetFunction$, ({ FunctionName }, { now, state }) => {
    const found = find(state, FunctionName);
    return {
      Configuration: configuration(state, found, now()),
      Code: { RepositoryType: 'S3' },
      Tags: found.tags,
    };
  }),
  DeleteFunction: op(sdk.DeleteFunction$, ({ FunctionName }, cloud) => {
    cloud.change((state) => functions.put(state, withoutNamed(functions.of(state), find(state, FunctionName).name)));
    return {};
  }),
  UpdateFunctionCode: op(sdk.UpdateFunctionCode$, ({ FunctionName, ZipFile }, cloud) => {
    const made = put(cloud, (state) => {
      const before = find(state, FunctionName);
      settled(cloud, before);
      return { ...before, zip: zipIn(ZipFile, before.handler), activeAt: cloud.now() + cloud.times.startMs };
    });
    return configuration(cloud.state, made, cloud.now());
  }),
  UpdateFunctionConfiguration: op(sdk.UpdateFunctionConfiguration$, (input, cloud) => {
    const made = put(cloud, (state) => {
      const before = find(state, input.FunctionName);
      settled(cloud, before);
      return {
        ...before,
        runtime: input.Runtime ?? before.runtime,
        handler: input.Handler ?? before.handler,
        role: input.Role === undefined ? before.role : roleIn(state, input.Role),
        description: input.Description ?? before.description,
        timeout: input.Timeout ?? before.timeout,
        memory: input.MemorySize ?? before.memory,
        activeAt: cloud.now() + cloud.times.startMs,
      };
    });
    return configuration(cloud.state, made, cloud.now());
  }),
  AddPermission: op(
    sdk.AddPermission$,
    ({ FunctionName, StatementId: Sid, Principal: principal, Action, SourceArn: source }, cloud) => {
      if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$/.test(principal))
        throw new ApiError(INVALID, 'The provided principal was invalid. Please check the principal and try again.');
      const made = put(cloud, (state) => {
        const before = find(state, FunctionName);
        settled(cloud, before);
        if (before.permissions.some((one) => one.Sid === Sid))
          throw new ApiError(
            'ResourceConflictException',
            `The statement id (${Sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
            409,
          );
        const statement = {
          Sid,
          Effect: 'Allow',
          Principal: { Service: principal },
          Action,
          Resource: functionArn(state, before.name),
          ...(source === undefined ? {} : { Condition: { ArnLike: { 'AWS:SourceArn': source } } }),
        };
        return { ...before, permissions: [...before.permissions, statement] };
      });
      return { Statement: JSON.stringify(made.permissions.at(-1)) };
    },
  ),
  GetPolicy: op(sdk.GetPolicy$, ({ FunctionName }, { state }) => {
    const { permissions } = find(state, FunctionName);
    if (permissions.length === 0) throw missing('The resource you requested was');
    return {
      Policy: JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: permissions }),
      RevisionId: String(permissions.length),
    };
  }),
  RemovePermission: op(sdk.RemovePermission$, ({ FunctionName, StatementId: sid }, cloud) => {
    put(cloud, (state) => {
      const before = find(state, FunctionName);
      if (!before.permissions.some((one) => one.Sid === sid)) throw missing(`Statement ${sid} is`);
      return { ...before, permissions: before.permissions.filter((one) => one.Sid !== sid) };
    });
    return {};
  }),
} satisfies Operations<'lambda'>;

export const service = cloudService('lambda', {
  protocol: REST_JSON,
  missing: INVALID,
  operations,
});
