import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseFaasCredentials } from '../../src/lib/domain/fpga/faascredentials.ts';
import { ACCOUNT, KEY_ID } from '../helpers/aliyun.ts';
import { BUCKET, faasWorld } from '../helpers/fpga-aliyun.ts';

const ROLE = 'AliyunFAASDefaultRole';
const fresh = () => faasWorld('2017-08-24', { auth: false });

describe('fpga auth and fpga policy', () => {
  it('makes folder, role and policy once, shows them, and takes the policy back', async () => {
    const { run, changing, server } = await fresh();
    server.account.oss.buckets.get(BUCKET)!.objects.clear();
    expect(await run('policy list')).toMatchObject({ exit: 1, out: 'no policy: hybridctl fpga auth\n' });
    const planned = await run(`auth --bucket ${BUCKET} --dry-run --detailed-exitcode`);
    expect([planned.exit, planned.out, changing()]).toEqual([3, expect.stringContaining('compiling_logs/'), []]);
    expect(await run(`auth --bucket ${BUCKET}`)).toMatchObject({ exit: 2, err: expect.stringContaining('--yes') });
    expect((await run(`auth --bucket ${BUCKET} --yes`)).exit).toBe(0);
    expect(changing()).toEqual(['oss:PutObject', 'ram:CreateRole', 'ram:CreatePolicy', 'ram:AttachPolicyToRole']);
    expect((await run(`auth --bucket ${BUCKET} --dry-run --detailed-exitcode`)).exit).toBe(0);

    const { policy, buckets, attached } = (await run(`policy list --bucket ${BUCKET} --json`)).json();
    expect([policy.name, policy.version, policy.holders, buckets, attached]).toEqual([
      'faasPolicy',
      'v1',
      [ROLE],
      [{ bucket: BUCKET, enough: true }],
      true,
    ]);
    expect((await run('policy list --bucket another-one')).exit).toBe(1);

    expect(await run('policy delete')).toMatchObject({ exit: 2, err: expect.stringContaining('--yes') });
    expect((await run('policy delete --yes')).exit).toBe(0);
    expect([server.account.ram.policies.size, [...server.account.ram.roles.keys()]]).toEqual([0, [ROLE]]);
    expect((await run('policy delete --yes')).exit).toBe(0);
  });

  it('adds a bucket and a key to what is there, and makes a bucket on request', async () => {
    const { run, server } = await faasWorld();
    expect(await run('auth --bucket second --yes')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('--make-bucket'),
    });
    expect(
      (await run('auth --bucket second --make-bucket --kms-key 1234abcd-12ab-34cd-56ef-1234567890ab --yes')).exit,
    ).toBe(0);
    expect((await run('policy list --json')).json().buckets).toEqual([
      { bucket: BUCKET, enough: true },
      { bucket: 'second', enough: true },
    ]);
    expect(server.account.ram.policies.get('faasPolicy')!.versions.map(({ id, isDefault }) => [id, isDefault])).toEqual(
      [
        ['v1', false],
        ['v2', true],
      ],
    );
    expect(server.account.ram.policies.get('faasPolicy')!.versions[1]!.document).toContain('kms:Decrypt');
  });

  it('is written down for a runbook, with no secret and no change', async () => {
    const { run, changing } = await fresh();
    const { exit, out } = await run(`auth --bucket ${BUCKET} --emit sh`);
    expect([exit, changing()]).toEqual([0, []]);
    expect(out).toContain('aliyun ram CreateRole');
    expect(out).toContain(ROLE);
  });

  it.each([
    ['ram:CreateRole', 'not allowed to call ram:CreateRole in cn-hangzhou (NoPermission)'],
    ['ram:AttachPolicyToRole', 'not allowed to call ram:AttachPolicyToRole'],
  ])('names the permission that is missing, and leaves nothing: %s', async (action, words) => {
    const { run, server } = await fresh();
    server.account.keys.get(KEY_ID)!.denied.add(action);
    expect(await run(`auth --bucket ${BUCKET} --yes`)).toMatchObject({ exit: 4, err: expect.stringContaining(words) });
    expect([server.account.ram.roles.size, server.account.ram.policies.size]).toEqual([0, 0]);
  });

  it('is for FaaS', async () => {
    const { run } = await fresh();
    expect(await run(`auth --bucket ${BUCKET} --cloud aws --region us-east-1`)).toMatchObject({
      exit: 2,
      err: expect.stringContaining('EC2 reads the bucket with your own permissions'),
    });
    expect(await run(`auth --bucket ${BUCKET} --role 'a b'`)).toMatchObject({
      exit: 2,
      err: expect.stringContaining('--role'),
    });
    expect(await run(`auth --bucket ${BUCKET} --kms-key '*'`)).toMatchObject({
      exit: 2,
      err: expect.stringContaining('--kms-key'),
    });
    expect((await run(`auth --bucket ${BUCKET} --dry-run`, { env: { HYBRIDCTL_CLOUD: '' } })).exit).toBe(0);
  });
});

