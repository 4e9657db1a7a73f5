import type { Action } from './actions.ts';
import { functionArn, sha256Of, sourceIn, type LambdaFunction } from './function-state.ts';
import { iamArn } from './iam-state.ts';
import { jsonFields } from './json-params.ts';
import type { CloudModel } from './model.ts';
import type { Json, RestRoute, Xml } from './protocol.ts';
import { Ec2Error, type CloudState } from './state.ts';
import { withNamed, withoutNamed } from './watch-state.ts';

const INVALID = 'InvalidParameterValueException';
const ROOT = '/2015-03-31/functions';
const ONE = `${ROOT}/{FunctionName}`;

export const LAMBDA_ROUTES: Readonly<Record<string, RestRoute>> = {
  CreateFunction: { method: 'POST', path: ROOT },
  GetFunction: { method: 'GET', path: ONE },
  DeleteFunction: { method: 'DELETE', path: ONE },
  UpdateFunctionCode: { method: 'PUT', path: `${ONE}/code` },
  UpdateFunctionConfiguration: { method: 'PUT', path: `${ONE}/configuration` },
  AddPermission: { method: 'POST', path: `${ONE}/policy` },
  GetPolicy: { method: 'GET', path: `${ONE}/policy` },
  RemovePermission: { method: 'DELETE', path: `${ONE}/policy/{StatementId}` },
};

const missing = (what: string): Ec2Error => new Ec2Error('ResourceNotFoundException', `${what} not found.`, 404);

/** By name or by ARN. */
const find = (state: CloudState, json: Json): LambdaFunction => {
  const given = jsonFields(json, INVALID).word('FunctionName');
  const found = state.watch.functions.find(({ name }) => name === given || functionArn(state, name) === given);
  if (found === undefined) throw missing(`Function not found: ${given}`);
  return found;
};

/** Lambda waits until what was made or changed is done. */
const settled = (cloud: CloudModel, { name, activeAt }: LambdaFunction): void => {
  if (cloud.now() < activeAt)
    throw new Ec2Error(
      'ResourceConflictException',
      `The operation cannot be performed at this time. The function is currently in the following state: Pending (${name})`,
      409,
    );
};

const put = (cloud: CloudModel, step: (state: CloudState) => LambdaFunction): LambdaFunction => {
  const [, made] = cloud.make((state) => {
    const changed = step(state);
    return [
      { ...state, watch: { ...state.watch, functions: withNamed(state.watch.functions, changed) } },
      changed,
    ] as const;
  });
  return made;
};

const configuration = (state: CloudState, made: LambdaFunction, now: number): Xml => ({
  FunctionName: made.name,
  FunctionArn: functionArn(state, made.name),
  Runtime: made.runtime,
  Role: made.role,
  Handler: made.handler,
  Description: made.description,
  Timeout: made.timeout,
  MemorySize: made.memory,
  CodeSize: Buffer.from(made.zip, 'base64').length,
  CodeSha256: sha256Of(made.zip),
  State: now < made.activeAt ? 'Pending' : 'Active',
  LastUpdateStatus: now < made.activeAt ? 'InProgress' : 'Successful',
  PackageType: 'Zip',
});

/** Lambda tries to take the role before it keeps it. */
const roleIn = (state: CloudState, wanted: string): string => {
  const role = state.iam.roles.find((one) => iamArn(state.region, state.owner, 'role', one) === wanted);
  if (role === undefined || !role.trust.includes('"lambda.amazonaws.com"'))
    throw new Ec2Error(INVALID, 'The role defined for the function cannot be assumed by Lambda.');
  return wanted;
};

