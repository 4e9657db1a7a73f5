import { describe, expect, it } from 'vitest';
import type { Input, Operation, Service } from '../../../src/lib/core/aws.ts';
import type { HybridError } from '../../../src/lib/core/errors.ts';
import { fixture, testCloud } from '../../helpers/cloud.ts';

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com.cn' }, Action: 'sts:AssumeRole' }],
});
const READ = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'ec2:Describe*', Resource: '*' }],
});

/** The API's code of a refusal, or `ok`. */
const cloudWith = async () => {
  const cloud = await testCloud(fixture('lab'));
  const aws = cloud.aws();
  const code = async <S extends Service, O extends Operation<S>>(
    service: S,
    operation: O,
    input: Input<S, O>,
  ): Promise<string> =>
    aws.ask(service, operation, input).then(
      () => 'ok',
      (error: unknown) => (error as HybridError).code ?? String(error),
    );
  return { cloud, aws, code };
};

describe('IAM and STS behind the endpoint', () => {
  it('keep a role, its policies and its profile, with the partition in every ARN', async () => {
    const { aws } = await cloudWith();
    await aws.ask('iam', 'CreateRole', {
      RoleName: 'gw',
      AssumeRolePolicyDocument: TRUST,
      Tags: [{ Key: 'hybridctl:site', Value: 'lab' }],
    });
    await aws.ask('iam', 'PutRolePolicy', { RoleName: 'gw', PolicyName: 'routes', PolicyDocument: READ });
    await aws.ask('iam', 'CreateInstanceProfile', { InstanceProfileName: 'gw' });
    await aws.ask('iam', 'AddRoleToInstanceProfile', { InstanceProfileName: 'gw', RoleName: 'gw' });
    const { Role } = await aws.ask('iam', 'GetRole', { RoleName: 'gw' });
    const { InstanceProfile } = await aws.ask('iam', 'GetInstanceProfile', { InstanceProfileName: 'gw' });
    const { PolicyDocument } = await aws.ask('iam', 'GetRolePolicy', { RoleName: 'gw', PolicyName: 'routes' });
    const { Account } = await aws.ask('sts', 'GetCallerIdentity', {});
    expect({
      arn: Role!.Arn,
      trust: decodeURIComponent(Role!.AssumeRolePolicyDocument!),
      tags: Role!.Tags,
      policy: decodeURIComponent(PolicyDocument!),
      profile: InstanceProfile!.Arn,
      roles: InstanceProfile!.Roles!.map(({ RoleName }) => RoleName),
      Account,
    }).toEqual({
      arn: 'arn:aws-cn:iam::123456789012:role/gw',
      trust: TRUST,
      tags: [{ Key: 'hybridctl:site', Value: 'lab' }],
      policy: READ,
      profile: 'arn:aws-cn:iam::123456789012:instance-profile/gw',
      roles: ['gw'],
      Account: '123456789012',
    });
    expect(await aws.all('iam', 'ListRolePolicies', { RoleName: 'gw' }, 'PolicyNames')).toEqual(['routes']);
  });

  it('refuse what IAM refuses', async () => {
    const { code } = await cloudWith();
    const role = { RoleName: 'gw', AssumeRolePolicyDocument: TRUST };
    const said = [
      await code('iam', 'GetRole', { RoleName: 'gw' }),
      await code('iam', 'CreateRole', { ...role, AssumeRolePolicyDocument: '{' }),
      await code('iam', 'CreateRole', { ...role, RoleName: 'no blanks' }),
      await code('iam', 'CreateRole', role),
      await code('iam', 'CreateRole', role),
      await code('iam', 'PutRolePolicy', { RoleName: 'gw', PolicyName: 'p', PolicyDocument: READ }),
      await code('iam', 'DeleteRole', { RoleName: 'gw' }),
      await code('iam', 'DeleteRolePolicy', { RoleName: 'gw', PolicyName: 'p' }),
      await code('iam', 'DeleteRolePolicy', { RoleName: 'gw', PolicyName: 'p' }),
      await code('iam', 'CreateInstanceProfile', { InstanceProfileName: 'gw' }),
      await code('iam', 'AddRoleToInstanceProfile', { InstanceProfileName: 'gw', RoleName: 'gw' }),
      await code('iam', 'AddRoleToInstanceProfile', { InstanceProfileName: 'gw', RoleName: 'gw' }),
      await code('iam', 'DeleteRole', { RoleName: 'gw' }),
      await code('iam', 'DeleteInstanceProfile', { InstanceProfileName: 'gw' }),
      await code('iam', 'RemoveRoleFromInstanceProfile', { InstanceProfileName: 'gw', RoleName: 'gw' }),
      await code('iam', 'DeleteInstanceProfile', { InstanceProfileName: 'gw' }),
      await code('iam', 'DeleteRole', { RoleName: 'gw' }),
    ];
    expect(said).toEqual([
      'NoSuchEntityException',
      'MalformedPolicyDocumentException',
      'ValidationError',
      'ok',
      'EntityAlreadyExistsException',
      'ok',
      'DeleteConflictException',
      'ok',
      'NoSuchEntityException',
      'ok',
      'ok',
      'LimitExceededException',
      'DeleteConflictException',
      'DeleteConflictException',
      'ok',
      'ok',
      'ok',
    ]);
  });
});

describe('Parameter Store behind the endpoint', () => {
  it('seals what is to be sealed, counts versions, and shows no secret in the state of the lab', async () => {
    const { cloud, aws, code } = await cloudWith();
    const parameter = { Name: '/hybridctl/lab/vpn1', Value: 'a.key.nobody.knows', Type: 'SecureString' } as const;
    await aws.ask('ssm', 'PutParameter', { ...parameter, Tags: [{ Key: 'hybridctl:site', Value: 'lab' }] });
    const said = [
      await code('ssm', 'PutParameter', parameter),
      await code('ssm', 'PutParameter', { ...parameter, Overwrite: true, Tags: [] }),
      await code('ssm', 'PutParameter', { ...parameter, Overwrite: true }),
      await code('ssm', 'PutParameter', { ...parameter, Name: '/aws/x' }),
      await code('ssm', 'GetParameter', { Name: '/none' }),
      await code('ssm', 'DescribeParameters', { ParameterFilters: [{ Key: 'nonsense', Values: [] }] }),
    ];
    expect(said).toEqual([
      'ParameterAlreadyExists',
      'ValidationException',
      'ok',
      'ValidationException',
      'ParameterNotFound',
      'InvalidFilterKey',
    ]);
    const { Parameter } = await aws.ask('ssm', 'GetParameter', { Name: parameter.Name, WithDecryption: true });
    const shut = await aws.ask('ssm', 'GetParameter', { Name: parameter.Name });
    expect([Parameter!.Value, Parameter!.Version, Parameter!.ARN]).toEqual([
      parameter.Value,
      2,
      'arn:aws-cn:ssm:cn-north-1:123456789012:parameter/hybridctl/lab/vpn1',
    ]);
    expect(shut.Parameter!.Value).not.toContain(parameter.Value);
    const found = await aws.all(
      'ssm',
      'DescribeParameters',
      { ParameterFilters: [{ Key: 'tag:hybridctl:site', Values: ['lab'] }] },
      'Parameters',
    );
    expect(found.map(({ Name }) => Name)).toEqual([parameter.Name]);
    expect(await (await fetch(`${cloud.url}/_lab/state`)).text()).not.toContain(parameter.Value);
  });
});