describe('fpga config', () => {
  const FILE = '.faascredentials';
  const start = async () => {
    const { run, server, folder } = await fresh();
    writeFileSync(join(folder, 'secret'), 'the-new-secret\n', { mode: 0o600 });
    return { run, file: join(server.home, FILE) };
  };

  it('writes the file faascmd reads, 0600, and never shows the secret', async () => {
    const { run, file } = await start();
    const line = `config --id LTAI5tNew --secret-file secret --role acs:ram::${ACCOUNT}:role/faasrole --bucket ${BUCKET}`;
    expect((await run(`${line} --dry-run`)).out).toContain('would save');
    expect(() => statSync(file)).toThrow();
    const { exit, out, err } = await run(line);
    expect([exit, out, err]).toEqual([
      0,
      `saved the AccessKey LTAI5tNew to ${file}\nrole acs:ram::${ACCOUNT}:role/faasrole\nbucket ${BUCKET}\n`,
      '',
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(parseFaasCredentials(readFileSync(file, 'utf8'))).toEqual({
      accessKeyId: 'LTAI5tNew',
      accessKeySecret: 'the-new-secret',
      role: `acs:ram::${ACCOUNT}:role/faasrole`,
      bucket: BUCKET,
    });
    // Another key in its place: only after a yes, and role and bucket stay.
    expect(await run('config --id LTAI5tOther --secret-file secret')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('--yes'),
    });
    expect((await run('config --id LTAI5tOther --secret-file secret --yes --json')).json()).toEqual({
      version: 1,
      file,
      accessKeyId: 'LTAI5tOther',
      role: `acs:ram::${ACCOUNT}:role/faasrole`,
      bucket: BUCKET,
      written: true,
    });
  });

  it('asks at a terminal', async () => {
    const { run, file } = await start();
    const { exit, asked } = await run('config', {
      answers: { 'AccessKey id:': 'LTAI5tAsked', 'AccessKey secret:': 'the-asked-secret' },
    });
    expect([exit, asked]).toEqual([0, ['AccessKey id:', 'AccessKey secret:']]);
    expect(readFileSync(file, 'utf8')).toContain('accesskey = the-asked-secret');
  });

  it.each([
    ['config', 'missing --id'],
    ['config --id LTAI5tNew', 'missing --secret-file'],
    ['config --id LTAI5tNew --secret-file absent', '--secret-file: there is no file absent'],
    ["config --id 'a b' --secret-file secret", '--id: "a b" is not an AccessKey id'],
    ['config --id LTAI5tNew --secret-file filter.gbs', '--secret-file: has no secret'],
    ['config --id LTAI5tNew --secret-file secret --role faasrole', '--role: faasrole is not the ARN'],
    ['config --id=LTAI5tNew --key=the-new-secret', "unknown option '--key"],
  ])('%s', async (line, words) => {
    const { run, file } = await start();
    const { exit, err } = await run(line);
    expect([exit, err]).toEqual([2, expect.stringContaining(words)]);
    expect(err).not.toContain('the-new-secret');
    expect(() => statSync(file)).toThrow();
  });
});
