import { expect, it } from 'vitest';
import { fakeShell } from '../fakes/shell.ts';
import { run } from '../helpers/run.ts';

/** Of these commands only what the words alone tell; nothing is mounted. */
const shell = fakeShell({ uname: () => 'web-1\n', realpath: () => '/mnt\n' });

it.each([
  ['', { AWS_REGION: '' }, 'missing --region'],
  ['--region cn-nort-1', {}, '--region: cn-nort-1'],
  ['', { AWS_DEFAULT_REGION: 'Beijing' }, 'AWS_DEFAULT_REGION: '],
  ['--url https://s3.example.com/bucket', {}, '--url: '],
  ['', { AWS_ENDPOINT_URL: 'minio:9000' }, 'AWS_ENDPOINT_URL: '],
  ['--region cn-north-1 --role a --key-file b', {}, '--key-file: cannot be used together with --role'],
  ['--region cn-north-1 --encryption arn:aws:kms:cn-north-1:123456789012:key/x', {}, '--encryption: '],
])('s3 mount %s with %o is refused', async (flags, env, says) => {
  const line = `s3 mount office-logs /mnt/logs ${flags} --dry-run`.split(' ').filter((word) => word !== '');
  expect(await run(line, { env, ports: { shell } })).toMatchObject({ exit: 2, err: expect.stringContaining(says) });
});

it('storage that is not AWS has regions of its own', async () => {
  const line = 's3 mount office-logs /mnt/logs --url https://s3.example.com --region fr-par-1 --dry-run';
  expect((await run(line.split(' '), { ports: { shell } })).err).not.toContain('--region');
});

it('s3 umount --purge alone would leave a mount without its key', async () => {
  expect(await run('s3 umount /mnt/logs --purge'.split(' '))).toMatchObject({
    exit: 2,
    err: expect.stringContaining('--purge: works only with --forget'),
  });
});
