import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { awsApi } from '../../src/lib/adapters/aws/api.ts';
import { files } from '../../src/lib/adapters/files.ts';
import { shell } from '../../src/lib/adapters/shell.ts';
import type { FaultsInput } from '../../src/lib/cloud/faults.ts';
import { secretOf } from '../../src/lib/cloud/services/iam/state.ts';
import { mountWorld, read } from '../helpers/mounts.ts';

/** Real s3fs and rclone on a real S3 server; keys by the lab's IAM. */
const LONG = 120_000;
const MADE = ['CreateUser', 'PutUserPolicy', 'CreateAccessKey'];
const changing = (calls: readonly string[]) => calls.filter((call) => !/^(Describe|Get|List)/.test(call));
const actions = (steps: readonly { key: string; action: string }[]) =>
  steps.filter(({ action }) => action !== 'keep').map(({ key, action }) => `${action} ${key}`);

describe('s3 mount', () => {
  it('makes all, the second time nothing, and leaves nothing but the bucket', { timeout: LONG }, async () => {
    // The key is unknown to S3 for a second after its making, as on AWS.
    const { run, at, state, cloud, sh, fstab, folder } = await mountWorld({ lagMs: 1_000 });
    const dir = at('mnt');
    const line = `mount new-bucket ${dir} --create --name web --boot fstab`;
    expect((await run(`${line} --dry-run --detailed-exitcode`)).exit).toBe(3);
    expect([changing(await cloud.calls()), readdirSync(at('')), (await sh(`ls ${at('store')}`)).stdout]).toEqual([
      [],
      ['fstab', 'store'],
      'office-logs\n',
    ]);
    expect(await run(line)).toMatchObject({ exit: 2, err: expect.stringContaining('--yes') });

    const made = await run(`${line} --yes --json`);
    expect([made.exit, changing(await cloud.calls())]).toEqual([0, MADE]);
    expect(actions(made.json().steps)).toEqual([
      'make directory',
      'make bucket',
      'make user/s3',
      'make user-policy/s3',
      'make access-key/s3',
      'make definition',
      'make mount',
      'make proof',
      'make boot',
    ]);
    const [id, secret] = read(join(state, 'web.key')).trim().split(':') as [string, string];
    expect([secret, statSync(join(state, 'web.key')).mode & 0o777]).toEqual([secretOf(id), 0o600]);

    // Its secret is in that file alone: in no argument or environment, no fstab, log or definition, and nothing that
    // was said.
    const elsewhere = await sh(
      `grep -l ${secret} ${state}/*.json ${state}/*.log ${fstab}; for p in $(ps -e -o pid=,comm= | awk '$2 == "s3fs" { print $1 }'); do tr '\\0' '\\n' </proc/$p/cmdline; tr '\\0' '\\n' </proc/$p/environ; done`,
    );
    expect(elsewhere.stdout).toContain(dir);
    expect(`${elsewhere.stdout}${made.out}${made.err}`).not.toMatch(new RegExp(`${secret}|never-shown|AWS_SECRET`));
    expect(await sh(`echo hello >${dir}/greeting && cat ${dir}/greeting && ls -A ${dir}`)).toMatchObject({
      stdout: 'hello\ngreeting\n',
    });
    expect((await sh(`findmnt --verify --tab-file ${fstab} 2>&1 | grep ${dir} -A3 | grep -c '\\[E\\]'`)).stdout).toBe(
      '0\n',
    );
    expect([
      read(fstab)
        .replaceAll(folder, '/x')
        .replace(/127\.0\.0\.1:\d+/, 'SERVER'),
      statSync(fstab).mode & 0o777,
    ]).toEqual([
      '# static\nUUID=1 / ext4 errors=remount-ro 0 1\nnew-bucket /x/mnt fuse.s3fs _netdev,nofail,x-systemd.requires=network-online.target,x-systemd.mount-timeout=60,endpoint=cn-north-1,url=http://SERVER,use_path_request_style,passwd_file=/x/state/web.key,connect_timeout=10,retries=3 0 0\n',
      0o640,
    ]);

    const again = await run(`${line} --yes`);
    expect([again.exit, again.out, changing(await cloud.calls())]).toEqual([
      0,
      expect.stringContaining('nothing to do'),
      MADE,
    ]);
    expect((await run(`status ${dir} --json`)).json().mounts).toEqual([
      { directory: dir, name: 'web', bucket: 'new-bucket', engine: 's3fs', state: 'ok', why: null, boot: 'fstab' },
    ]);

    // The same with another option is another mount: made anew, not while somebody is in it.
    const busy = await sh(`cd ${dir} && { sleep 600 </dev/null >/dev/null 2>&1 & echo $!; }`);
    const refused = await run(`${line} --umask 027 --yes`);
    expect([refused.exit, refused.err]).toEqual([1, expect.stringMatching(/busy, in use by \d+ \(sleep\)/)]);
    await sh(`kill ${busy.stdout.trim()}; while kill -0 ${busy.stdout.trim()}; do sleep 0.05; done`);
    const other = await run(`${line} --umask 027 --yes --json`);
    expect([other.exit, other.err]).toEqual([0, expect.anything()]);
    expect([other.exit, actions(other.json().steps)]).toEqual([0, expect.arrayContaining(['change mount'])]);
    expect((await sh(`stat -c %a ${dir}/greeting`)).stdout).toBe('750\n');

    const gone = await run(`umount ${dir} --forget --purge --yes --json`);
    expect([gone.exit, gone.json().steps.map(({ key }: { key: string }) => key)]).toEqual([
      0,
      ['mount', 'boot', 'definition', 'access-key/s3', 'user-policy/s3', 'user/s3'],
    ]);
    expect([
      (await sh(`mount | grep -c ${dir}`)).stdout,
      read(fstab),
      readdirSync(state),
      (await sh(`ls ${at('store/new-bucket')}`)).stdout,
    ]).toEqual(['0\n', '# static\nUUID=1 / ext4 errors=remount-ro 0 1\n', [], expect.stringContaining('greeting')]);
  });

  it.each<[fault: FaultsInput, says: string, exit: number]>([
    [{ CreateAccessKey: { break: 'error', code: 'AccessDenied', status: 403 } }, 'iam:CreateAccessKey', 4],
    [{ PutUserPolicy: { break: 'error', code: 'MalformedPolicyDocument', status: 400 } }, 'MalformedPolicyDocument', 1],
  ])('undoes what it made: %j', { timeout: LONG }, async (fault, says, exit) => {
    const { run, at, cloud, aws } = await mountWorld();
    await cloud.fault(fault);
    const { exit: code, err } = await run(`mount new-bucket ${at('mnt')} --create --name web --yes`);
    expect([code, err]).toEqual([exit, expect.stringContaining(says)]);
    await cloud.fault({});
    await expect(aws.ask('s3', 'GetBucketLocation', { Bucket: 'new-bucket' })).rejects.toMatchObject({
      code: 'NoSuchBucket',
    });
    await expect(cloud.aws().ask('iam', 'GetUser', { UserName: 'hybridctl-web-s3' })).rejects.toMatchObject({
      code: expect.stringMatching(/^NoSuchEntity/),
    });
    expect(readdirSync(at(''))).toEqual(['fstab', 'store']);
  });

  it('as a script: complete, and its key goes from the AWS CLI into the file alone', { timeout: LONG }, async () => {
    const { run, at, state, cloud, sh, s3, folder } = await mountWorld();
    const { exit, out } = await run(`mount new-bucket ${at('mnt')} --create --name web --boot fstab --emit sh`);
    const told = out
      .replaceAll(folder, '/x')
      .replaceAll(s3.url, 'http://SERVER')
      .replace(/(probe-web) [0-9a-f]{16} /, '$1 WORD ')
      .replace(/("hybridctl:machine","Value":)"[0-9a-f]{8}"/, '$1"MACHINE"');
    await expect(told).toMatchFileSnapshot('../golden/s3/mount.sh');
    writeFileSync(at('script'), out);
    expect([exit, (await sh('sh -n script')).stderr]).toEqual([0, '']);
    await cloud.aws().ask('iam', 'CreateUser', { UserName: 'hybridctl-web-s3' });
    const from = out.indexOf('aws iam create-access-key');
    const said = await sh(
      `set -eu; export AWS_DEFAULT_REGION=cn-north-1 USER_S3=hybridctl-web-s3; unset AWS_CA_BUNDLE; ${out.slice(from, out.indexOf('\n\n', from))}`,
    );
    expect(said).toMatchObject({ exitCode: 0, stdout: '' });
    const [id, secret] = read(join(state, 'web.key')).trim().split(':') as [string, string];
    expect([secret, statSync(join(state, 'web.key')).mode & 0o777]).toEqual([secretOf(id), 0o600]);
  });

  it('replaces a key whose secret is lost, and mounts with the new one', { timeout: LONG }, async () => {
    const { run, at, cloud, state, sh } = await mountWorld();
    const line = `mount office-logs ${at('mnt')} --name web --yes --json`;
    expect((await run(line)).exit).toBe(0);
    const first = read(join(state, 'web.key'));
    await sh(`rm ${state}/web.key; sleep 0.1`);
    const again = await run(line);
    expect([again.exit, again.out, again.err]).toEqual([0, expect.stringContaining('{'), expect.anything()]);
    expect(actions(again.json().steps)).toEqual(['change access-key/s3', 'change mount', 'make proof']);
    const keys =
      (await cloud.aws().ask('iam', 'ListAccessKeys', { UserName: 'hybridctl-web-s3' })).AccessKeyMetadata ?? [];
    expect([keys.length, read(join(state, 'web.key')) === first]).toEqual([1, false]);
  });

  it('by rclone, with a key of the user, read only', { timeout: LONG }, async () => {
    const { run, at, state, aws, sh } = await mountWorld();
    const key = at('own.key');
    writeFileSync(key, '[default]\naws_access_key_id = lab\naws_secret_access_key = never-shown\n', { mode: 0o600 });
    const line = `mount office-logs ${at('mnt')} --engine rclone --key-file ${key} --name web --yes --json`;
    const made = await run(line);
    expect([made.exit, made.err]).toEqual([0, expect.not.stringContaining('next:')]);
    expect(actions(made.json().steps)).toEqual(['make directory', 'make definition', 'make mount', 'make proof']);
    await sh(`echo by rclone >${at('mnt')}/note`);
    expect(
      await (await aws.ask('s3', 'GetObject', { Bucket: 'office-logs', Key: 'note' })).Body!.transformToString(),
    ).toBe('by rclone\n');
    expect((await run(line)).json().steps.every(({ action }: { action: string }) => action === 'keep')).toBe(true);

    const only = await run(`${line} --read-only`);
    expect([only.exit, only.err]).toEqual([0, expect.anything()]);
    expect([only.exit, actions(only.json().steps)]).toEqual([0, ['change definition', 'change mount', 'make proof']]);
    expect([await sh(`cat ${at('mnt')}/note; echo no >${at('mnt')}/other`), read(join(state, 'web.json'))]).toEqual([
      expect.objectContaining({ stdout: 'by rclone\n', stderr: expect.stringMatching(/read-only/i) }),
      expect.not.stringContaining('never-shown'),
    ]);
    expect((await run(`umount ${at('mnt')} --forget --yes`)).exit).toBe(0);
  });
});