export const LAMBDA_ACTIONS: Readonly<Record<string, Action>> = {
  CreateFunction: ({ cloud, json }) => {
    const fields = jsonFields(json, INVALID);
    const name = fields.word('FunctionName');
    const zip = jsonFields((json['Code'] ?? {}) as Json, INVALID).word('ZipFile');
    const [runtime, handler] = [fields.word('Runtime'), fields.word('Handler')];
    if (!/^nodejs(20|22|24)\.x$/.test(runtime))
      throw fields.refuse(
        `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set`,
      );
    if (sourceIn(zip, handler) === '') throw fields.refuse(`The file of ${handler} is not in the zip file.`);
    const made = put(cloud, (state) => {
      const role = roleIn(state, fields.word('Role'));
      if (state.watch.functions.some((one) => one.name === name))
        throw new Ec2Error('ResourceConflictException', `Function already exist: ${name}`, 409);
      return {
        name,
        runtime,
        role,
        handler,
        zip,
        description: fields.optional('Description') ?? '',
        timeout: fields.number('Timeout', 3),
        memory: fields.number('MemorySize', 128),
        tags: fields.map('Tags'),
        permissions: [],
        activeAt: cloud.now() + cloud.times.startMs,
        logs: [],
      };
    });
    return configuration(cloud.stateAt(0), made, cloud.now());
  },
  GetFunction: ({ cloud, state, json }) => {
    const found = find(state, json);
    return {
      Configuration: configuration(state, found, cloud.now()),
      Code: { RepositoryType: 'S3' },
      Tags: found.tags,
    };
  },
  DeleteFunction: ({ cloud, json }) => {
    cloud.change((state) => ({
      ...state,
      watch: { ...state.watch, functions: withoutNamed(state.watch.functions, find(state, json).name) },
    }));
    return {};
  },
  UpdateFunctionCode: ({ cloud, json }) => {
    const zip = jsonFields(json, INVALID).word('ZipFile');
    const made = put(cloud, (state) => {
      const before = find(state, json);
      settled(cloud, before);
      if (sourceIn(zip, before.handler) === '')
        throw new Ec2Error(INVALID, `The file of ${before.handler} is not in the zip file.`);
      return { ...before, zip, activeAt: cloud.now() + cloud.times.startMs };
    });
    return configuration(cloud.stateAt(0), made, cloud.now());
  },
  UpdateFunctionConfiguration: ({ cloud, json }) => {
    const fields = jsonFields(json, INVALID);
    const made = put(cloud, (state) => {
      const before = find(state, json);
      settled(cloud, before);
      const role = fields.optional('Role');
      return {
        ...before,
        runtime: fields.optional('Runtime') ?? before.runtime,
        handler: fields.optional('Handler') ?? before.handler,
        role: role === undefined ? before.role : roleIn(state, role),
        description: fields.optional('Description') ?? before.description,
        timeout: fields.number('Timeout', before.timeout),
        memory: fields.number('MemorySize', before.memory),
        activeAt: cloud.now() + cloud.times.startMs,
      };
    });
    return configuration(cloud.stateAt(0), made, cloud.now());
  },
  AddPermission: ({ cloud, json }) => {
    const fields = jsonFields(json, INVALID);
    const [Sid, principal, action, source] = [
      fields.word('StatementId'),
      fields.word('Principal'),
      fields.word('Action'),
      fields.optional('SourceArn'),
    ];
    if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$/.test(principal))
      throw fields.refuse('The provided principal was invalid. Please check the principal and try again.');
    const made = put(cloud, (state) => {
      const before = find(state, json);
      settled(cloud, before);
      if (before.permissions.some((one) => one.Sid === Sid))
        throw new Ec2Error(
          'ResourceConflictException',
          `The statement id (${Sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
          409,
        );
      const statement = {
        Sid,
        Effect: 'Allow',
        Principal: { Service: principal },
        Action: action,
        Resource: functionArn(state, before.name),
        ...(source === undefined ? {} : { Condition: { ArnLike: { 'AWS:SourceArn': source } } }),
      };
      return { ...before, permissions: [...before.permissions, statement] };
    });
    return { Statement: JSON.stringify(made.permissions.at(-1)) };
  },
  GetPolicy: ({ state, json }) => {
    const { permissions } = find(state, json);
    if (permissions.length === 0) throw missing('The resource you requested was');
    return {
      Policy: JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: permissions }),
      RevisionId: String(permissions.length),
    };
  },
  RemovePermission: ({ cloud, json }) => {
    const sid = jsonFields(json, INVALID).word('StatementId');
    put(cloud, (state) => {
      const before = find(state, json);
      if (!before.permissions.some((one) => one.Sid === sid)) throw missing(`Statement ${sid} is`);
      return { ...before, permissions: before.permissions.filter((one) => one.Sid !== sid) };
    });
    return {};
  },
};