describe('s3 mount refuses, with nothing made', () => {
  it('what can not be, in one line', { timeout: LONG }, async () => {
    const { run, at, cloud, sh, folder } = await mountWorld();
    await sh(
      'mkdir full empty tiny mine && touch full/x file && ln -s empty link && mount -t tmpfs -o size=1m none tiny && mount -t tmpfs none mine && printf "lab:never-shown\\n" >open.key && printf "hello\\n" >bad.key && chmod 600 bad.key',
    );
    const before = (await sh('ls -R | grep -v store')).stdout;
    for (const [line, wanted, says] of [
      [`no-such-bucket ${at('mnt')}`, 1, 'there is no bucket no-such-bucket'],
      [`office-logs ${at('full')}`, 2, 'is not empty'],
      [`office-logs ${at('file')}`, 2, 'is a regular empty file, not a directory'],
      [`office-logs ${at('link')}`, 2, 'is a symbolic link'],
      [`office-logs ${at('mine')}`, 2, 'is a mount point already'],
      [`office-logs ${at('mnt')} --cache ${at('tiny')}/cache`, 4, 'no space for the cache'],
      [`office-logs ${at('mnt')} --cache ${at('file')}`, 2, 'is not a folder'],
      [`office-logs ${at('mnt')} --key-file ${at('open.key')}`, 2, 'can be read by others'],
      [`office-logs ${at('mnt')} --key-file ${at('bad.key')}`, 2, 'is not of the form ID:SECRET'],
      [`office-logs ${at('mnt')} --key-file ${at('none.key')}`, 2, 'there is no file'],
      [`office-logs ${at('mnt')} --role none`, 1, 'there is no role none'],
      ['Office_Logs /mnt/x', 2, 'is not a bucket name'],
      ['office-logs "/mnt/a b"', 2, 'a path of letters'],
      ['office-logs /', 2, '/ can be no mount point'],
      ['office-logs /mnt/x --umask 999', 2, '--umask'],
      ['office-logs /mnt/x --uid root', 2, '--uid'],
      ['office-logs /mnt/x --encryption rot13', 2, '--encryption'],
      ['office-logs /mnt/x --role a --key-file b', 2, 'cannot be used together with --role'],
      ['office-logs /mnt/x --engine rclone --cache /var/cache/x', 2, 'does not have yet'],
      ['office-logs /mnt/x --engine rclone --boot fstab', 2, '--boot systemd'],
      ['office-logs /mnt/x --engine mountpoint-s3 --storage-class REDUCED_REDUNDANCY', 2, 'has no REDUCED_REDUNDANCY'],
      [
        `office-logs /mnt/x --encryption arn:aws-cn:kms:cn-north-1:123456789012:key/${'1'.repeat(8)}-1111-1111-1111-${'1'.repeat(12)}`,
        2,
        'over TLS alone',
      ],
      ['office-logs /mnt/x --name UPPER', 2, '--name'],
    ] as const) {
      const { exit, err } = await run(`mount ${line} --yes`);
      expect([line, exit, err]).toEqual([line, wanted, expect.stringContaining(says)]);
    }
    expect([(await sh('ls -R | grep -v store')).stdout, changing(await cloud.calls())]).toEqual([before, []]);
    expect(folder).not.toBe('');
  });

  it('a bucket of another region, and one that may not be looked at', async () => {
    const { at, cloud, folder } = await mountWorld();
    const mount = () =>
      cloud.run(`s3 mount far-away ${at('mnt')} --state ${at('state')} --region cn-north-1 --name web --yes`, {
        ports: { files, shell, cwd: folder, env: {} },
      });
    await awsApi({ region: 'cn-northwest-1' }).ask('s3', 'CreateBucket', {
      Bucket: 'far-away',
      CreateBucketConfiguration: { LocationConstraint: 'cn-northwest-1' },
    });
    expect(await mount()).toMatchObject({
      exit: 2,
      err: expect.stringMatching(
        /--region: the bucket far-away is in cn-northwest-1, not in cn-north-1\n {2}next: use --region cn-northwest-1/,
      ),
    });
    await cloud.fault({ GetBucketLocation: { break: 'error', code: 'AccessDenied', status: 403 } });
    expect(await mount()).toMatchObject({
      exit: 4,
      err: expect.stringContaining('not allowed to call s3:GetBucketLocation on the bucket far-away'),
    });
    expect([readdirSync(at('')), changing(await cloud.calls())]).toEqual([['fstab', 'store'], ['CreateBucket']]);
  });

  it('a key that S3 does not know, and names the trouble in the words of s3fs', { timeout: LONG }, async () => {
    const { run, at, sh } = await mountWorld();
    await sh('printf "nobody:nothing-at-all\\n" >nobody.key && chmod 600 nobody.key');
    const { exit, err } = await run(`mount office-logs ${at('mnt')} --key-file ${at('nobody.key')} --name web --yes`);
    expect([exit, err]).toEqual([
      1,
      expect.stringContaining(`can't mount office-logs at ${at('mnt')}: invalid credentials`),
    ]);
    expect([readdirSync(at('')), readdirSync(at('state'))]).toEqual([['fstab', 'nobody.key', 'state', 'store'], []]);
    expect((await sh(`mount | grep -c ${at('mnt')}`)).stdout).toBe('0\n');
  });

  it('without a program and a way to install it; with one, it is installed first', async () => {
    const { run, at } = await mountWorld();
    const bare = (managers: readonly string[]) => ({
      ...shell,
      which: async (file: string) =>
        file === 'mount-s3' || (['apt-get', 'dnf', 'yum'].includes(file) && !managers.includes(file))
          ? undefined
          : shell.which(file).then((path) => path ?? `/usr/bin/${file}`),
    });
    const line = `mount office-logs ${at('mnt')} --engine mountpoint-s3 --name web`;
    expect(await run(`${line} --yes`, { ports: { shell: bare([]) } })).toMatchObject({
      exit: 4,
      err: expect.stringContaining('no apt-get, dnf or yum'),
    });
    const script = await run(`${line} --emit sh`, { ports: { shell: bare(['dnf']) } });
    expect([script.exit, script.out]).toEqual([0, expect.stringContaining('dnf install -y -q mount-s3')]);
    expect(readdirSync(at(''))).toEqual(['fstab', 'store']);
  });
});
